"""The final program beside the initial one, as ``result.json`` tells it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skdecide_elm.evaluation.result import Comparison, Interval

__all__ = ["SETS", "ComparisonRow", "Comparisons", "Whisker", "read_comparisons"]

SETS = ("train", "validation", "test")


@dataclass(frozen=True)
class Whisker:
    """An interval along a common axis, in percent; ``width`` is 0 where there is only a mean."""

    mean: float
    left: float
    width: float


@dataclass(frozen=True)
class ComparisonRow:
    """One set of instances.

    Attributes:
        name: of the set.
        found: the comparison.
        final, initial: of both programs along the axis that all sets share; None for a program that fails.
    """

    name: str
    found: Comparison
    final: Whisker | None
    initial: Whisker | None


@dataclass(frozen=True)
class Comparisons:
    """The sets on which there is a comparison, in the order of `SETS`."""

    rows: tuple[ComparisonRow, ...]
    confidence_level: float


def read_comparisons(result: Mapping[str, Any]) -> Comparisons:
    """The comparisons of a `SearchResult`, as JSON holds it.

    Raises:
        LookupError, TypeError, ValueError, AttributeError: it is no such thing.
    """
    found = {name: _comparison(result[name]) for name in SETS if result[name] is not None}
    intervals = [interval for own in found.values() for interval in (own.score, own.initial)]
    ends = [end for own in intervals for end in (own.mean, own.low, own.high) if math.isfinite(end)]
    rows = [
        ComparisonRow(name, own, _whisker(own.score, ends), _whisker(own.initial, ends)) for name, own in found.items()
    ]
    return Comparisons(tuple(rows), float(result["confidence_level"]))


def _comparison(record: Mapping[str, Any]) -> Comparison:
    score, initial, difference = (_interval(record[name]) for name in ("score", "initial", "difference"))
    return Comparison(int(record["episodes"]), score, initial, difference)


def _interval(record: Mapping[str, Any]) -> Interval:
    """JSON has no infinities: a mean that is missing is that of a program that fails."""
    mean = -math.inf if record["mean"] is None else float(record["mean"])
    low, high = (math.nan if record[end] is None else float(record[end]) for end in ("low", "high"))
    return Interval(mean, low, high)


def _whisker(interval: Interval, ends: Sequence[float]) -> Whisker | None:
    if not math.isfinite(interval.mean):
        return None
    first, last = min(ends), max(ends)
    span = (last - first) or 1.0

    def place(value: float) -> float:
        return round(4 + 92 * (value - first) / span, 2)

    low = interval.low if math.isfinite(interval.low) else interval.mean
    high = interval.high if math.isfinite(interval.high) else interval.mean
    return Whisker(place(interval.mean), place(low), round(place(high) - place(low), 2))
