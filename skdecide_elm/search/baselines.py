"""Baselines that every search has to beat: (1+1), random search, best of N."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod

from skdecide_elm.core import Program
from skdecide_elm.search.snapshot import Snapshot
from skdecide_elm.search.strategy import is_better

__all__ = ["BestOfN", "OnePlusOne", "RandomSearch"]


class _Baseline(ABC):
    """Holds the best program, shows no examples, and never replaces one program by another except the best."""

    def __init__(self) -> None:
        self.best: Program | None = None

    @abstractmethod
    def parents(self, count: int, rng: random.Random) -> list[Program]:
        """Up to ``count`` parents."""

    def examples(self, count: int, rng: random.Random) -> list[Program]:
        """None."""
        return []

    def rival(self, program: Program) -> Program | None:
        """The best so far."""
        return self.best

    def insert(self, program: Program) -> bool:
        """Keep a program that is better than the best so far."""
        if not is_better(program, self.best):
            return False
        self.best = program
        return True

    def update(self, program: Program) -> None:
        """Take over a new evaluation of the best; if it is invalid now, there is none."""
        if self.best is not None and self.best.id == program.id:
            self.best = program if program.evaluation.is_valid else None

    def end_initial_phase(self) -> None:
        """Nothing changes."""
        return

    def snapshot(self) -> Snapshot:
        """All of its state."""
        book = Snapshot()
        book.state["best"] = None if self.best is None else book.keep(self.best)
        return book

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state."""
        found = snapshot.state["best"]
        self.best = None if found is None else snapshot.programs[found]


class OnePlusOne(_Baseline):
    """(1+1): the parent is the best so far; a child that is at least as good takes its place (Droste et al. 2002)."""

    def parents(self, count: int, rng: random.Random) -> list[Program]:
        """The best so far."""
        return [] if self.best is None else [self.best]

    def insert(self, program: Program) -> bool:
        """Keep a program that is at least as good as the best so far, which lets it drift over plateaus."""
        if not program.evaluation.is_valid or (self.best is not None and is_better(self.best, program)):
            return False
        self.best = program
        return True


class BestOfN(_Baseline):
    """N independent proposals from the initial programs, of which the best is kept."""

    def parents(self, count: int, rng: random.Random) -> list[Program]:
        """None: the initial programs are the parents."""
        return []


class RandomSearch(_Baseline):
    """Variation without selection: the parent is any valid program that was found, whatever its score."""

    def __init__(self) -> None:
        super().__init__()
        self._found: list[Program] = []

    def parents(self, count: int, rng: random.Random) -> list[Program]:
        """Different programs, drawn uniformly."""
        return rng.sample(self._found, min(count, len(self._found)))

    def insert(self, program: Program) -> bool:
        """Keep every valid program."""
        super().insert(program)
        if program.evaluation.is_valid:
            self._found.append(program)
        return program.evaluation.is_valid

    def snapshot(self) -> Snapshot:
        """All of its state."""
        book = super().snapshot()
        book.state["found"] = [book.keep(program) for program in self._found]
        return book

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state."""
        super().restore(snapshot)
        self._found = [snapshot.programs[found] for found in snapshot.state["found"]]
