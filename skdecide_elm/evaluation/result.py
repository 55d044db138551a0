"""What a search has found: how good its program is, on which episodes, and how sure that is."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdecide_elm.core import Evaluation

__all__ = ["Comparison", "Interval", "SearchResult", "bootstrap_mean", "compare"]

_RESAMPLES = 9999
_SEED = 0


@dataclass(frozen=True)
class Interval:
    """A mean over episodes with its confidence interval.

    Attributes:
        mean: of the episodes.
        low, high: bounds of the interval; NaN where one episode says nothing of others.
    """

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.6g} [{self.low:.6g}, {self.high:.6g}]"


@dataclass(frozen=True)
class Comparison:
    """The final program beside the initial one, on the same episodes of the same luck.

    Attributes:
        episodes: how many there are.
        score: mean score per episode of the final program; −inf if it fails.
        initial: of the initial program.
        difference: the final program's score minus the initial one's, episode by episode.
    """

    episodes: int
    score: Interval
    initial: Interval
    difference: Interval

    def __str__(self) -> str:
        return f"{self.score} in {self.episodes} episodes; initial {self.initial}; difference {self.difference}"


@dataclass(frozen=True)
class SearchResult:
    """What a search has found.

    Attributes:
        code: text of the final program.
        train: on the episodes of the search; None where a user's own script gives no scores by episode.
        validation: on those that the final program was chosen by; None without validation domains.
        test: on those that nothing was chosen by; None without test domains.
        confidence_level: of the intervals.
    """

    code: str
    train: Comparison | None
    validation: Comparison | None
    test: Comparison | None
    confidence_level: float

    @property
    def winners_curse(self) -> float | None:
        """Mean score on train minus on validation: how much the search flatters its choice, if both are alike."""
        if self.train is None or self.validation is None:
            return None
        return self.train.score.mean - self.validation.score.mean

    def __str__(self) -> str:
        sets = {"train": self.train, "validation": self.validation, "test": self.test}
        lines = [f"mean score per episode, with {self.confidence_level:.0%} confidence intervals"]
        lines += [f"  {name + ':':12}{'-' if found is None else found}" for name, found in sets.items()]
        if self.winners_curse is not None:
            lines.append(f"  winner's curse (train minus validation): {self.winners_curse:.6g}")
        return "\n".join(lines)


def compare(final: Evaluation, initial: Evaluation, confidence_level: float) -> Comparison | None:
    """Compare two programs that were evaluated on the same task; None where there are no scores by episode."""
    episodes = max(len(final.scores), len(initial.scores))
    if episodes == 0:
        return None
    one, other = (e.scores or (-math.inf,) * episodes for e in (final, initial))
    differences = [a - b for a, b in zip(one, other, strict=True)]
    return Comparison(episodes, *(bootstrap_mean(values, confidence_level) for values in (one, other, differences)))


def bootstrap_mean(values: Sequence[float], confidence_level: float) -> Interval:
    """The mean with the bias-corrected and accelerated bootstrap interval of Efron (1987); the same at every call."""
    numbers = np.asarray(values, float)
    if not np.isfinite(numbers).all():  # all of them: a program fails on a task as a whole
        return Interval(*[float(numbers[0])] * 3)
    mean = math.fsum(numbers) / len(numbers)
    if len(numbers) < 2:
        return Interval(mean, math.nan, math.nan)
    if np.ptp(numbers) <= 1e-12 * abs(mean):
        return Interval(mean, mean, mean)
    low, high = _bootstrap(numbers, confidence_level, "BCa")
    if math.isnan(low) or math.isnan(high):  # too few episodes differ
        low, high = _bootstrap(numbers, confidence_level, "percentile")
    return Interval(mean, low, high)


def _bootstrap(numbers: Any, confidence_level: float, method: str) -> tuple[float, float]:
    from scipy.stats import bootstrap  # here, because its import takes half a second

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of intervals that cannot be computed
        found = bootstrap(
            (numbers,),
            np.mean,
            n_resamples=_RESAMPLES,
            batch=1000,
            confidence_level=confidence_level,
            method=method,
            rng=np.random.default_rng(_SEED),
        ).confidence_interval
    return float(found.low), float(found.high)
