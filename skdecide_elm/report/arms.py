"""What can be shown of a bandit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from skdecide_elm.report.model import Arm

__all__ = ["arms_of"]


def arms_of(bandit: Mapping[str, Any]) -> tuple[Arm, ...]:
    """What a bandit chooses from, the best rate first, by its state; none for the state of none."""
    if not bandit:
        return ()
    outcomes = Counter(arm for arm, _, _ in bandit["window"])
    improved = Counter(arm for arm, gain, _ in bandit["window"] if gain > 0)
    arms = [Arm(name, outcomes[name], improved[name], float(rate)) for name, rate in bandit["rates"].items()]
    return tuple(sorted(arms, key=lambda arm: (-arm.rate, -arm.outcomes, arm.name)))
