"""Colours of scores: viridis, from dark violet for the worst to yellow for the best."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

__all__ = ["VIRIDIS", "colour", "shares"]

VIRIDIS = ("#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725")
"""Equally distant colours of the map of that name, by Nathaniel Smith and Stéfan van der Walt, 2015."""


def colour(share: float) -> str:
    """The colour of a part of the way from the worst to the best."""
    place = min(max(share, 0.0), 1.0) * (len(VIRIDIS) - 1)
    left = min(int(place), len(VIRIDIS) - 2)
    ends = [[int(VIRIDIS[left + end][at : at + 2], 16) for at in (1, 3, 5)] for end in (0, 1)]
    mixed = (round(low + (high - low) * (place - left)) for low, high in zip(*ends, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def shares(scores: Sequence[float]) -> Callable[[float], float]:
    """Where a score lies among the different ones, from 0 to 1: ranks show differences on any scale."""
    different = sorted(set(scores))

    def share(score: float) -> float:
        if len(different) < 2:
            return 1.0
        middle = (bisect_left(different, score) + bisect_right(different, score) - 1) / 2
        return middle / (len(different) - 1)

    return share
