"""What MAP-Elites asks of an environment and of what lives in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Environment", "Genotype"]


class Genotype(Protocol):
    """A solution; ``str`` of it is what a reader wants to see."""

    def to_phenotype(self) -> NDArray[np.float64] | None:
        """Where it lies in behaviour space; None for one that is not valid."""


G = TypeVar("G", bound=Genotype)


class Environment(Protocol[G]):
    """Makes solutions, varies them and says how good they are.

    Attributes:
        behavior_space: array of shape (2, dimensions): lower bounds, upper bounds.
        batch_size: how many parents `mutate` wants.
        max_fitness: no solution is better.
    """

    behavior_space: NDArray[np.float64]
    batch_size: int
    max_fitness: float

    def random(self) -> Sequence[G]:
        """New solutions."""

    def mutate(self, genomes: Sequence[G]) -> Sequence[G]:
        """Variants of solutions, which stay as they are."""

    def fitness(self, genome: G) -> float:
        """How good a solution is; −inf for one that is not valid."""
