"""New priority rules, drawn at random: single features, weighted sums, and lists of preferences with thresholds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from skdecide_elm.llm.embedded.idioms.base import Setting
from skdecide_elm.llm.embedded.priorities.model import Condition, Preference, Rule, Term
from skdecide_elm.llm.profile import ChoiceProfile

__all__ = [
    "draft",
    "horizons",
    "normalised",
    "ordering",
    "random_condition",
    "random_distance",
    "random_index",
    "random_preference",
    "random_term",
    "simple_rules",
]

_HORIZONS = (10, 100, 1000)
_KINDS = ("sum", "sum", "sum", "list", "bands", "bands", "bands", "bands", "near", "near")
_SAME_KIND = 0.7
_TWO_CONDITIONS = 0.25
_BY_PLACE = 0.2
"""Chance that a preference orders its actions by nothing but their place in the list."""

_BY_DISTANCE = 0.15
"""Chance that it prefers the nearest to a level of a feature: what is neither small nor large may be best."""


def draft(setting: Setting, rng: random.Random, like: Rule | None = None) -> Rule:
    """A rule for a setting that suits one; mostly of the kind of one that was selected, if there is one."""
    features = setting.profile.choices
    with_levels = [feature for feature in features if len(feature.levels) > 2]
    kind = _kind(like) if like is not None and rng.random() < _SAME_KIND else rng.choice(_KINDS)
    if kind == "sum" or not with_levels:
        preferences: tuple[Preference, ...] = (Preference((), random_index(features, rng, sums=True)),)
    elif kind == "list":
        preferred = [random_preference(features, rng) for _ in range(rng.choice((1, 2)))]
        preferences = (*preferred, Preference((), random_index(features, rng, sums=False)))
    else:
        feature = rng.choice(_measured_by(like, with_levels))
        preferences = _bands(feature, features, rng) if kind == "bands" else _snug_or_near(feature, rng)
    return Rule(preferences, rng.choice(horizons(setting)))


def simple_rules(setting: Setting) -> list[Rule]:
    """The rules of one feature, in either direction: what a person would try first."""
    names = ordering(setting.profile.choices)
    return [Rule((Preference((), (Term((name,), sign),)),)) for name in names for sign in (1.0, -1.0)]


def ordering(features: Sequence[ChoiceProfile]) -> list[str]:
    """The names of the features that put actions into an order of their own."""
    return [feature.name for feature in features if feature.ranks]


def _kind(rule: Rule) -> str:
    if any(term.target is not None for term in rule.preferences[-1].index):
        return "near"
    return "sum" if len(rule.preferences) == 1 else "bands"


def _measured_by(like: Rule | None, features: list[ChoiceProfile]) -> list[ChoiceProfile]:
    """The features, more often those by which a rule prefers already."""
    used = () if like is None else {c.feature for preference in like.preferences for c in preference.conditions}
    return [*_by_meaning(features), *(feature for feature in features if feature.name in used)]


def _bands(feature: ChoiceProfile, features: Sequence[ChoiceProfile], rng: random.Random) -> tuple[Preference, ...]:
    """Small, middling and large values of one feature, one preferred to the other."""
    low, high = _two_levels(feature, len(feature.levels) // 2, rng)
    ends = [(small, (Condition(feature.name, small, low if small else high),)) for small in (True, False)]
    rng.shuffle(ends)
    preferred = [Preference(test, _band_index(feature, -1.0 if small else 1.0, features, rng)) for small, test in ends]
    return (*preferred, Preference((), _band_index(feature, rng.choice((-1.0, 1.0)), features, rng)))


def _two_levels(feature: ChoiceProfile, n_small: int, rng: random.Random) -> tuple[float, float]:
    """One of the small levels, and one above it."""
    low = rng.randrange(max(1, n_small))
    return feature.levels[low], rng.choice(feature.levels[low + 1 : -1])


def _snug_or_near(feature: ChoiceProfile, rng: random.Random) -> tuple[Preference, ...]:
    """The smallest value if it is small, else the nearest to a level: what is left shall be nothing, or of use."""
    low, target = _two_levels(feature, len(feature.levels) // 4, rng)
    snug = Preference((Condition(feature.name, True, low),), (Term((feature.name,), -1.0),))
    return snug, Preference((), (Term((feature.name,), -1.0, target),))


def _band_index(
    feature: ChoiceProfile, sign: float, features: Sequence[ChoiceProfile], rng: random.Random
) -> tuple[Term, ...]:
    """Mostly the feature itself, further in the same direction, or the place in the list."""
    kind = rng.choices(("further", "back", "place", "near", "other"), (4, 2, 4, 2, 1))[0]
    if kind == "place":
        return ()
    if kind == "near":
        return random_distance([feature], rng)
    return (
        random_index(features, rng, sums=False)
        if kind == "other"
        else (Term((feature.name,), sign if kind == "further" else -sign),)
    )


def horizons(setting: Setting) -> tuple[int, ...]:
    """How far a rule may be followed in the model; 0: it decides alone."""
    return (0, *_HORIZONS) if setting.profile.has_model else (0,)


def random_preference(features: Sequence[ChoiceProfile], rng: random.Random) -> Preference:
    """One or two conditions, and mostly a single feature as index."""
    count = 2 if rng.random() < _TWO_CONDITIONS else 1
    conditions = {(c.feature, c.at_most): c for c in (random_condition(features, rng) for _ in range(count))}
    return Preference(tuple(conditions.values()), random_index(features, rng, sums=False))


def random_condition(features: Sequence[ChoiceProfile], rng: random.Random) -> Condition:
    """A feature beyond a level that was seen; half of the time one of the extreme levels of its side."""
    return _condition(rng.choice(_by_meaning([f for f in features if f.levels])), rng.random() < 0.5, rng)


def _by_meaning(features: Sequence[ChoiceProfile]) -> list[ChoiceProfile]:
    """The features, differences to what is observed (a gap, a slack) three times: there a threshold means most."""
    return [
        feature
        for feature in features
        for _ in range(3 if "observation" in feature.expression.partition(" ")[2] else 1)
    ]


def _condition(feature: ChoiceProfile, at_most: bool, rng: random.Random) -> Condition:
    levels = feature.levels[:-1] if at_most else feature.levels[:0:-1]  # not all values on the other side of it
    some = levels[: max(1, len(levels) // 3)] if rng.random() < 0.5 else levels
    return Condition(feature.name, at_most, rng.choice(some or feature.levels))


def random_index(features: Sequence[ChoiceProfile], rng: random.Random, sums: bool) -> tuple[Term, ...]:
    """The place in the list, a single feature, or (``sums``) up to four terms."""
    if not sums and rng.random() < _BY_PLACE:
        return ()
    if rng.random() < _BY_DISTANCE and any(feature.levels for feature in features):
        return random_distance(features, rng)
    count = rng.choice((1, 2, 3, 4)) if sums else rng.choice((1, 1, 1, 1, 2))
    terms = {term.factors: term for term in (random_term(features, rng) for _ in range(count))}
    return normalised(tuple(terms.values()))


def random_distance(features: Sequence[ChoiceProfile], rng: random.Random) -> tuple[Term, ...]:
    """The nearest to a level that was seen."""
    feature = rng.choice(_by_meaning([f for f in features if f.levels]))
    return (Term((feature.name,), -1.0, rng.choice(feature.levels[1:-1] or feature.levels)),)


def random_term(features: Sequence[ChoiceProfile], rng: random.Random) -> Term:
    """A feature, less often a product of two, with a weight of either sign."""
    factors = [rng.choice(ordering(features))]
    if rng.random() < 0.1:
        factors.append(rng.choice([feature.name for feature in features]))
    return Term(tuple(sorted(factors)), rng.choice((-1, 1)) * rng.uniform(0.2, 2.0))


def normalised(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Terms in the same proportions, the first with the weight 1 or −1."""
    size = abs(terms[0].weight) if terms else 1.0
    return tuple(replace(term, weight=term.weight / size) for term in terms) if size else tuple(terms)
