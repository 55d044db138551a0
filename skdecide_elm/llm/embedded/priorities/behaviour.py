"""What a priority rule would choose at decisions that were observed, without running it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.llm.embedded.priorities.model import Preference, Rule
from skdecide_elm.llm.embedded.priorities.writer import scale
from skdecide_elm.llm.profile import ChoiceProfile

__all__ = ["chosen_actions"]

_Values = Mapping[str, NDArray[np.float64]]


def chosen_actions(rule: Rule, features: Mapping[str, ChoiceProfile]) -> NDArray[np.int64]:
    """The place of the action that the rule takes, at each decision of which the features hold the values.

    Where the rule looks ahead, it is the action that it tries first.
    """
    sizes = [len(values) for values in next(iter(features.values())).seen]
    decisions = np.repeat(np.arange(len(sizes)), sizes)
    values = {name: np.concatenate(feature.seen) for name, feature in features.items() if feature.seen}
    rank = np.full(len(decisions), len(rule.preferences))
    index = np.zeros(len(decisions))
    for place, preference in enumerate(rule.preferences):
        met = (rank == len(rule.preferences)) & _meets(preference, values, features, len(decisions))
        rank[met] = place
        index[met] = _index(preference, values, features, len(decisions))[met]
    order = np.lexsort((-index, rank, decisions))  # stable: the first listed among equals
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
    return order[starts] - starts


def _meets(
    preference: Preference, values: _Values, features: Mapping[str, ChoiceProfile], size: int
) -> NDArray[np.bool_]:
    met = np.ones(size, dtype=np.bool_)
    for condition in preference.conditions:
        level = round(condition.level) if features[condition.feature].integer else condition.level
        found = values[condition.feature]
        met &= found <= level if condition.at_most else found >= level
    return met


def _index(
    preference: Preference, values: _Values, features: Mapping[str, ChoiceProfile], size: int
) -> NDArray[np.float64]:
    total = np.zeros(size)
    for term in preference.index:
        product = np.full(size, term.weight / scale(term.factors, features))
        for name in term.factors:
            product *= values[name]
        total += product
    return total
