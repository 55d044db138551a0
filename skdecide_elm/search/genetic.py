"""A genetic algorithm: one population, selection by tournament."""

from __future__ import annotations

import random

from skdecide_elm.core import Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.snapshot import Snapshot

__all__ = ["GeneticAlgorithm"]


class GeneticAlgorithm:
    """A steady-state genetic algorithm (Whitley 1989): a child takes the place of the worst if it is better.

    There are no generations, so nobody waits for the slowest of one.

    Args:
        population_size: programs that are held.
        tournament_size: contestants whose best becomes a parent.
    """

    def __init__(self, population_size: int = 50, tournament_size: int = 3) -> None:
        if population_size < 2 or tournament_size < 1:
            raise ConfigError(
                "expected a population_size of at least 2 and a tournament_size of at least 1; "
                f"found {population_size} and {tournament_size}"
            )
        self.population: list[Program] = []
        self._population_size = population_size
        self._tournament_size = tournament_size

    @property
    def best(self) -> Program | None:
        """The best program of the population; of equal ones the oldest."""
        return max(self.population, key=_score, default=None)

    def parents(self, count: int, rng: random.Random) -> list[Program]:
        """Winners of tournaments without those who have won before."""
        candidates = list(self.population)
        chosen: list[Program] = []
        while candidates and len(chosen) < count:
            winner = max((rng.choice(candidates) for _ in range(self._tournament_size)), key=_score)
            candidates.remove(winner)
            chosen.append(winner)
        return chosen

    def examples(self, count: int, rng: random.Random) -> list[Program]:
        """The best of the population."""
        return sorted(self.population, key=_score, reverse=True)[:count]

    def rival(self, program: Program) -> Program | None:
        """The worst of a full population."""
        return self._worst if len(self.population) >= self._population_size else None

    def insert(self, program: Program) -> bool:
        """Take a valid program in, in the place of the worst if the population is full and the program better."""
        if not program.evaluation.is_valid:
            return False
        if len(self.population) >= self._population_size:
            if _score(program) <= _score(self._worst):
                return False
            self.population.remove(self._worst)
        self.population.append(program)
        return True

    def update(self, program: Program) -> None:
        """Take over a new evaluation; a program that is no longer valid leaves."""
        updated = [program if held.id == program.id else held for held in self.population]
        self.population = [held for held in updated if held.evaluation.is_valid]

    def end_initial_phase(self) -> None:
        """Nothing changes."""

    def snapshot(self) -> Snapshot:
        """All of its state."""
        book = Snapshot()
        book.state["population"] = [book.keep(program) for program in self.population]
        return book

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state."""
        self.population = [snapshot.programs[found] for found in snapshot.state["population"]]

    @property
    def _worst(self) -> Program:
        return min(self.population, key=_score)


def _score(program: Program) -> float:
    return program.evaluation.combined_score
