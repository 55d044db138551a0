"""MAP-Elites on any environment: a grid of niches, or niches around centroids."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.elm.maps import Map
from skdecide_elm.elm.protocols import Environment, Genotype

__all__ = ["CVTMAPElites", "MAPElites"]

G = TypeVar("G", bound=Genotype)
Niche = tuple[int, ...]


class _MAPElitesBase(ABC, Generic[G]):
    """What both kinds share: the maps, the loop, the statistics.

    Attributes:
        fitnesses, genomes: maps of what is in the niches.
        current_max_genome: the best solution that was found.
        history: by niche, every solution that was found, if it is saved.
    """

    def __init__(
        self,
        env: Environment[G],
        dims: tuple[int, ...],
        init_map: Map | None,
        history_length: int,
        save_history: bool,
        seed: int,
    ) -> None:
        self.env = env
        self.rng = np.random.default_rng(seed)
        self.save_history = save_history
        self.history: dict[Niche, list[G]] = defaultdict(list)
        self.current_max_genome: G | None = None
        self.fitnesses = init_map or Map(dims, -np.inf, float, history_length)
        if self.fitnesses.dims != dims:
            raise ValueError(f"expected an init_map of {dims} niches; found {self.fitnesses.dims}")
        self.genomes = Map(dims, None, object, self.fitnesses.history_length)
        self._max_fitness = -math.inf
        self._explored: list[Niche] = []

    @abstractmethod
    def to_mapindex(self, behavior: NDArray[np.float64] | None) -> Niche | None:
        """The niche of a point in behaviour space; None for none."""

    def search(self, init_steps: int, total_steps: int, atol: float = 0.0) -> str:
        """Run more steps; the first are random, the others vary solutions of random niches.

        Args:
            init_steps: random steps at the beginning; there are more as long as no niche is explored.
            total_steps: all steps, the random ones included.
            atol: stop when the best fitness is so close to the environment's ``max_fitness``.

        Returns:
            The best solution as a text; `current_max_genome` is the solution itself.
        """
        for step in range(total_steps):
            if step < init_steps or not self._explored:
                found = self.env.random()
            else:
                found = self.env.mutate([self.genomes[self.random_selection()] for _ in range(self.env.batch_size)])
            for genome in found:
                self._insert(genome)
            if self._max_fitness >= self.env.max_fitness - atol:
                break
        return str(self.current_max_genome)

    def random_selection(self) -> Niche:
        """An explored niche, each with the same probability.

        Raises:
            ValueError: none is explored.
        """
        if not self._explored:
            raise ValueError("expected an explored niche to select; found none; run search first")
        return self._explored[int(self.rng.integers(len(self._explored)))]

    def niches_filled(self) -> int:
        """How many niches are explored."""
        return self.fitnesses.niches_filled

    def qd_score(self) -> float:
        """Sum of the fitness in all explored niches."""
        return self.fitnesses.qd_score

    def max_fitness(self) -> float:
        """The highest fitness in the map."""
        return self.fitnesses.maximum

    def min_fitness(self) -> float:
        """The lowest fitness in the map."""
        return self.fitnesses.minimum

    def mean_fitness(self) -> float:
        """The mean fitness in the map."""
        return self.fitnesses.mean

    def _insert(self, genome: G) -> None:
        fitness = float(self.env.fitness(genome))
        niche = self.to_mapindex(genome.to_phenotype())
        if niche is None or not math.isfinite(fitness):
            return
        if self.save_history:
            self.history[niche].append(genome)
        if fitness > self.fitnesses[niche]:
            if self.genomes[niche] is None:
                self._explored.append(niche)
            self.fitnesses[niche] = fitness
            self.genomes[niche] = genome
        if fitness > self._max_fitness:
            self._max_fitness = fitness
            self.current_max_genome = genome


class MAPElites(_MAPElitesBase[G]):
    """MAP-Elites on a grid (Mouret & Clune 2015).

    Args:
        env: makes, varies and judges solutions.
        n_bins: niches in each dimension of behaviour space, or one number for all.
        init_map: a map of fitnesses to begin with.
        history_length: solutions kept per niche.
        save_history: keep every solution.
        seed: of the selection.
    """

    def __init__(
        self,
        env: Environment[G],
        n_bins: int | Sequence[int],
        init_map: Map | None = None,
        history_length: int = 1,
        save_history: bool = False,
        seed: int = 0,
    ) -> None:
        dimensions = np.asarray(env.behavior_space).shape[1]
        bins = (n_bins,) * dimensions if isinstance(n_bins, int) else tuple(n_bins)
        if len(bins) != dimensions:
            raise ValueError(f"expected n_bins for {dimensions} dimensions; found {bins}")
        super().__init__(env, bins, init_map, history_length, save_history, seed)

    def to_mapindex(self, behavior: NDArray[np.float64] | None) -> Niche | None:
        """The niche of a point; one beyond the bounds belongs to the outermost niches."""
        if behavior is None:
            return None
        low, high = np.asarray(self.env.behavior_space, dtype=float)
        dims = np.array(self.fitnesses.dims)
        niche = np.floor((np.asarray(behavior) - low) / (high - low) * dims).astype(int)
        return tuple(np.clip(niche, 0, dims - 1).tolist())


class CVTMAPElites(_MAPElitesBase[G]):
    """MAP-Elites around centroids that are spread evenly (Vassiliades et al. 2018), which pyribs finds.

    Args:
        env: makes, varies and judges solutions.
        n_niches: how many.
        init_map: a map of fitnesses to begin with.
        history_length: solutions kept per niche.
        save_history: keep every solution.
        cvt_samples: points that are clustered to find the centroids.
        seed: of the centroids and of the selection.
    """

    def __init__(
        self,
        env: Environment[G],
        n_niches: int,
        init_map: Map | None = None,
        history_length: int = 1,
        save_history: bool = False,
        cvt_samples: int = 10_000,
        seed: int = 0,
    ) -> None:
        from ribs.archives import k_means_centroids  # takes seconds to import

        ranges = np.asarray(env.behavior_space, dtype=float).T
        self.centroids: NDArray[np.float64]
        self.centroids, _ = k_means_centroids(
            centroids=n_niches, ranges=ranges, samples=cvt_samples, dtype=np.float64, seed=seed
        )
        super().__init__(env, (n_niches,), init_map, history_length, save_history, seed)

    def to_mapindex(self, behavior: NDArray[np.float64] | None) -> Niche | None:
        """The niche of the nearest centroid."""
        if behavior is None:
            return None
        return (int(np.argmin(np.linalg.norm(self.centroids - np.asarray(behavior), axis=1))),)
