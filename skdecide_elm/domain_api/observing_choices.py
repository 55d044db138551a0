"""What random episodes tell of listed actions: the numbers by which those that are open at the same time differ."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.core import Seedable
from skdecide_elm.domain_api.space_profile import fields_of
from skdecide_elm.domain_api.view import AS_IT_IS, View
from skdecide_elm.llm.profile import ChoiceProfile, FieldProfile

__all__ = ["Decision", "choices_of", "observe_choices"]

_EPISODES = 4
_STEPS = 200
_MOST_FEATURES = 24
_KEPT = 150
"""Decisions, of all that were observed, whose numbers are kept."""

_COMPARABLE = 30.0
"""A difference of two numbers means something where the one is at most this many times as large as the other."""

_CORRELATED = 0.3

_MARKS = (0.0, 0.25, 0.5, 0.75)
"""Shares of a number's values that are levels of a difference to it too: what is left may be as large as it is."""

_SHARES = (0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.94, 0.97, 0.99, 1.0)

_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """What was observed when one of several actions had to be chosen."""

    observation: Any
    actions: Sequence[Any]


@dataclass(frozen=True)
class _Feature:
    """A number per action at each decision, and how a program computes it."""

    name: str
    expression: str
    values: tuple[_Numbers, ...]
    ranks: bool = True
    has_levels: bool = True
    marks: tuple[float, ...] = ()
    """Further levels, which count as far as they lie among the values."""

    def differs(self) -> bool:
        """Whether actions that are open at the same time differ in it."""
        return any(np.ptp(values) > 0 for values in self.values) and all(np.isfinite(v).all() for v in self.values)

    def profile(self) -> ChoiceProfile:
        together = np.concatenate(self.values)
        spreads = [float(values.std()) for values in self.values if np.ptp(values) > 0]
        shares = _SHARES if self.has_levels else ()
        marks = [mark for mark in self.marks if together.min() <= mark <= together.max()]
        levels = sorted({_short(level) for level in [*np.quantile(together, shares, method="nearest"), *marks]})
        integer = bool((together == np.rint(together)).all())
        return ChoiceProfile(
            self.name,
            self.expression,
            tuple(levels),
            _short(float(np.median(spreads))),
            integer,
            self.ranks,
            self.values[:: math.ceil(len(self.values) / _KEPT)],
        )


def observe_choices(domain: Any, view: View = AS_IT_IS) -> tuple[ChoiceProfile, ...]:
    """The numbers by which the actions that the planner chooses from differ; empty where they cannot be listed.

    Plays random episodes on ``domain``: pass a copy that nobody rolls out.

    Args:
        view: how the planner meets the domain.
    """
    rng = np.random.default_rng(0)
    if isinstance(domain, Seedable):
        domain.seed(0)
    return choices_of([decision for _ in range(_EPISODES) for decision in _episode(domain, rng, view)])


def choices_of(decisions: Sequence[Decision]) -> tuple[ChoiceProfile, ...]:
    """The numbers by which actions differ: entries of observed arrays at which they point, or attributes of their own.

    Beside each, its difference to and its ratio with an observed number, where these make sense.
    """
    decisions = [decision for decision in decisions if len(decision.actions) > 1]
    if not decisions:
        return ()
    seen = fields_of(decisions[0].observation)
    own = [*_pointed_at(decisions, seen), *_attributes(decisions, fields_of(decisions[0].actions[0]))]
    numbers_seen = [field for field in seen if field.length is None]
    derived = [new for feature in own for field in numbers_seen for new in _derived(feature, field, decisions)]
    kept = [feature for feature in [*own, *derived] if feature.differs()]
    if kept:
        kept = [*kept[: _MOST_FEATURES - 1], _place(decisions)]
    return tuple(feature.profile() for feature in kept)


def _episode(domain: Any, rng: np.random.Generator, view: View) -> Iterator[Decision]:
    observation = domain.reset()
    for _ in range(_STEPS):
        applicable = domain.get_applicable_actions()
        actions, choices = AS_IT_IS.choices(applicable), view.choices(applicable)
        if not actions or not choices:
            return
        yield Decision(view.observation(observation), choices)
        outcome = domain.step(actions[rng.integers(len(actions))])
        observation = outcome.observation
        if outcome.termination:
            return


def _pointed_at(decisions: Sequence[Decision], fields: Iterable[FieldProfile]) -> Iterator[_Feature]:
    """The arrays into which every action was an index."""
    actions = [action for decision in decisions for action in decision.actions]
    if not all(isinstance(action, numbers.Integral) and int(action) >= 0 for action in actions):
        return
    for field in fields:
        arrays = [_part(decision.observation, field.access) for decision in decisions]
        if field.length is None or any(
            max(decision.actions) >= len(array) for decision, array in zip(decisions, arrays, strict=True)
        ):
            continue
        values = tuple(
            np.asarray(array, dtype=np.float64)[decision.actions]
            for decision, array in zip(decisions, arrays, strict=True)
        )
        source = f"observation{field.access}"
        source = source if isinstance(arrays[0], np.ndarray) else f"np.asarray({source})"
        yield _Feature(field.name, f"{source}[actions]", values)


def _attributes(decisions: Sequence[Decision], fields: Iterable[FieldProfile]) -> Iterator[_Feature]:
    """The numbers that the actions themselves hold."""
    for field in fields:
        if field.length is None:
            values = tuple(
                np.array([_part(action, field.access) for action in decision.actions], dtype=np.float64)
                for decision in decisions
            )
            yield _Feature(field.name, f"np.array([action{field.access} for action in actions])", values)


def _derived(feature: _Feature, field: FieldProfile, decisions: Sequence[Decision]) -> Iterator[_Feature]:
    """The feature's difference to an observed number, which orders the actions alike, and its ratio with it."""
    others = [float(_part(decision.observation, field.access)) for decision in decisions]
    sizes = [max(float(np.abs(v).max()) for v in feature.values), max(map(abs, others))]
    if min(sizes) * _COMPARABLE < max(sizes) or not _grows_with(feature.values, others):
        return
    access = f"observation{field.access}"
    pairs = list(zip(feature.values, others, strict=True))
    differences = tuple(values - other for values, other in pairs)
    marks = tuple(np.quantile(others, _MARKS, method="nearest").tolist())
    yield _Feature(f"{feature.name}_less_{field.name}", f"{feature.name} - {access}", differences, False, marks=marks)
    if all(other > 0 for other in others):
        ratios = tuple(values / other for values, other in pairs)
        yield _Feature(f"{feature.name}_per_{field.name}", f"{feature.name} / {access}", ratios, ranks=False)


def _grows_with(values: Sequence[_Numbers], others: Sequence[float]) -> bool:
    """Whether decisions with a large number are those with large values: both then measure the same."""
    means = [float(entries.mean()) for entries in values]
    if np.ptp(means) == 0 or np.ptp(others) == 0:
        return False
    return bool(np.corrcoef(means, others)[0, 1] > _CORRELATED)


def _place(decisions: Sequence[Decision]) -> _Feature:
    values = tuple(np.arange(len(decision.actions), dtype=np.float64) for decision in decisions)
    return _Feature("place", "np.arange(len(actions))", values, has_levels=False)


def _part(value: Any, access: str) -> Any:
    """What an access such as ``.item``, ``["item"]`` or ``[0]`` leads to."""
    if access.startswith("."):
        return getattr(value, access[1:])
    key = access[1:-1]
    return value[int(key)] if key.isdigit() else value[key[1:-1]]


def _short(value: float) -> float:
    return float(f"{value:.3g}")
