"""Typed edits of priority rules: what genetic programming (Koza 1992) calls mutation, on this grammar."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from skdecide_elm.llm.embedded.priorities.drafts import (
    normalised,
    random_condition,
    random_index,
    random_preference,
    random_term,
)
from skdecide_elm.llm.embedded.priorities.model import Condition, Preference, Rule, Term
from skdecide_elm.llm.profile import ChoiceProfile

__all__ = ["EDITS", "Edit", "measured"]

_MAX_TERMS = 6
_MAX_CONDITIONS = 2

Edit: TypeAlias = Callable[[Rule, Sequence[ChoiceProfile], random.Random], "Rule | None"]
"""Makes another rule, if there is anything to edit in that way; its docstring says to the reader what was done."""


def _pick(rule: Rule, rng: random.Random) -> tuple[int, Preference]:
    at = rng.randrange(len(rule.preferences))
    return at, rule.preferences[at]


def _add_term(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Let another quantity matter a little."""
    at, preference = _pick(rule, rng)
    term = random_term(features, rng)
    if len(preference.index) >= _MAX_TERMS or term.factors in {known.factors for known in preference.index}:
        return None
    return rule.spliced(at, 1, replace(preference, index=normalised((*preference.index, term))))


def _drop_term(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Leave a quantity out."""
    at, preference = _pick(rule, rng)
    if not preference.index:
        return None
    dropped = rng.randrange(len(preference.index))
    index = preference.index[:dropped] + preference.index[dropped + 1 :]
    return rule.spliced(at, 1, replace(preference, index=normalised(index)))


def _swap_term(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Look at another quantity."""
    at, preference = _pick(rule, rng)
    term = random_term(features, rng)
    if not preference.index or term.factors in {known.factors for known in preference.index}:
        return None
    index = [*preference.index]
    where = rng.randrange(len(index))
    index[where] = replace(term, weight=index[where].weight * rng.choice((-1, 1)))
    return rule.spliced(at, 1, replace(preference, index=normalised(index)))


def _reorder(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Order the actions of a preference in another way."""
    at, preference = _pick(rule, rng)
    if preference.index and rng.random() < 0.3:
        index = tuple(replace(term, weight=-term.weight) for term in preference.index)
    else:
        index = random_index(features, rng, sums=not preference.conditions)
    return rule.spliced(at, 1, replace(preference, index=index))


def _aim(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Prefer what is near a level to what is beyond it, as one preference or in place of all that follow."""
    at, preference = _pick(rule, rng)
    known = preference.conditions or [c for other in rule.preferences for c in other.conditions]
    if not known:
        return None
    condition = rng.choice(known)
    index = (Term((condition.feature,), -1.0, _near(condition.level, condition.feature, features, rng)),)
    if rng.random() < 0.5:
        return rule.spliced(at, 1, replace(preference, index=index))
    return rule.spliced(at, len(rule.preferences), Preference((), index))


def _no_longer_aim(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Prefer what is beyond a level, in the order of the list, to what is near it."""
    terms = [(at, term) for at, preference in enumerate(rule.preferences) for term in preference.index]
    aims = [(at, term.factors[0], term.target) for at, term in terms if term.target is not None]
    if not aims:
        return None
    at, feature, target = rng.choice(aims)
    beyond = Preference((Condition(feature, False, _near(target, feature, features, rng)),), ())
    return rule.spliced(at, 0, beyond)


def _near(level: float, name: str, features: Sequence[ChoiceProfile], rng: random.Random, size: float = 1.0) -> float:
    """Another level of a feature, not far away, and not beyond what was seen: there it would say nothing."""
    levels = _levels(name, features)
    return min(max(rng.gauss(level, size * (levels[-1] - levels[0]) / 10), levels[0]), levels[-1])


def _levels(name: str, features: Sequence[ChoiceProfile]) -> Sequence[float]:
    return next(feature.levels for feature in features if feature.name == name)


def _prefer(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Prefer some actions to others."""
    at = rng.randrange(len(rule.preferences))
    new = random_preference(features, rng)
    return rule.spliced(at, 0, new)


def _no_longer_prefer(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Do without a preference."""
    if len(rule.preferences) < 2:
        return None
    at = rng.randrange(len(rule.preferences) - 1)
    return rule.spliced(at, 1)


def _move_condition(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Prefer under another condition."""
    at, preference = _pick(rule, rng)
    if not preference.conditions:
        return None
    new, where = random_condition(features, rng), rng.randrange(len(preference.conditions))
    conditions = (*preference.conditions[:where], new, *preference.conditions[where + 1 :])
    return rule.spliced(at, 1, replace(preference, conditions=conditions))


def _move_level(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Draw a line, or aim, elsewhere."""
    at, preference = _pick(rule, rng)
    conditions, index = [*preference.conditions], [*preference.index]
    aims = [where for where, term in enumerate(index) if term.target is not None]
    if not conditions and not aims:
        return None
    where = rng.randrange(len(conditions) + len(aims))
    if where < len(conditions):
        level = rng.choice(_levels(conditions[where].feature, features))
        conditions[where] = replace(conditions[where], level=level)
    else:
        aim = aims[where - len(conditions)]
        index[aim] = replace(index[aim], target=rng.choice(_levels(index[aim].factors[0], features)))
    return rule.spliced(at, 1, Preference(tuple(conditions), tuple(index)))


def _swap_order(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Prefer one kind of actions to another that was preferred to it."""
    if len(rule.preferences) < 3:
        return None
    at = rng.randrange(len(rule.preferences) - 2)
    first, second = rule.preferences[at : at + 2]
    return rule.spliced(at, 2, second, first)


def _measure_otherwise(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Measure the same by another quantity, throughout."""
    used = {condition.feature for preference in rule.preferences for condition in preference.conditions}
    with_levels = {feature.name: feature for feature in features if feature.levels}
    if not used or len(with_levels) < 2:
        return None
    old = with_levels[rng.choice(sorted(used))]
    new = with_levels[rng.choice([name for name in with_levels if name != old.name])]
    return replace(rule, preferences=tuple(measured(preference, old, new) for preference in rule.preferences))


def measured(preference: Preference, old: ChoiceProfile, new: ChoiceProfile) -> Preference:
    """The preference with one feature for another, at levels that lie as high among the values seen."""
    old_values, new_values = np.concatenate(old.seen), np.concatenate(new.seen)

    def moved(level: float) -> float:
        return float(np.quantile(new_values, np.mean(old_values <= level)))

    conditions = tuple(
        replace(c, feature=new.name, level=moved(c.level)) if c.feature == old.name else c
        for c in preference.conditions
    )
    terms = [
        replace(
            t,
            factors=tuple(sorted(new.name if f == old.name else f for f in t.factors)),
            target=moved(t.target) if t.target is not None and old.name in t.factors else t.target,
        )
        for t in preference.index
    ]
    index = {term.factors: term for term in terms}
    return Preference(conditions, normalised(tuple(index.values())))


def _number_of_conditions(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Prefer under one condition more, or under one less."""
    at, preference = _pick(rule, rng)
    if not preference.conditions:
        return None
    conditions = preference.conditions[:-1] or (*preference.conditions, random_condition(features, rng))
    return rule.spliced(at, 1, replace(preference, conditions=conditions[:_MAX_CONDITIONS]))


def _shake(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """Move the constants."""
    size = rng.choice((0.1, 0.3, 1.0))

    def shaken(level: float, feature: str) -> float:
        return _near(level, feature, features, rng, size)

    return replace(
        rule,
        preferences=tuple(
            Preference(
                tuple(replace(c, level=shaken(c.level, c.feature)) for c in preference.conditions),
                normalised(
                    [
                        replace(
                            t,
                            weight=t.weight * (1 + size * rng.gauss(0, 0.5) if number else 1),
                            target=None if t.target is None else shaken(t.target, t.factors[0]),
                        )
                        for number, t in enumerate(preference.index)
                    ]
                ),
            )
            for preference in rule.preferences
        ),
    )


# several edits and crossover add preferences; the weight of the one that takes them away keeps rules short
EDITS: tuple[tuple[float, Edit], ...] = (
    (2.0, _add_term),
    (2.0, _drop_term),
    (2.0, _swap_term),
    (4.0, _reorder),
    (3.0, _aim),
    (3.0, _no_longer_aim),
    (2.0, _prefer),
    (3.0, _no_longer_prefer),
    (2.0, _move_condition),
    (1.0, _number_of_conditions),
    (2.0, _move_level),
    (1.0, _swap_order),
    (2.0, _measure_otherwise),
    (2.0, _shake),
)
