"""A grid of programs whose boundaries slide, by pyribs."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ribs.archives import SlidingBoundariesArchive
from ribs.archives._sliding_boundaries_archive import SolutionBuffer

from skdecide_elm.core import Program
from skdecide_elm.search.archive_base import FIELDS, Measures, ProgramArchive, checked_dims, row_of
from skdecide_elm.search.elites import Elite, Elites
from skdecide_elm.search.measures import Bounds
from skdecide_elm.search.snapshot import Snapshot

__all__ = ["SlidingProgramArchive"]


class SlidingProgramArchive(ProgramArchive):
    """A grid whose boundaries follow the distribution of what was found (Fontaine 2019).

    By `ribs.archives.SlidingBoundariesArchive`. When the boundaries move, elites may fall into one cell, where the best
    stays, and programs that were recently found may become elites again.

    Args:
        bounds: of behaviour space, until the boundaries move.
        dims: cells in each dimension; None: 10 in each.
        remap_frequency: programs between two moves of the boundaries.
        buffer_capacity: recent programs that the boundaries follow.
        history_length: how many occupants of a cell are kept, the present one included; a move forgets all but these.
    """

    def __init__(
        self,
        bounds: Bounds,
        dims: Sequence[int] | None = None,
        remap_frequency: int = 100,
        buffer_capacity: int = 1000,
        history_length: int = 1,
    ) -> None:
        ribs = _Sliding(
            dims=checked_dims(dims, bounds),
            ranges=bounds,
            remap_frequency=remap_frequency,
            buffer_capacity=buffer_capacity,
            **FIELDS,
        )
        super().__init__(ribs, bounds, history_length)
        self._recent: deque[tuple[Program, Measures]] = deque(maxlen=buffer_capacity)

    def add(self, program: Program, measures: Measures) -> bool:
        """Offer a valid program; whether it has become an elite."""
        self._recent.append((program, measures))
        added = super().add(program, measures)
        if self.ribs.has_just_remapped:
            self._follow()
        return added

    def update(self, elite: Elite, program: Program, measures: Measures | None) -> None:
        """Put another evaluation of an elite's program in the place of the one that is held."""
        kept = [(p, m) if p.id != program.id else (program, measures) for p, m in self._recent]
        self._recent = deque(((p, m) for p, m in kept if m is not None), self._recent.maxlen)
        elites = [other for other in self.elites if other is not elite]
        if measures is not None:
            cell = int(self.ribs.index_of_single(measures))
            rival = next((other for other in elites if other.cell == cell), None)
            updated = Elite(program, measures, cell, cell, elite.curiosity, elite.history)
            if rival is None or rival.score < updated.score:
                elites = [*(other for other in elites if other is not rival), updated]
        self._refill(elites)

    def snapshot(self) -> Snapshot:
        """All of its state, with the boundaries and what they follow."""
        book = super().snapshot()
        book.state["recent"] = [book.keep(program) for program, _ in self._recent]
        book.arrays["recent_measures"] = np.array([measures for _, measures in self._recent], dtype=np.float64)
        book.state["num_seen"], book.arrays["boundaries"] = self.ribs.position
        return book

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state."""
        recent = zip(snapshot.state["recent"], snapshot.arrays["recent_measures"].tolist(), strict=True)
        self._recent.clear()
        self._recent.extend((snapshot.programs[found], tuple(measures)) for found, measures in recent)
        self.ribs.position = int(snapshot.state["num_seen"]), snapshot.arrays["boundaries"]
        super().restore(snapshot)

    def _follow(self) -> None:
        """Take over who is an elite now that the boundaries have moved."""
        known = {program.id: Elite(program, measures, 0, 0) for program, measures in self._recent}
        known.update({elite.program.id: elite for elite in self.elites})
        data = self.ribs.data(["id", "index"])
        self.elites = Elites()
        for program_id, cell in zip(data["id"], data["index"].tolist(), strict=True):
            elite = known[program_id]
            elite.slot = elite.cell = cell
            self.elites.put(elite)

    def _refill(self, elites: Sequence[Elite]) -> None:
        rows = {elite.slot: row_of(elite.program, elite.measures) for elite in elites}
        self.ribs.refill(rows, [row_of(*recent) for recent in self._recent])
        self.elites = Elites()
        for elite in elites:
            self.elites.put(elite)


class _Sliding(SlidingBoundariesArchive):  # type: ignore[misc]
    """Lets its boundaries, and the programs that they follow, be saved and restored, which pyribs has no way for."""

    @property
    def has_just_remapped(self) -> bool:
        return bool(self._total_num_sol % self._remap_frequency == 0)

    @property
    def position(self) -> tuple[int, NDArray[np.float64]]:
        """How many solutions it has seen, and the boundaries, padded with NaN."""
        return int(self._total_num_sol), self._boundaries.copy()

    @position.setter
    def position(self, position: tuple[int, NDArray[np.float64]]) -> None:
        self._total_num_sol, self._boundaries = position[0], position[1].copy()
        if position[0] >= self._remap_frequency:
            self._lower_bounds = np.array([bounds[0] for bounds in self.boundaries])
            self._upper_bounds = np.array([bounds[-1] for bounds in self.boundaries])
            self._interval_size = self._upper_bounds - self._lower_bounds

    def refill(self, elites: Mapping[int, dict[str, Any]], recent: Sequence[dict[str, Any]]) -> None:
        """Hold exactly these elites by cell, in this order, and this buffer, within the boundaries of now."""
        self.clear()
        self._buffer: Any = SolutionBuffer(self.buffer_capacity, self.measure_dim)
        for row in recent:
            self._buffer.add(_typed(row))
        for cell, row in elites.items():
            self._store.add([cell], {name: value[None] for name, value in _typed(row).items()})
        if elites:
            best = max(elites, key=lambda cell: float(elites[cell]["objective"]))
            self._stats_update(sum(row["objective"] for row in elites.values()), best)


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """As pyribs passes a solution on after its checks."""
    numbers = {name: np.asarray(row[name], dtype=np.float64) for name in ("objective", "measures")}
    return {**{name: np.asarray(value, dtype=object) for name, value in row.items()}, **numbers}
