"""Who proposes next: a bandit over operators and models, or a weighted draw."""

from __future__ import annotations

import math
import random
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from skdecide_elm.errors import ConfigError

__all__ = ["Bandit", "Chooser", "WeightedMix"]


class Chooser(Protocol):
    """Decides which arm, an operator with a model, proposes next."""

    def choose(self, arms: Sequence[str], rng: random.Random) -> str:
        """One of the arms, which are those that can propose now; changes nothing but the generator."""

    def update(self, arm: str, gain: float, price: float) -> None:
        """Learn what became of a proposal.

        Args:
            gain: how much better the child is than its parent; 0 or less, or NaN, for no improvement or no child.
            price: what was paid for it: money or tokens, in the same unit for all arms.
        """

    def to_json(self) -> dict[str, Any]:
        """The state, for a checkpoint."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state."""


class WeightedMix:
    """Draws arms by fixed weights; learns nothing."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        if not weights or min(weights.values()) < 0 or not 0 < sum(weights.values()) < math.inf:
            raise ConfigError(f"expected weights of at least 0 that are not all 0; found {dict(weights)}")
        self._weights = dict(weights)

    def choose(self, arms: Sequence[str], rng: random.Random) -> str:
        """An arm by its weight; the only one without a draw."""
        if len(arms) == 1:
            return arms[0]
        weights = [self._weights[arm] for arm in arms]
        return rng.choices(arms, weights if any(weights) else None)[0]

    def update(self, arm: str, gain: float, price: float) -> None:
        """Nothing to learn."""

    def to_json(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Nothing to take over."""


@dataclass(frozen=True)
class _Outcome:
    arm: str
    gain: float
    price: float


@dataclass(frozen=True)
class _Arm:
    """What the window says of an arm: discounted sums of credit and of missed credit, and the cost of a proposal."""

    credit: float
    missed: float
    cost: float


class Bandit:
    """Discounted Thompson sampling on the rank of improvements, per cost.

    What an operator is worth changes as the search goes on, so an outcome that is k outcomes old counts
    ``discount**k``, and each arm's worth is drawn from Beta(1 + credit, 1 + missed credit) (Raj and Kalyani, 2017,
    arXiv 1707.09727). The arm with the largest worth per cost proposes (Xia et al., IJCAI 2015). Draws spread the
    proposals that are under way at the same time.

    The credit of an outcome is the rank of its improvement among those of the window, from 1 for the largest down to 0
    for none, so that only comparisons count, not the scale of the scores (Fialho, Schoenauer and Sebag, GECCO 2010).
    The cost is 1 for the evaluation and, for the request, the arm's mean price relative to the mean of all prices that
    are not 0.

    Args:
        arms: all names.
        discount: per outcome.
        window: outcomes that count at all.
    """

    def __init__(self, arms: Sequence[str], discount: float = 0.98, window: int = 200) -> None:
        self._arms = tuple(arms)
        self._discount = discount
        self._window: deque[_Outcome] = deque(maxlen=window)

    def choose(self, arms: Sequence[str], rng: random.Random) -> str:
        """The arm whose drawn worth per cost is the largest; the only one without a draw."""
        if len(arms) == 1:
            return arms[0]
        known = self._known()
        worth = {arm: rng.betavariate(1 + known[arm].credit, 1 + known[arm].missed) / known[arm].cost for arm in arms}
        return max(worth, key=worth.__getitem__)

    def update(self, arm: str, gain: float, price: float) -> None:
        """Put an outcome into the window."""
        improved = min(gain, sys.float_info.max) if gain > 0 else 0.0  # of a failed parent it is infinite
        self._window.append(_Outcome(arm, improved, price))

    def rates(self) -> dict[str, float]:
        """The mean credit per cost of each arm, relative to the best; 0 for an arm that is not in the window."""
        known = self._known()
        rates = {arm: k.credit / max(k.credit + k.missed, sys.float_info.min) / k.cost for arm, k in known.items()}
        best = max(rates.values(), default=0.0)
        return {arm: rate / best if best else 0.0 for arm, rate in rates.items()}

    def to_json(self) -> dict[str, Any]:
        """The window, oldest outcome first, and the rates that follow from it."""
        window = [[outcome.arm, outcome.gain, outcome.price] for outcome in self._window]
        return {"window": window, "rates": self.rates()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a window; outcomes of arms that this bandit does not have are forgotten."""
        window = [_Outcome(str(a), float(g), float(p)) for a, g, p in state["window"] if a in self._arms]
        self._window.clear()
        self._window.extend(window)

    def _known(self) -> dict[str, _Arm]:
        gains = sorted({outcome.gain for outcome in self._window if outcome.gain > 0})
        credit_of = {gain: rank / len(gains) for rank, gain in enumerate(gains, start=1)}
        credit, missed = dict.fromkeys(self._arms, 0.0), dict.fromkeys(self._arms, 0.0)
        for age, outcome in enumerate(reversed(self._window)):
            weight, earned = self._discount**age, credit_of.get(outcome.gain, 0.0)
            credit[outcome.arm] += weight * earned
            missed[outcome.arm] += weight * (1 - earned)
        return {arm: _Arm(credit[arm], missed[arm], cost) for arm, cost in self._costs().items()}

    def _costs(self) -> dict[str, float]:
        mean = _mean([outcome.price for outcome in self._window if outcome.price > 0]) or 1.0
        own = {arm: _mean([o.price for o in self._window if o.arm == arm]) for arm in self._arms}
        return {arm: 1 + price / mean for arm, price in own.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
