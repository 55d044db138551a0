"""What distinguishes one search from another: who is a parent, and who stays."""

from __future__ import annotations

import random
from typing import Protocol

from skdecide_elm.core import Program
from skdecide_elm.search.snapshot import Snapshot

__all__ = ["Strategy", "is_better"]


class Strategy(Protocol):
    """The population of a search and its laws. The loop around it asks, evaluates and waits; a strategy never does."""

    @property
    def best(self) -> Program | None:
        """The best valid program that is held."""

    def parents(self, count: int, rng: random.Random) -> list[Program]:
        """Up to ``count`` different parents; none where only the initial programs can be."""

    def examples(self, count: int, rng: random.Random) -> list[Program]:
        """Up to ``count`` other programs worth showing, the best first."""

    def rival(self, program: Program) -> Program | None:
        """Whose place a program would take if it is better; None: it would replace nobody."""

    def insert(self, program: Program) -> bool:
        """Offer an evaluated program; whether it stays."""

    def update(self, program: Program) -> None:
        """Take note of another evaluation of a program that is held; one that is not held is ignored."""

    def end_initial_phase(self) -> None:
        """All proposals from the initial programs have been offered."""

    def snapshot(self) -> Snapshot:
        """All of its state."""

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state from `snapshot` of a strategy that was made with the same arguments."""


def is_better(program: Program, other: Program | None) -> bool:
    """Whether a program is valid and has a higher score than another one, if there is one."""
    evaluation = program.evaluation
    return evaluation.is_valid and (other is None or evaluation.combined_score > other.evaluation.combined_score)
