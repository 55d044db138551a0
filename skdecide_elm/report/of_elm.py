"""What can be shown of a search by ELM."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from skdecide_elm.core import Program
from skdecide_elm.report.arms import arms_of
from skdecide_elm.report.failures import counted, error_kinds
from skdecide_elm.report.model import ArchiveMap, Dimension, Failure, RunView, ShownProgram, Spot
from skdecide_elm.search.archive_base import Archive
from skdecide_elm.search.elites import Elite
from skdecide_elm.search.loop import Search
from skdecide_elm.search.map_elites import MapElites
from skdecide_elm.search.replication import num_replicates
from skdecide_elm.search.space import Scale, Space

__all__ = ["view_of_search"]

_ALL_KEPT = "every program of the run"
_ELITES_KEPT = (
    "the elites, what they replaced as far as the archive remembers, and the last failures "
    "(elm.save_history: true keeps every program)"
)


def view_of_search(search: Search, bandit: Mapping[str, Any]) -> RunView:
    """What can be shown of a search by ELM, in progress or at its end.

    Args:
        bandit: its state, as checkpoints hold it; empty where no bandit chooses.
    """
    programs = {program.id: _shown(program) for program in _known(search)}
    strategy, statistics = search.strategy, search.statistics
    archive = strategy.archive if isinstance(strategy, MapElites) else None
    space = strategy.space if isinstance(strategy, MapElites) else None
    is_mapped = archive is not None and space is not None and len(archive.elites) > 0
    return RunView(
        programs=programs,
        best=None if search.best is None else search.best.id,
        steps=statistics.steps,
        evaluations=statistics.evaluations,
        invalid=statistics.invalid,
        improvements=tuple(statistics.improvements),
        coverage=None if archive is None else archive.coverage,
        maps=(_map(archive, space),) if is_mapped and archive is not None and space is not None else (),
        failures=_failures(search, programs),
        inserted=dict(statistics.operators),
        kept=_ALL_KEPT if search.settings.save_history else _ELITES_KEPT,
        arms=arms_of(bandit),
    )


def _known(search: Search) -> Iterable[Program]:
    """All programs of the search's state by step; of one that is known with fewer replicates too, these come first."""
    programs = search.snapshot().programs.values()
    return sorted(programs, key=lambda program: (_step(program.id), num_replicates(program.evaluation)))


def _shown(program: Program) -> ShownProgram:
    return ShownProgram(program, _step(program.id)[0], program.id)


def _step(program_id: str) -> tuple[int, int]:
    """The step that a program comes from, and its number there."""
    step, _, number = program_id.partition(".")
    return int(step), int(number or 0)


def _failures(search: Search, programs: Mapping[str, ShownProgram]) -> tuple[Failure, ...]:
    statistics = search.statistics
    return (
        *counted("request", statistics.failures),
        *counted("reply", statistics.rejected_replies),
        *error_kinds(programs.values(), statistics.invalid),
        *counted("proposal", {"known already": statistics.repeats}),
    )


def _map(archive: Archive, space: Space) -> ArchiveMap:
    ribs: Any = archive.ribs
    dims = [int(dim) for dim in getattr(ribs, "dims", ())]
    bounds = archive.bounds if not dims else tuple((float(b[0]), float(b[-1])) for b in ribs.boundaries)
    edges = [tuple(map(float, found)) for found in ribs.boundaries] if dims else [*bounds]
    names = [feature.name for feature in space.features]
    dimensions = [
        Dimension(name, _values(own, scale)) for name, own, scale in zip(names, edges, space.scales, strict=True)
    ]
    return ArchiveMap(
        title="Archive",
        dimensions=(dimensions[0], dimensions[1]),
        grid=(dims[0], dims[1]) if dims else None,
        spots=_cells(archive.elites, dims) if dims else _places(archive.elites, bounds),
        remark=_remark(names, bool(dims), space),
    )


def _values(edges: tuple[float, ...], scale: Scale | None) -> tuple[float, ...]:
    """The values of the feature at some places of behaviour space."""
    if scale is None:
        return edges
    places = [scale(knot) for knot in scale.knots]
    return tuple(np.interp(edges, places, scale.knots).tolist())


def _cells(elites: Iterable[Elite], dims: list[int]) -> tuple[Spot, ...]:
    """The occupied cells of a grid, as they look along its first two dimensions."""
    found: dict[tuple[int, int], list[Elite]] = defaultdict(list)
    for elite in elites:
        column, row = (int(index) for index in np.unravel_index(elite.cell, dims)[:2])
        found[column, row].append(elite)
    return tuple(Spot(*place, programs=_ids(own)) for place, own in sorted(found.items()))


def _places(elites: Iterable[Elite], bounds: tuple[tuple[float, float], ...]) -> tuple[Spot, ...]:
    (left, right), (bottom, top) = bounds[:2]
    return tuple(
        Spot(
            float(np.clip((elite.measures[0] - left) / (right - left), 0.0, 1.0)),
            float(np.clip((elite.measures[1] - bottom) / (top - bottom), 0.0, 1.0)),
            (elite.program.id,),
        )
        for elite in elites
    )


def _ids(elites: Iterable[Elite]) -> tuple[str, ...]:
    return tuple(elite.program.id for elite in sorted(elites, key=lambda elite: (-elite.score, elite.slot)))


def _remark(names: list[str], has_cells: bool, space: Space) -> str:
    found = []
    if len(names) > 2:
        rest = ", ".join(names[2:])
        found.append(f"Of {len(names)} dimensions the first two are shown; {rest} cannot be seen here.")
    if any(scale is not None for scale in space.scales[:2]):
        found.append("A learned axis is not linear: it gives each part of what was seen first as much room.")
    if not has_cells:
        found.append("The archive has no rows and columns; each dot is an elite.")
    return " ".join(found)
