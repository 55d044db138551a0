"""Programs that do the same, whatever their texts."""

from __future__ import annotations

import math
from collections.abc import Mapping

from skdecide_elm.core import Evaluation

__all__ = ["same_behaviour"]


def same_behaviour(
    one: Evaluation,
    other: Evaluation,
    tolerance: float = 1e-9,
    descriptors: tuple[Mapping[str, float], Mapping[str, float]] = ({}, {}),
) -> bool:
    """Whether two programs did the same, as far as their evaluations tell: a near-duplicate, whatever the texts.

    Scores per episode (the combined scores, where one has no episodes) and descriptors must be equal within a relative
    ``tolerance``, and descriptors of the same names be given. Invalid programs are alike if they failed by the same
    error.
    """
    if not (one.is_valid and other.is_valid):
        return one.is_valid == other.is_valid and one.artifacts.get("error") == other.artifacts.get("error")
    if len(one.scores) != len(other.scores) or descriptors[0].keys() != descriptors[1].keys():
        return False
    pairs = list(zip(one.scores, other.scores, strict=True)) or [(one.combined_score, other.combined_score)]
    pairs += [(value, descriptors[1][name]) for name, value in descriptors[0].items()]
    return all(math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance) for a, b in pairs)
