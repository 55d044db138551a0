"""What a priority rule is: a list of preferences, each with an index by which it orders the actions that it likes."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Condition", "Preference", "Rule", "Term"]


@dataclass(frozen=True)
class Term:
    """A weight times a product of features, or times the distance of one feature from a target.

    Attributes:
        factors: sorted names.
        weight: in the units in which the actions of a decision differ by about 1 in every feature.
        target: in the units of the only factor; None: no distance but the product itself.
    """

    factors: tuple[str, ...]
    weight: float
    target: float | None = None


@dataclass(frozen=True)
class Condition:
    """A feature is at most, or at least, a level.

    Attributes:
        level: in the units of the feature.
    """

    feature: str
    at_most: bool
    level: float


@dataclass(frozen=True)
class Preference:
    """Actions that are preferred to all that meet no earlier preference.

    Attributes:
        conditions: all hold for these actions; none: for every action.
        index: the highest sum of these terms is best, the first of the listed actions among equals. The first term's
            weight is 1 or −1, since only proportions count.
    """

    conditions: tuple[Condition, ...]
    index: tuple[Term, ...]


@dataclass(frozen=True)
class Rule:
    """Takes the best action of the first preference that some action meets.

    Attributes:
        preferences: the last one has no conditions.
        horizon: 0: the rule decides alone. Else each action is tried in the domain's model, the rule is followed for as
            many steps (a rollout policy, Bertsekas, Tsitsiklis & Wu 1997), and what cost least is taken.
    """

    preferences: tuple[Preference, ...]
    horizon: int = 0

    def spliced(self, at: int, removed: int, *added: Preference) -> Rule:
        """The rule with preferences in place of so many from ``at`` on."""
        return replace(self, preferences=(*self.preferences[:at], *added, *self.preferences[at + removed :]))
