"""What an archive of programs is, and what all of ours share.

pyribs keeps who is an elite, and can be asked, drawn and plotted as ever; its solutions are the texts of programs. An
index beside it knows the programs, their lineage and history, and makes selection cheap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from skdecide_elm.core import Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.elites import Elite, Elites
from skdecide_elm.search.measures import Bounds
from skdecide_elm.search.snapshot import Snapshot

if TYPE_CHECKING:
    from ribs.archives import ArchiveBase

__all__ = ["FIELDS", "Archive", "ArchiveFactory", "Measures", "ProgramArchive", "checked_dims", "columns_of", "row_of"]

Measures = tuple[float, ...]


class Archive(Protocol):
    """What a search needs of a container of elites."""

    @property
    def bounds(self) -> Bounds:
        """Of behaviour space, as it was made."""

    @property
    def elites(self) -> Elites:
        """Who is in it."""

    @property
    def ribs(self) -> ArchiveBase:
        """The archive of pyribs, to read from."""

    @property
    def coverage(self) -> float:
        """The part of the cells that is occupied."""

    def add(self, program: Program, measures: Measures) -> bool:
        """Offer a valid program; whether it has become an elite."""

    def rival(self, measures: Measures) -> Elite | None:
        """The elite that a program with these measures would have to beat; None: it would meet none."""

    def update(self, elite: Elite, program: Program, measures: Measures | None) -> None:
        """Put another evaluation of an elite's program in the place of the one that is held; None: it is no elite."""

    def qd_score(self, offset: float = 0.0) -> float:
        """Sum, over the occupied cells, of the best score minus ``offset``."""

    def snapshot(self) -> Snapshot:
        """All of its state."""

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state from `snapshot` of an archive that was made with the same arguments."""


class ArchiveFactory(Protocol):
    """Makes an empty archive once the bounds of behaviour space are known."""

    def __call__(self, bounds: Bounds) -> Archive:
        """An archive of behaviour space within these bounds."""


class ProgramArchive:
    """A pyribs archive with one elite per index, and the index of elites beside it."""

    def __init__(self, ribs: Any, bounds: Bounds, history_length: int) -> None:
        if history_length < 1:
            raise ConfigError(f"expected a history_length of at least 1; found {history_length}")
        self.ribs = ribs
        self.bounds = bounds
        self.elites = Elites()
        self._history_length = history_length

    @property
    def coverage(self) -> float:
        """The part of the cells that is occupied."""
        return self.elites.num_cells / max(1, int(self.ribs.cells))

    def add(self, program: Program, measures: Measures) -> bool:
        """Offer a valid program; whether it has become an elite."""
        slot = self._offer(program, measures)
        if slot is None:
            return False
        self._put(Elite(program, measures, slot, self._cell_of(slot)))
        return True

    def rival(self, measures: Measures) -> Elite | None:
        """The elite that a program with these measures would have to beat; None: it would meet none."""
        return self.elites.at(int(self.ribs.index_of_single(measures)))

    def update(self, elite: Elite, program: Program, measures: Measures | None) -> None:
        """Put another evaluation of an elite's program in the place of the one that is held; None: it is no elite."""
        self.elites.remove(elite)
        self._refill([*self.elites])
        slot = None if measures is None else self._offer(program, measures)
        if measures is not None and slot is not None:
            self.elites.put(Elite(program, measures, slot, self._cell_of(slot), elite.curiosity, elite.history))

    def qd_score(self, offset: float = 0.0) -> float:
        """Sum, over the occupied cells, of the best score minus ``offset``."""
        best: dict[int, float] = {}
        for elite in self.elites:
            best[elite.cell] = max(elite.score, best.get(elite.cell, elite.score))
        return math.fsum(score - offset for score in best.values())

    def snapshot(self) -> Snapshot:
        """All of its state."""
        book = Snapshot()
        book.state["elites"] = [
            {
                "program": book.keep(elite.program),
                "slot": elite.slot,
                "cell": elite.cell,
                "curiosity": elite.curiosity,
                "history": [book.keep(program) for program in elite.history],
            }
            for elite in self.elites
        ]
        book.arrays["measures"] = np.array([elite.measures for elite in self.elites], dtype=np.float64)
        return book

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state from `snapshot` of an archive that was made with the same arguments."""
        rows = zip(snapshot.state["elites"], snapshot.arrays["measures"].tolist(), strict=True)
        programs = snapshot.programs
        self._refill(
            [
                Elite(
                    program=programs[row["program"]],
                    measures=tuple(measures),
                    slot=int(row["slot"]),
                    cell=int(row["cell"]),
                    curiosity=float(row["curiosity"]),
                    history=tuple(programs[found] for found in row["history"]),
                )
                for row, measures in rows
            ]
        )

    def _offer(self, program: Program, measures: Measures) -> int | None:
        """Offer a program to pyribs; the slot that it got."""
        info = self.ribs.add_single(**row_of(program, measures))
        return int(self.ribs.index_of_single(measures)) if info["status"] else None

    def _cell_of(self, slot: int) -> int:
        return slot

    def _put(self, elite: Elite) -> None:
        replaced = self.elites.at(elite.slot)
        if replaced is not None and self._history_length > 1:
            elite.history = (replaced.program, *replaced.history)[: self._history_length - 1]
        self.elites.put(elite)

    def _refill(self, elites: Sequence[Elite]) -> None:
        """Hold exactly these elites, in this order."""
        self.ribs.clear()
        if elites:
            self.ribs.add(**columns_of([row_of(elite.program, elite.measures) for elite in elites]))
        self.elites = Elites()
        for elite in elites:
            self.elites.put(elite)


def row_of(program: Program, measures: Measures) -> dict[str, Any]:
    """A program as pyribs stores it."""
    return {
        "solution": program.code,
        "objective": program.evaluation.combined_score,
        "measures": measures,
        "id": program.id,
        "parents": " ".join(program.parents),
        "operator": program.operator,
    }


def columns_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Rows as a batch for pyribs."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def checked_dims(dims: Sequence[int] | None, bounds: Bounds) -> list[int]:
    """Cells per dimension; 10 where nothing is asked for.

    Raises:
        ConfigError: they do not fit the bounds.
    """
    found = [10] * len(bounds) if dims is None else list(dims)
    if len(found) != len(bounds) or any(dim < 1 for dim in found):
        raise ConfigError(
            f"expected dims with a number of cells of at least 1 for each of the {len(bounds)} features of the "
            f"behaviour descriptor; found {found}"
        )
    return found


_TEXT: tuple[tuple[()], type] = ((), object)
FIELDS: dict[str, Any] = {
    "solution_dim": (),
    "solution_dtype": object,
    "extra_fields": {"id": _TEXT, "parents": _TEXT, "operator": _TEXT},
}
"""What pyribs stores of a program: its text, and the ids of its lineage."""
