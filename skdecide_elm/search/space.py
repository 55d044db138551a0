"""Behaviour space: its dimensions, once they are known, and the place of a program in it."""

from __future__ import annotations

import logging
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from skdecide_elm.core import Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.measures import CODE_FEATURES, Bounds, Feature

__all__ = ["Descriptor", "Scale", "Space"]

logger = logging.getLogger(__name__)

_MARGIN = 0.05
"""What is beyond the values seen so far has half of the first and half of the last of ten cells."""

_KNOTS = 100
_BINS = 10
"""Cells along a dimension, when pairs of features are compared."""


@dataclass(frozen=True)
class Scale:
    """Maps the values of a feature to 0 … 1 by their rank among the different values that were seen first.

    Cells of equal width then hold about as many different values each, whatever the distribution: the idea of sliding
    boundaries (Fontaine et al. 2019), applied once and frozen, so that no program ever moves to another cell.

    Attributes:
        knots: increasing; between two of them the map is linear.
    """

    knots: tuple[float, ...]

    @classmethod
    def learned(cls, values: Iterable[float]) -> Scale:
        """The scale of some values: of an interval from the value on, if they are all the same."""
        different = sorted(set(values)) or [0.0]
        if len(different) == 1:
            different.append(different[0] + max(1.0, abs(different[0])))
        last = len(different) - 1
        count = min(len(different), _KNOTS)
        return cls(tuple(different[round(number * last / (count - 1))] for number in range(count)))

    def __call__(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        if not self.knots[0] <= value <= self.knots[-1]:
            return 0.0 if value < self.knots[0] else 1.0
        last = len(self.knots) - 1
        left = min(bisect_right(self.knots, value), last) - 1
        low, high = self.knots[left], self.knots[left + 1]
        return _MARGIN + (1.0 - 2.0 * _MARGIN) * (left + (value - low) / (high - low)) / last


@dataclass(frozen=True)
class Space:
    """A behaviour space.

    Attributes:
        features: one per dimension.
        scales: of the features whose bounds were not given, None for the others.
    """

    features: tuple[Feature, ...]
    scales: tuple[Scale | None, ...]

    @property
    def bounds(self) -> Bounds:
        """Of each dimension: as given, or 0 to 1."""
        return tuple(feature.bounds or (0.0, 1.0) for feature in self.features)

    def __call__(self, program: Program) -> tuple[float, ...] | None:
        """The place of a program; None for one that has none: an invalid one, or one that lacks a feature."""
        if not program.evaluation.is_valid:
            return None
        point = tuple(feature(program) for feature in self.features)
        if not all(map(math.isfinite, point)):
            return None
        return tuple(value if scale is None else scale(value) for value, scale in zip(point, self.scales, strict=True))

    def to_json(self) -> list[dict[str, Any]]:
        """As JSON can hold it."""
        return [
            {"feature": feature.name, "knots": None if scale is None else list(scale.knots)}
            for feature, scale in zip(self.features, self.scales, strict=True)
        ]

    def __str__(self) -> str:
        ends = [
            bounds if scale is None else (scale.knots[0], scale.knots[-1])
            for bounds, scale in zip(self.bounds, self.scales, strict=True)
        ]
        named = zip(self.features, ends, strict=True)
        return ", ".join(f"{feature.name} {low:.6g} … {high:.6g}" for feature, (low, high) in named)


class Descriptor:
    """What the dimensions of behaviour space are to be.

    Args:
        features: two or more; a name stands for a feature whose scale is learned.
        choose_two: take those two of the features whose grid the first programs fill best; one of them at least is no
            feature of the code.

    Raises:
        ConfigError: fewer than two features, or one twice.
    """

    def __init__(self, features: Sequence[Feature | str], choose_two: bool = False) -> None:
        self.features = tuple(Feature(found) if isinstance(found, str) else found for found in features)
        self._choose_two = choose_two
        names = [feature.name for feature in self.features]
        if len(names) < 2 or len(set(names)) < len(names):
            raise ConfigError(
                f"expected two or more different features as behaviour descriptor; found {names}; "
                f"name metrics of the evaluation or some of {', '.join(CODE_FEATURES)}"
            )

    @property
    def space(self) -> Space | None:
        """The space, if nothing of it is to be learned."""
        if self._choose_two or any(feature.bounds is None for feature in self.features):
            return None
        return Space(self.features, (None,) * len(self.features))

    def learn(self, programs: Iterable[Program]) -> Space:
        """The space that suits some programs. It is to be frozen: a log line says what it is."""
        valid = [program for program in programs if program.evaluation.is_valid]
        values = {feature: [feature(program) for program in valid] for feature in self.features}
        found = {feature: [value for value in values[feature] if math.isfinite(value)] for feature in self.features}
        scales = {feature: None if feature.bounds else Scale.learned(found[feature]) for feature in self.features}
        chosen = self._widest(values, scales) if self._choose_two else self.features
        space = Space(chosen, tuple(scales[feature] for feature in chosen))
        logger.info("Behaviour space, learned from %d programs and frozen: %s", len(valid), space)
        return space

    def restored(self, rows: Sequence[Mapping[str, Any]]) -> Space:
        """The inverse of `Space.to_json`.

        Raises:
            LookupError, TypeError, ValueError: it is no result of that, or of other features.
        """
        by_name = {feature.name: feature for feature in self.features}
        features = tuple(by_name[row["feature"]] for row in rows)
        knots = (row["knots"] for row in rows)
        return Space(features, tuple(None if found is None else Scale(tuple(map(float, found))) for found in knots))

    def _widest(
        self, values: Mapping[Feature, Sequence[float]], scales: Mapping[Feature, Scale | None]
    ) -> tuple[Feature, ...]:
        cells = {
            feature: [_bin(value, feature, scales[feature]) for value in values[feature]]
            for feature in self.features
            if all(map(math.isfinite, values[feature]))
        }
        pairs = [pair for pair in combinations(cells, 2) if any(feature.name not in CODE_FEATURES for feature in pair)]
        if not pairs:
            return self.features[:2]
        return max(pairs, key=lambda pair: len(set(zip(cells[pair[0]], cells[pair[1]], strict=True))))


def _bin(value: float, feature: Feature, scale: Scale | None) -> int:
    low, high = feature.bounds or (0.0, 1.0)
    share = (value - low) / (high - low) if scale is None else scale(value)
    return min(max(int(_BINS * share), 0), _BINS - 1)
