"""What a priority rule would choose at decisions that were observed, without running it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.llm.embedded.priorities.model import Preference, Rule, Term
from skdecide_elm.llm.embedded.priorities.writer import level_written, scale
from skdecide_elm.llm.profile import ChoiceProfile

__all__ = ["ObservedDecisions"]


class ObservedDecisions:
    """The decisions of which features hold the values, the actions of all of them in one row.

    Args:
        features: by which the actions differ, each with as many decisions of as many actions.
    """

    def __init__(self, features: Sequence[ChoiceProfile]) -> None:
        sizes = [len(values) for values in features[0].seen]
        self._features = {feature.name: feature for feature in features}
        self._values = {feature.name: np.concatenate(feature.seen) for feature in features}
        self._decisions = np.repeat(np.arange(len(sizes)), sizes)
        self._starts: NDArray[np.int64] = np.cumsum([0, *sizes[:-1]], dtype=np.int64)

    def chosen_actions(self, rule: Rule) -> NDArray[np.int64]:
        """The place of the action that the rule takes, at each decision.

        Where the rule looks ahead, it is the action that it tries first.
        """
        size, nowhere = len(self._decisions), len(rule.preferences)
        rank, index = np.full(size, nowhere), np.zeros(size)
        for place, preference in enumerate(rule.preferences):
            met = (rank == nowhere) & self._meets(preference)
            rank[met] = place
            index[met] = self._index(preference)[met]
        order = np.lexsort((-index, rank, self._decisions))  # stable: the first listed among equals
        chosen: NDArray[np.int64] = order[self._starts] - self._starts
        return chosen

    def _meets(self, preference: Preference) -> NDArray[np.bool_]:
        met = np.ones(len(self._decisions), dtype=np.bool_)
        for condition in preference.conditions:
            level = level_written(condition.level, self._features[condition.feature])
            found = self._values[condition.feature]
            met &= found <= level if condition.at_most else found >= level
        return met

    def _index(self, preference: Preference) -> NDArray[np.float64]:
        total = np.zeros(len(self._decisions))
        for term in preference.index:
            total += term.weight / scale(term.factors, self._features) * self._measured(term)
        return total

    def _measured(self, term: Term) -> NDArray[np.float64]:
        if term.target is not None:
            [name] = term.factors
            return np.abs(self._values[name] - level_written(term.target, self._features[name]))
        product: NDArray[np.float64] = np.prod([self._values[name] for name in term.factors], axis=0)
        return product
