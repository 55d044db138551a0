"""The elites of an archive, indexed for selection: random access and ranks at a cost that does not grow with them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from sortedcontainers import SortedKeyList

from skdecide_elm.core import Program

__all__ = ["Elite", "Elites"]


@dataclass
class Elite:
    """A program that an archive holds.

    Attributes:
        program: the program.
        measures: where in behaviour space it lies.
        slot: the place that it occupies; no two elites share one.
        cell: the cell of behaviour space that the slot belongs to.
        curiosity: +1 for each child that an archive accepted, −0.5 for each other one (Cully & Demiris 2017).
        history: who had the slot before, the latest first.
    """

    program: Program
    measures: tuple[float, ...]
    slot: int
    cell: int
    curiosity: float = 0.0
    history: tuple[Program, ...] = ()

    @property
    def score(self) -> float:
        """Combined score of the program."""
        return self.program.evaluation.combined_score


class Elites:
    """A collection of elites by slot, by program, by cell, by rank, and by a position without meaning."""

    def __init__(self) -> None:
        self._list: list[Elite] = []
        self._position: dict[int, int] = {}
        self._by_id: dict[str, Elite] = {}
        self._cells: dict[int, dict[int, Elite]] = {}
        self._ranked: SortedKeyList = SortedKeyList(key=_rank_key)

    def __len__(self) -> int:
        return len(self._list)

    def __iter__(self) -> Iterator[Elite]:
        """All elites, those whose slot was filled first coming first (as long as none is removed)."""
        return iter(self._list)

    @property
    def num_cells(self) -> int:
        """How many cells are occupied."""
        return len(self._cells)

    @property
    def best(self) -> Elite | None:
        """The elite with the highest score."""
        return self._ranked[0] if self._list else None

    def ranked(self, rank: int) -> Elite:
        """The elite of a rank: 0 is the best, −1 the worst."""
        found: Elite = self._ranked[rank]
        return found

    def with_score(self, score: float) -> range:
        """The ranks of the elites that have exactly this score."""
        return range(self._ranked.bisect_key_left((-score, -1)), self._ranked.bisect_key_right((-score, _LAST)))

    def at(self, slot: int) -> Elite | None:
        """Who occupies a slot."""
        position = self._position.get(slot)
        return None if position is None else self._list[position]

    def find(self, program_id: str) -> Elite | None:
        """The elite with that program."""
        return self._by_id.get(program_id)

    def in_cell(self, cell: int) -> list[Elite]:
        """Who occupies the slots of a cell, by slot."""
        return [elite for _, elite in sorted(self._cells.get(cell, {}).items())]

    def draw(self, rng: random.Random) -> Elite:
        """An elite from a cell that is drawn uniformly among the occupied ones."""
        while True:  # ends soon: a cell with n elites is accepted n times as rarely, and found n times as often
            elite = self._list[rng.randrange(len(self._list))]
            crowd = len(self._cells[elite.cell])
            if crowd == 1 or rng.random() * crowd < 1.0:
                return elite

    def put(self, elite: Elite) -> None:
        """Give an elite its slot, in the place of who had it."""
        position = self._position.get(elite.slot)
        if position is None:
            self._position[elite.slot] = len(self._list)
            self._list.append(elite)
        else:
            self._forget(self._list[position])
            self._list[position] = elite
        self._by_id[elite.program.id] = elite
        self._cells.setdefault(elite.cell, {})[elite.slot] = elite
        self._ranked.add(elite)

    def remove(self, elite: Elite) -> None:
        """Empty the slot of an elite."""
        self._forget(elite)
        del self._position[elite.slot]
        self._list = [other for other in self._list if other is not elite]
        self._position = {other.slot: position for position, other in enumerate(self._list)}

    def _forget(self, elite: Elite) -> None:
        self._ranked.remove(elite)
        del self._by_id[elite.program.id]
        cell = self._cells[elite.cell]
        del cell[elite.slot]
        if not cell:
            del self._cells[elite.cell]


_LAST = float("inf")


def _rank_key(elite: Elite) -> tuple[float, int]:
    return -elite.score, elite.slot
