"""Search for the constants of one program: CMA-ES, asked and told, over named ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import cmaes

__all__ = ["Range", "RangeSearch"]

_FIRST_STEP = 0.25
"""Standard deviation of the first generation, as a share of each range."""


@dataclass(frozen=True)
class Range:
    """Where a constant may lie, and where it lies now.

    Attributes:
        low, high: bounds, both included, with ``low < high``.
        scale: ``linear``, ``log`` (both bounds positive) or ``int``.
        start: the centre of the first generation.
    """

    low: float
    high: float
    scale: Literal["linear", "log", "int"]
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


class RangeSearch:
    """CMA-ES (Hansen & Ostermeier 2001; for integers with margin, Hamano et al. 2022) in the unit cube of some ranges.

    Scores are compared with each other only, so that their scale and sign do not matter. A generation is told as a
    whole, in the order in which it was asked: results may arrive in any order and change nothing.

    Args:
        ranges: by the constants' names; one at least.
        seed: of all draws.
        step: standard deviation of the first generation, as a share of each range.
    """

    def __init__(self, ranges: Mapping[str, Range], seed: int, step: float = _FIRST_STEP) -> None:
        import cmaes  # a second, most of it scipy's, which only those pay who tune

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
        self._asked: list[tuple[np.ndarray, np.ndarray]] = []
        self._scores: dict[int, float] = {}
        self.generation = 0

    @property
    def generation_size(self) -> int:
        """How many are asked before all of them must be told."""
        return int(self._cma.population_size)

    def ask(self) -> tuple[int, dict[str, float]] | None:
        """The next constants and their number; None until the whole generation was told."""
        number = len(self._asked)
        if number == self.generation_size:
            return None
        asked = self._cma.ask()
        point, told = asked if isinstance(asked, tuple) else (asked, asked)
        self._asked.append((point, told))
        shares = zip(self._ranges.items(), np.clip(point, 0, 1), strict=False)
        return number, {name: span.from_unit(float(share)) for (name, span), share in shares}

    def tell(self, number: int, score: float) -> None:
        """The score of the constants with a number of this generation; higher is better, −inf and NaN are worst."""
        self._scores[number] = math.inf if math.isnan(score) else -score
        if len(self._scores) == self.generation_size:
            self._cma.tell([(told, self._scores[index]) for index, (_, told) in enumerate(self._asked)])
            self._asked, self._scores = [], {}
            self.generation += 1

    @property
    def converged(self) -> bool:
        """Whether CMA-ES sees no more to gain."""
        return bool(self._cma.should_stop())
