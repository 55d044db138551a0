"""Searches for the constants of one program, asked and told, over named ranges: CMA-ES, and two for whole numbers."""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skdecide_elm.programs.tunables import Scale, read_tunables

if TYPE_CHECKING:
    import cmaes

__all__ = [
    "ChoiceSearch",
    "CompassSearch",
    "ConstantSearch",
    "Range",
    "RangeSearch",
    "ranges_of",
    "search_for_constants",
]

_FIRST_STEP = 0.25
"""Standard deviation of the first generation, as a share of each range."""

_PATIENCE = 4
"""Generations of CMA-ES without a better program after which constants are left alone."""


@dataclass(frozen=True)
class Range:
    """Where a constant may lie, and where it lies now.

    Attributes:
        low, high: bounds, both included, with ``low < high``.
        scale: ``linear``, ``log`` (both bounds positive), ``int``, or ``choice`` for whole numbers without an order.
        start: the centre of the first generation.
    """

    low: float
    high: float
    scale: Scale
    start: float

    def to_unit(self, value: float) -> float:
        """Where a value lies between the bounds, from 0 to 1."""
        if self.scale == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def from_unit(self, share: float) -> float:
        """The inverse of `to_unit`; the nearest whole number where the scale is ``int``."""
        if self.scale == "log":
            return float(self.low * (self.high / self.low) ** share)
        value = self.low + share * (self.high - self.low)
        return round(value) if self.scale == "int" else value


class ConstantSearch(ABC):
    """A search in generations: each is told as a whole, so that results may arrive in any order and change nothing.

    Scores are compared with each other only, so that their scale and sign do not matter.

    Attributes:
        generation: how many have been told.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._asked = 0
        self._scores: dict[int, float] = {}

    @property
    @abstractmethod
    def generation_size(self) -> int:
        """How many are asked before all of them must be told."""

    def ask(self) -> tuple[int, dict[str, float]] | None:
        """The next constants and their number; None until the whole generation was told."""
        number = self._asked
        if number == self.generation_size:
            return None
        self._asked += 1
        return number, self._drawn()

    def tell(self, number: int, score: float) -> None:
        """The score of the constants with a number of this generation; higher is better, −inf and NaN are worst."""
        self._scores[number] = -math.inf if math.isnan(score) else score
        if len(self._scores) == self.generation_size:
            self._learn([self._scores[index] for index in range(self.generation_size)])
            self._asked, self._scores = 0, {}
            self.generation += 1

    @abstractmethod
    def is_stuck(self, generations: int) -> bool:
        """Whether there is little to hope for after so many generations without anything better."""

    @abstractmethod
    def _drawn(self) -> dict[str, float]:
        """The next constants."""

    @abstractmethod
    def _learn(self, scores: Sequence[float]) -> None:
        """Go on from the scores of a generation, in the order in which it was asked."""


class RangeSearch(ConstantSearch):
    """CMA-ES (Hansen & Ostermeier 2001; for integers with margin, Hamano et al. 2022) in the unit cube of some ranges.

    Args:
        ranges: by the constants' names; one at least.
        seed: of all draws.
        step: standard deviation of the first generation, as a share of each range.
    """

    def __init__(self, ranges: Mapping[str, Range], seed: int, step: float = _FIRST_STEP) -> None:
        import cmaes  # a second, most of it scipy's, which only those pay who tune

        super().__init__()
        self._ranges = dict(ranges)
        dimensions = max(2, len(self._ranges))  # CMA-ES wants two; a second one that means nothing does no harm
        centre, bounds = np.full(dimensions, 0.5), np.tile([0.0, 1.0], (dimensions, 1))
        centre[: len(self._ranges)] = [span.to_unit(span.start) for span in self._ranges.values()]
        steps = np.zeros(dimensions)
        steps[: len(self._ranges)] = [
            1 / (span.high - span.low) if span.scale == "int" else 0 for span in self._ranges.values()
        ]
        if steps.any():
            self._cma: cmaes.CMA | cmaes.CMAwM = cmaes.CMAwM(centre, step, bounds, steps, seed=seed)
        else:
            self._cma = cmaes.CMA(centre, step, bounds, seed=seed)
        self._told: list[np.ndarray] = []

    @property
    def generation_size(self) -> int:
        """The population size of CMA-ES."""
        return int(self._cma.population_size)

    def is_stuck(self, generations: int) -> bool:
        """After some generations, or when CMA-ES sees no more to gain."""
        return generations > _PATIENCE or bool(self._cma.should_stop())

    def _drawn(self) -> dict[str, float]:
        asked = self._cma.ask()
        point, told = asked if isinstance(asked, tuple) else (asked, asked)
        self._told.append(told)
        shares = zip(self._ranges.items(), np.clip(point, 0, 1), strict=False)
        return {name: span.from_unit(float(share)) for (name, span), share in shares}

    def _learn(self, scores: Sequence[float]) -> None:
        self._cma.tell([(told, -score) for told, score in zip(self._told, scores, strict=True)])
        self._told = []


class ChoiceSearch(ConstantSearch):
    """Randomised local search among whole numbers without an order, such as the actions in a table.

    The first constants are those of the start; all others are the best with another choice in one place, each place and
    choice once. What is as good takes the best's place, so that choices that do not matter drift, as in the (1+λ)
    evolutionary algorithm (Jansen, De Jong & Wegener 2005).

    Args:
        ranges: by the constants' names; one at least.
        seed: of all draws.
    """

    generation_size = 4

    def __init__(self, ranges: Mapping[str, Range], seed: int) -> None:
        super().__init__()
        self._rng = random.Random(seed)
        self._best = {name: round(span.start) for name, span in ranges.items()}
        self._score = -math.inf
        self._all = [(name, value) for name, span in ranges.items() for value in _whole(span)]
        self._untried: list[tuple[str, int]] = []
        self._variants: list[dict[str, int]] = []

    def is_stuck(self, generations: int) -> bool:
        """After as many constants as there are variants of the best."""
        return generations * self.generation_size >= len(self._all) - len(self._best)

    def _drawn(self) -> dict[str, float]:
        is_first = not self.generation and not self._variants
        self._variants.append(self._best if is_first else {**self._best, **dict([self._other_choice()])})
        return dict(self._variants[-1])

    def _other_choice(self) -> tuple[str, int]:
        if not self._untried:
            self._untried = [(name, value) for name, value in self._all if self._best[name] != value]
            self._rng.shuffle(self._untried)
        return self._untried.pop()

    def _learn(self, scores: Sequence[float]) -> None:
        score, variant = max(zip(scores, self._variants, strict=True), key=lambda scored: scored[0])
        if score >= self._score:
            self._score, self._best, self._untried = score, variant, []
        self._variants = []


class CompassSearch(ConstantSearch):
    """Compass search among whole numbers, one of them a step to either side at a time (Kolda, Lewis & Torczon 2003).

    A generation is the best and its two neighbours in one constant, whose step is halved where neither is better. A few
    thresholds near good values take so fewer trials than CMA-ES, which moves all of them at once.

    Args:
        ranges: by the constants' names; one at least.
        step: the first, as a share of each range.
    """

    generation_size = 3

    def __init__(self, ranges: Mapping[str, Range], step: float = _FIRST_STEP) -> None:
        super().__init__()
        self._ranges = dict(ranges)
        self._best = {name: round(span.start) for name, span in ranges.items()}
        self._steps = {name: max(1, round(step * (span.high - span.low))) for name, span in ranges.items()}
        self._turns = deque(ranges)
        self._settled: set[str] = set()

    def is_stuck(self, generations: int) -> bool:
        """When no neighbour of the best is better."""
        return len(self._settled) == len(self._ranges)

    def _drawn(self) -> dict[str, float]:
        return dict(self._neighbours()[self._asked - 1])

    def _neighbours(self) -> list[dict[str, int]]:
        """The best, and the two that differ from it in the constant whose turn it is; at a bound the best again."""
        name = self._turns[0]
        span, value, step = _whole(self._ranges[name]), self._best[name], self._steps[name]
        values = (value, min(value + step, span[-1]), max(value - step, span[0]))
        return [{**self._best, name: other} for other in values]

    def _learn(self, scores: Sequence[float]) -> None:
        name = self._turns[0]
        place = max(range(len(scores)), key=scores.__getitem__)
        if place > 0:
            self._best = self._neighbours()[place]
            self._settled.clear()
        elif self._steps[name] > 1:
            self._steps[name] //= 2
        else:
            self._settled.add(name)
        self._turns.rotate(-1)


def search_for_constants(code: str, seed: int, step: float = _FIRST_STEP) -> ConstantSearch:
    """A search for the constants of a program that declares some: CMA-ES, or a compass search among whole numbers.

    Args:
        seed: of all draws.
        step: how far the first constants that are numbers lie from the program's, as a share of their bounds: CMA-ES's
            standard deviation, or the step of the compass search.
    """
    ranges = ranges_of(code)
    scales = {span.scale for span in ranges.values()}
    if scales == {"choice"}:
        return ChoiceSearch(ranges, seed)
    return CompassSearch(ranges, step) if scales == {"int"} else RangeSearch(ranges, seed, step)


def ranges_of(code: str) -> dict[str, Range]:
    """The constants to search of a program that declares some: choices only where it declares nothing else."""
    tunables = read_tunables(code)
    numbers = [tunable for tunable in tunables if tunable.scale != "choice"]
    return {t.name: Range(t.low, t.high, t.scale, t.value) for t in numbers or tunables}


def _whole(span: Range) -> range:
    return range(math.ceil(span.low), math.floor(span.high) + 1)
