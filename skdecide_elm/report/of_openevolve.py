"""What can be shown of a search by OpenEvolve."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from skdecide_elm.backends.openevolve.database import Database
from skdecide_elm.backends.openevolve.jobs import core_program
from skdecide_elm.backends.openevolve.statistics import RunStatistics
from skdecide_elm.report.arms import arms_of
from skdecide_elm.report.failures import counted, error_kinds
from skdecide_elm.report.model import ArchiveMap, Dimension, Failure, RunView, ShownProgram, Spot

__all__ = ["view_of_database"]

_KEPT = "what the islands still hold (database.population_size limits them)"
_DRIFT = "OpenEvolve stretches the axes as new values come in, so a cell that was filled early may lie a little off."


def view_of_database(database: Database, statistics: RunStatistics, bandit: Mapping[str, Any]) -> RunView:
    """What can be shown of a search by OpenEvolve, in progress or at its end.

    Args:
        bandit: its state, as checkpoints hold it; empty where no bandit chooses.
    """
    programs = _shown(database)
    best = database.get_best_program() if programs else None
    is_valid = best is not None and programs[best.id].is_valid
    return RunView(
        programs=programs,
        best=best.id if best is not None and is_valid else None,
        steps=int(database.last_iteration),
        evaluations=statistics.evaluations,
        invalid=statistics.invalid,
        improvements=tuple(statistics.improvements),
        coverage=database.coverage,
        maps=_maps(database, programs),
        failures=_failures(statistics, programs),
        kept=_KEPT,
        arms=arms_of(bandit),
    )


def _shown(database: Database) -> dict[str, ShownProgram]:
    shown: dict[str, ShownProgram] = {}
    of_step: Counter[int] = Counter()
    for found in sorted(database.programs.values(), key=lambda program: _step(program, database.programs)):
        step = _step(found, database.programs)
        of_step[step] += 1
        label = str(step) if of_step[step] == 1 else f"{step}.{of_step[step] - 1}"
        texts = {name: str(text) for name, text in database.get_artifacts(found.id).items()}
        shown[found.id] = ShownProgram(core_program(found, texts), step, label, _is_copy(found))
    return shown


def _is_copy(program: Any) -> bool:
    return bool(program.metadata.get("migrant"))


def _step(program: Any, programs: Mapping[str, Any]) -> int:
    """The iteration that a program comes from; a migrant does not know its own."""
    seen = set()
    while _is_copy(program) and program.parent_id in programs and program.id not in seen:
        seen.add(program.id)
        program = programs[program.parent_id]
    return int(program.iteration_found)


def _failures(statistics: RunStatistics, programs: Mapping[str, ShownProgram]) -> tuple[Failure, ...]:
    return (
        *counted("request", statistics.llm_failures),
        *counted("reply", statistics.rejected_replies),
        *error_kinds(programs.values(), statistics.invalid),
        *counted("proposal", {"known already": statistics.duplicates, "stopped early": statistics.stopped_early}),
    )


def _maps(database: Database, programs: Mapping[str, ShownProgram]) -> tuple[ArchiveMap, ...]:
    """All islands on top of each other, then each island."""
    own = [_places(feature_map, programs) for feature_map in database.island_feature_maps]
    everything: dict[tuple[int, int], list[str]] = defaultdict(list)
    for island in own:
        for place, found in island.items():
            everything[place] += found
    if not everything:
        return ()
    named = {"All islands": everything, **{f"Island {n}": island for n, island in enumerate(own, 1) if island}}
    if len(own) == 1:
        named = {"Feature map": everything}
    columns, rows = _dimension(database, 0), _dimension(database, 1)
    grid = len(columns.edges) - 1, len(rows.edges) - 1
    rest = ", ".join(database.config.feature_dimensions[2:])
    remark = f"{_DRIFT} Of the dimensions the first two are shown, without {rest}." if rest else _DRIFT
    return tuple(
        ArchiveMap(title, (columns, rows), grid, _spots(places, programs), remark) for title, places in named.items()
    )


def _places(feature_map: Mapping[str, str], programs: Mapping[str, ShownProgram]) -> dict[tuple[int, int], list[str]]:
    """The valid programs of an island's map by column and row; its keys are indices of cells joined by ``-``."""
    places: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key, program_id in feature_map.items():
        if program_id in programs and programs[program_id].is_valid:
            column, row = [*map(int, key.split("-")), 0][:2]
            places[column, row].append(program_id)
    return places


def _spots(places: Mapping[tuple[int, int], list[str]], programs: Mapping[str, ShownProgram]) -> tuple[Spot, ...]:
    def ranked(ids: list[str]) -> tuple[str, ...]:
        return tuple(sorted(ids, key=lambda program_id: -programs[program_id].score))

    return tuple(Spot(*place, programs=ranked(ids)) for place, ids in sorted(places.items()))


def _dimension(database: Database, number: int) -> Dimension:
    names = database.config.feature_dimensions
    if number >= len(names):
        return Dimension("", (0.0, 1.0))
    name = names[number]
    bins = int(database.feature_bins_per_dim.get(name) or database.feature_bins)
    seen = database.feature_stats.get(name, {})
    low, high = float(seen.get("min", 0.0)), float(seen.get("max", 1.0))
    return Dimension(name, tuple(low + (high - low) * edge / bins for edge in range(bins + 1)))
