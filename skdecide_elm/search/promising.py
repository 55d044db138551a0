"""The best programs that a search has met, whatever its archive keeps: those whose constants are worth tuning."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from functools import partial
from typing import Any

from skdecide_elm.core import Program
from skdecide_elm.search.snapshot import Snapshot
from skdecide_elm.search.trials import TO_CHOOSE_FROM, TUNING, Base, Candidate

__all__ = ["Promising"]

_SIZE = 30


class Promising:
    """So few programs that looking through them costs the same at any size of the archive."""

    def __init__(self) -> None:
        self._best: list[Program] = []
        self._seen = 0

    def add(self, program: Program) -> None:
        """Take note of an evaluated program."""
        if not program.evaluation.is_valid:
            return
        self._seen += 1
        if program.operator != TUNING:
            insort(self._best, program, key=lambda known: -known.evaluation.combined_score)
            del self._best[_SIZE:]

    def candidates(self) -> list[Candidate]:
        """Those that are better than most, the best first; none as long as few are known."""
        if self._seen < TO_CHOOSE_FROM:
            return []
        return [
            Candidate(program.evaluation.combined_score, program.code, partial(Base, program))
            for program in self._best[: self._seen // 2]
        ]

    def snapshot(self, book: Snapshot) -> dict[str, Any]:
        """As JSON can hold it; the programs go into the book."""
        return {"best": [book.keep(program) for program in self._best], "seen": self._seen}

    def restore(self, record: Mapping[str, Any], programs: Mapping[str, Program]) -> None:
        """The inverse of `snapshot`."""
        self._best = [programs[found] for found in record["best"]]
        self._seen = int(record["seen"])
