"""Selection of parents by rank, which works whatever the sign and scale of the scores."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["rank_weights"]


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
