"""New controllers, drawn at random from what control engineers use.

Random linear policies are a strong baseline in classic control (Mania, Guy & Recht 2018). A rate times a function of
the energy drives a system up or down (energy shaping, Åström & Furuta 2000), and one law near the target with another
far from it brings it to rest there. Which way a push moves a rate has been observed; a law that uses it mostly resists
a motion where it is to come to rest, and drives a slow one and brakes a fast one where energy is to be reached.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from skdecide_elm.llm.embedded.controllers.model import Answer, Controller, Node, Sum, Switch, Term
from skdecide_elm.llm.embedded.features import Feature, features_of
from skdecide_elm.llm.embedded.idioms.base import Setting

__all__ = [
    "answers",
    "chooses_actions",
    "draft",
    "random_actions",
    "random_catch",
    "random_product",
    "random_sum",
    "random_switch",
    "random_weight",
]

_MAX_FACTORS = 3
_SPREAD = (0.3, 12.0)
_BIAS_SHARE = 0.25
_MOST_ANSWERS = 3
_ANY_ACTIONS = 0.6
"""How often a controller of many actions uses any two or three, in no order."""

_HEEDED = 0.8
"""How often the signs of the weights follow from what a push does, where that is known."""


def draft(setting: Setting, rng: random.Random) -> Controller:
    """A controller for a setting that suits one."""
    features = features_of(setting.profile)
    node = _random_node(features, rng)
    answer = rng.choice(answers(setting))
    return Controller(
        node, answer, random_actions(setting, answer, rng), rng.uniform(0.0, 0.5) if answer == "rest" else 0.0
    )


def _random_node(features: Sequence[Feature], rng: random.Random) -> Node:
    """One law for all observations, one of two by a condition, or a swing up with a catch."""
    kind = rng.choices(("sum", "switch", "catch"), (5, 2, 3))[0]
    if kind == "catch" and (caught := random_catch(features, rng)) is not None:
        return caught
    node = random_sum(features, rng)
    return random_switch(features, rng, node, random_sum(features, rng)) if kind == "switch" else node


def random_catch(features: Sequence[Feature], rng: random.Random, far: Node | None = None) -> Switch | None:
    """A law that brings a place or an angle to rest near zero, and ``far`` (an energy law) elsewhere.

    None where no feature's rate is known.
    """
    owners = [feature for feature in features if feature.rate]
    if not owners:
        return None
    owner = rng.choice(owners)
    rate = next(feature for feature in features if feature.name == owner.rate)
    resisting = -rate.response if rng.random() < _HEEDED else 0
    near = Sum(tuple(Term((name,), _signed(resisting, rng)) for name in (owner.name, rate.name)))
    return Switch(owner.name, True, rng.uniform(0.05, 0.4), near, far or _energy_law(features, rate, rng))


def answers(setting: Setting) -> tuple[Answer, ...]:
    """The ways to answer that the actions allow, the likelier ones more than once."""
    if setting.all_actions is None:
        return ("clip", "clip", "bang")
    return ("either",) if (setting.profile.actions.size or 2) == 2 else ("either", "either", "either", "rest")


def chooses_actions(setting: Setting) -> bool:
    """Whether there are more listed actions than a controller answers."""
    return setting.all_actions is not None and (setting.profile.actions.size or 2) > _MOST_ANSWERS


def random_actions(setting: Setting, answer: Answer, rng: random.Random) -> tuple[int, int, int]:
    """The listed actions for a push below, about and above zero.

    The first and the last, which often lie in an order, with the middle one between; of more than three actions, any
    others as well.
    """
    size = setting.profile.actions.size or 2
    if chooses_actions(setting) and rng.random() < _ANY_ACTIONS:
        below, about, above = rng.sample(range(size), _MOST_ANSWERS)
        return (below, about, above) if answer == "rest" else (below, 0, above)
    return (0, size // 2, -1) if answer == "rest" else (0, 0, -1)


def random_weight(rng: random.Random) -> float:
    """Either sign, and any order of magnitude about 1."""
    low, high = _SPREAD
    size: float = low * (high / low) ** rng.random()
    return rng.choice((-1, 1)) * size


def _signed(sign: int, rng: random.Random) -> float:
    """A weight with a sign, or either one for 0."""
    weight = random_weight(rng)
    return abs(weight) * sign if sign else weight


def random_sum(features: Sequence[Feature], rng: random.Random) -> Sum:
    """A linear function, one with a product, or a rate times a function of the energy."""
    kind = rng.choices(("linear", "product", "energy"), (4, 1, 2))[0]
    rates = [feature for feature in features if feature.role == "rate"]
    if kind == "energy" and rates:
        return _energy_law(features, rng.choice(rates), rng)
    terms: dict[tuple[str, ...], float] = {(name,): random_weight(rng) for name in _some_names(features, rng)}
    if kind == "product":
        terms[random_product(features, rng)] = random_weight(rng)
    if rng.random() < _BIAS_SHARE:
        terms[()] = random_weight(rng) / 3
    return Sum(tuple(Term(factors, weight) for factors, weight in terms.items()))


def _some_names(features: Sequence[Feature], rng: random.Random) -> list[str]:
    """Some features in their order, or all that matter; cosines and sines only where there is no angle."""
    names = [feature.name for feature in features if feature.role != "circle"] or [features[0].name]
    if rng.random() < 0.4:
        return names
    count = rng.randint(1, min(4, len(names)))
    chosen = set(rng.sample(names, count))
    return [name for name in names if name in chosen]


def _energy_law(features: Sequence[Feature], rate: Feature, rng: random.Random) -> Sum:
    """The rate times (a level − kinetic − potential energy)."""
    owner = next((feature for feature in features if feature.rate == rate.name), None)
    circle = "" if owner is None else owner.name.replace("angle", "cosine")
    if owner is not None and owner.role == "angle" and any(feature.name == circle for feature in features):
        height: tuple[str, ...] = (circle,)
    else:
        height = () if owner is None else (owner.name,) * rng.choice((1, 2))
    drive = rate.response if rng.random() < _HEEDED else 0
    signs = {(rate.name,) * 3: -drive, tuple(sorted((rate.name, *height))): 0, (rate.name,): drive}
    return Sum(tuple(Term(factors, _signed(sign, rng)) for factors, sign in reversed(signs.items())))


def random_product(features: Sequence[Feature], rng: random.Random) -> tuple[str, ...]:
    """Factors of a term of the second or third degree."""
    names = [feature.name for feature in features]
    return tuple(sorted(rng.choice(names) for _ in range(rng.choice((2, 2, _MAX_FACTORS)))))


def random_switch(features: Sequence[Feature], rng: random.Random, near: Node, far: Node) -> Switch:
    """A condition on a place or an angle, less often on another feature."""
    places = [feature for feature in features if feature.role in ("place", "angle")]
    feature = rng.choice(places if places and rng.random() < 0.7 else list(features))
    window = rng.random() < 0.6
    level = rng.uniform(0.05, 0.6) if window else rng.uniform(-0.5, 0.5)
    return Switch(feature.name, window, level, near, far)
