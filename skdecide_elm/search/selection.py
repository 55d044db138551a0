"""Selection of parents, by means that work whatever the sign and scale of the scores."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from skdecide_elm.search.elites import Elite, Elites

__all__ = [
    "SELECTIONS",
    "Selection",
    "Tournament",
    "rank_weights",
    "select_best",
    "select_by_rank",
    "select_uniform",
    "select_worst",
]

_NEIGHBOURS = 5
_NOVELTY_SAMPLE = 64
_DRAWS_PER_PARENT = 8


def rank_weights(scores: Sequence[float], pressure: float = 4.0) -> list[float]:
    """Exponential ranking (Blickle & Thiele 1996): the weight falls by ``e**-pressure`` from the best to the worst.

    Equal scores have equal weights. Invalid programs (−inf or NaN) have none, unless all are invalid: then all have
    the same.

    Returns:
        One weight per score, summing to 1 (empty for no scores).
    """
    valid = sorted({score for score in scores if math.isfinite(score)}, reverse=True)
    if not valid:
        return [1.0 / len(scores)] * len(scores) if scores else []
    step = pressure / max(1, len(valid) - 1)
    by_score = {score: math.exp(-step * rank) for rank, score in enumerate(valid)}
    weights = [by_score.get(score, 0.0) for score in scores]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


class Selection(Protocol):
    """How parents are chosen among elites; its cost must not grow with their number."""

    def __call__(self, elites: Elites, count: int, rng: random.Random) -> list[Elite]:
        """Up to ``count`` different parents, at least one; ``elites`` is not empty."""


def select_uniform(elites: Elites, count: int, rng: random.Random) -> list[Elite]:
    """Each occupied cell with the same probability (MAP-Elites; Mouret & Clune 2015)."""
    return _different(lambda: elites.draw(rng), elites, count)


def select_best(elites: Elites, count: int, rng: random.Random) -> list[Elite]:
    """The best elites."""
    return [elites.ranked(rank) for rank in range(min(count, len(elites)))]


def select_worst(elites: Elites, count: int, rng: random.Random) -> list[Elite]:
    """The worst elites, where there is most to gain."""
    return [elites.ranked(-1 - rank) for rank in range(min(count, len(elites)))]


def select_by_rank(elites: Elites, count: int, rng: random.Random, pressure: float = 4.0) -> list[Elite]:
    """Exponential ranking (Blickle & Thiele 1996): probability falls by ``e**-pressure`` from the best to the worst.

    Elites with equal scores have equal chances.
    """

    def draw() -> Elite:
        quantile = -math.log1p(-rng.random() * -math.expm1(-pressure)) / pressure  # of the truncated exponential
        rank = min(int(quantile * len(elites)), len(elites) - 1)
        ties = elites.with_score(elites.ranked(rank).score)
        return elites.ranked(rng.choice(ties))

    return _different(draw, elites, count)


@dataclass(frozen=True)
class Tournament:
    """The best of a few that are drawn uniformly.

    Cully & Demiris (2017) draw in proportion to curiosity or novelty. A tournament needs neither the sum over all
    elites nor a scale on which a proportion means something.

    Attributes:
        key: what a contestant is judged by.
        size: contestants.
    """

    key: Callable[[Elite, Elites, random.Random], float]
    size: int = 3

    def __call__(self, elites: Elites, count: int, rng: random.Random) -> list[Elite]:
        """Winners of different tournaments."""

        def draw() -> Elite:
            contestants = [elites.draw(rng) for _ in range(self.size)]
            if len({contestant.slot for contestant in contestants}) == 1:
                return contestants[0]
            return max(contestants, key=lambda contestant: self.key(contestant, elites, rng))

        return _different(draw, elites, count)


def _score(elite: Elite, elites: Elites, rng: random.Random) -> float:
    return elite.score


def _curiosity(elite: Elite, elites: Elites, rng: random.Random) -> float:
    return elite.curiosity


def _novelty(elite: Elite, elites: Elites, rng: random.Random) -> float:
    """Mean distance to the nearest of a sample of elites (of all, where they are few)."""
    others = list(elites) if len(elites) <= _NOVELTY_SAMPLE else [elites.draw(rng) for _ in range(_NOVELTY_SAMPLE)]
    distances = sorted(math.dist(elite.measures, other.measures) for other in others if other is not elite)
    nearest = distances[:_NEIGHBOURS]
    return math.fsum(nearest) / len(nearest) if nearest else 0.0


def _different(draw: Callable[[], Elite], elites: Elites, count: int) -> list[Elite]:
    chosen: dict[int, Elite] = {}
    for _ in range(_DRAWS_PER_PARENT * count):
        elite = draw()
        chosen.setdefault(elite.slot, elite)
        if len(chosen) >= min(count, len(elites)):
            break
    return list(chosen.values())


SELECTIONS: Mapping[str, Selection] = MappingProxyType(
    {
        "uniform": select_uniform,
        "best": select_best,
        "worst": select_worst,
        "rank": select_by_rank,
        "tournament": Tournament(_score),
        "curiosity": Tournament(_curiosity),
        "novelty": Tournament(_novelty),
    }
)
"""By name, as configurations call them."""
