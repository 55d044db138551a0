"""Leave out what a priority rule says in vain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from skdecide_elm.llm.embedded.priorities.model import Condition, Preference, Rule

__all__ = ["simplified"]


def simplified(rule: Rule) -> Rule:
    """A rule that takes the same actions, without conditions that others imply and preferences that none can meet."""
    *preferred, fallback = rule.preferences
    kept: list[Preference] = []
    for preference in preferred:
        if not any(_implied(known.conditions, preference.conditions) for known in kept):
            kept.append(replace(preference, conditions=_tightest(preference.conditions)))
    return replace(rule, preferences=(*kept, fallback))


def _tightest(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(
        condition
        for place, condition in enumerate(conditions)
        if not any(
            _implies(other, condition) and (at < place or not _implies(condition, other))
            for at, other in enumerate(conditions)
            if at != place
        )
    )


def _implied(conditions: Iterable[Condition], by: tuple[Condition, ...]) -> bool:
    return all(any(_implies(given, condition) for given in by) for condition in conditions)


def _implies(given: Condition, other: Condition) -> bool:
    if (given.feature, given.at_most) != (other.feature, other.at_most):
        return False
    return given.level <= other.level if given.at_most else given.level >= other.level
