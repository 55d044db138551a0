"""Programs that are the same as one that is known: by their text, or by what they do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from skdecide_elm.core import Evaluation
from skdecide_elm.programs.normal_form import fingerprint

__all__ = ["Known", "same_behaviour"]


class Known:
    """The normal forms of the programs that a run has seen.

    Args:
        keys: from `to_json`.
    """

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = dict.fromkeys(keys)

    def __contains__(self, code: str) -> bool:
        return fingerprint(code) in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, code: str) -> bool:
        """Remember a program; False if it was known."""
        key = fingerprint(code)
        if key in self._keys:
            return False
        self._keys[key] = None
        return True

    def forget(self, code: str) -> None:
        """Have a program count as new again, for instance because it has to be tried again."""
        self._keys.pop(fingerprint(code), None)

    def to_json(self) -> list[str]:
        """The fingerprints, in order of arrival."""
        return list(self._keys)


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
