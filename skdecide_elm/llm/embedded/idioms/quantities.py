"""What a planner can compare with a threshold: the numbers of an observation, and where a threshold means something."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from skdecide_elm.llm.embedded.features import Feature, computing, entry_read, features_of
from skdecide_elm.llm.embedded.numbers import rounded
from skdecide_elm.llm.profile import DomainProfile, SpaceProfile

__all__ = ["MAX_ENTRIES", "Quantity", "computed", "needed_imports", "quantities_of"]

MAX_ENTRIES = 64
"""Longer vectors are not written out entry by entry; larger sets of numbers have no table with a place for each."""

_LARGEST_BOUND = 1e4
_GUESSED_REACH = 10
"""Integers of which no bounds are known are compared with thresholds up to this size."""

_TAKEN = frozenset({"observation", "self", "math", "np", "choice", "push", "products"})
"""Names that mean something else in the programs."""


@dataclass(frozen=True)
class Quantity:
    """A number that is observed.

    Attributes:
        name: identifier that a reader understands.
        expression: how it is computed from ``observation``; the same as the name where the observation is the number.
        low, high: the range in which it has been observed, or is bounded.
        integer: its values are whole numbers.
    """

    name: str
    expression: str
    low: float
    high: float
    integer: bool = False

    @property
    def varies(self) -> bool:
        """It has two values at least."""
        return self.low < self.high

    @property
    def has_two_values(self) -> bool:
        """There is only one threshold for it."""
        return self.integer and self.low + 1 == self.high

    @property
    def scale(self) -> float:
        """Its typical size."""
        return max(abs(self.low), abs(self.high)) or 1.0

    def threshold(self, rng: random.Random) -> float | None:
        """A number with values below it and values at or above it, near the middle more often; None: there is none."""
        if self.integer:
            return rng.randint(int(self.low) + 1, int(self.high)) if self.varies else None
        level = rounded(rng.triangular(self.low, self.high))
        return level if self.low < level < self.high else None

    def below(self, level: float) -> Quantity:
        """The quantity, known to be less than the level."""
        return replace(self, high=level - 1 if self.integer else level)

    def above(self, level: float) -> Quantity:
        """The quantity, known to be no less than the level."""
        return replace(self, low=level)

    def bounds(self) -> str:
        """The bounds of a threshold, as they are declared."""
        if self.integer:
            return f'({int(self.low) + 1}, {int(self.high)}, "int")'
        return f"({rounded(self.low)!r}, {rounded(self.high)!r})"


def quantities_of(profile: DomainProfile, rng: random.Random) -> tuple[Quantity, ...]:
    """The numbers that are observed; empty where the observation is no short vector and no large integer.

    Args:
        rng: draws the size of real numbers of which nothing is known.
    """
    observation = profile.observation
    if observation.kind == "box" and 0 < (observation.vector or 0) <= MAX_ENTRIES:
        return _real(profile, rng)
    if observation.kind == "multi_discrete":
        return _integers(observation)
    if observation.kind == "discrete" and (observation.size or 0) > MAX_ENTRIES:
        last = observation.start + (observation.size or 0) - 1
        return (Quantity("observation", "observation", observation.start, last, integer=True),)
    return ()


def computed(quantities: Sequence[Quantity], used: Collection[str]) -> list[str]:
    """The assignments that compute the used ones of all quantities."""
    named = [Feature(q.name, q.expression, q.scale, "place") for q in quantities if q.name != q.expression]
    return computing(named, used)


def needed_imports(lines: Sequence[str]) -> tuple[str, ...]:
    """The import lines that some lines of a method need."""
    return tuple(
        line
        for line, module in (("import math", "math."), ("import numpy as np", "np."))
        if any(module in text for text in lines)
    )


def _real(profile: DomainProfile, rng: random.Random) -> tuple[Quantity, ...]:
    observation = profile.observation
    bounds = list(zip(observation.low, observation.high, strict=True))
    found = []
    for feature in features_of(profile):
        if feature.role == "angle":
            found.append(Quantity(feature.name, feature.expression, -math.pi, math.pi))
            continue
        index = entry_read(feature.expression)
        low, high = bounds[index] if bounds and index is not None else (-math.inf, math.inf)
        is_known = bool(profile.entries) or min(abs(low), abs(high)) < _LARGEST_BOUND
        size = feature.scale if is_known else rounded(10 ** rng.uniform(-1, 1))
        found.append(Quantity(feature.name, feature.expression, *_range(low, high, size)))
    return tuple(found)


def _range(low: float, high: float, size: float) -> tuple[float, float]:
    """Where values lie, by their bounds as far as these are no mere formality, else by their size."""
    has_low, has_high = abs(low) < _LARGEST_BOUND, abs(high) < _LARGEST_BOUND
    first = low if has_low else min(-size, high - size) if has_high else -size
    last = high if has_high else max(size, low + size) if has_low else size
    return first, last


def _integers(observation: SpaceProfile) -> tuple[Quantity, ...]:
    parts = [field for field in observation.fields if field.access.startswith(".") and field.length is None]
    count = len(observation.low) or observation.vector or 0
    if len(parts) == len(observation.fields) == count:
        named = [(part.name, f"observation{part.access}") for part in parts]
    elif observation.vector:
        several = count > 1
        named = [(f"value_{index + 1}" if several else "value", f"observation[{index}]") for index in range(count)]
    else:
        return ()
    lows = observation.low or (-_GUESSED_REACH,) * count
    highs = observation.high or (_GUESSED_REACH,) * count
    return tuple(
        Quantity(f"observed_{name}" if name in _TAKEN else name, expression, low, high, integer=True)
        for (name, expression), low, high in zip(named, lows, highs, strict=True)
    )[:MAX_ENTRIES]
