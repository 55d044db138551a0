"""Behaviour descriptors: numbers that say how a program acts, from its episodes alone and for any domain.

They span the behaviour space of quality-diversity search (Mouret and Clune, 2015): cells that hold programs which act
differently, however similar their scores are.
"""

from __future__ import annotations

import math
import pickle
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from enum import Enum
from numbers import Real
from statistics import fmean, pstdev
from typing import Any, TypeAlias

import numpy as np

from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation.rollout import Episode
from skdecide_elm.evaluation.trace import RECORDED_STEPS, Recording

__all__ = [
    "DESCRIPTORS",
    "REPRODUCIBLE_DESCRIPTORS",
    "DescriptorHook",
    "action_entropy",
    "check_descriptors",
    "cost_spread",
    "decision_time",
    "describe",
    "distinct_observations",
    "goal_rate",
    "mean_steps",
    "recording_for",
]

DescriptorHook: TypeAlias = Callable[[Sequence[Episode]], Mapping[str, float]]
"""A user's own descriptors: from the episodes, with their observations and actions, to numbers by name."""

_BINS = 10
_SIMPLE = (str, int, float, Enum, np.generic)


def mean_steps(episodes: Sequence[Episode]) -> float:
    """Mean number of steps of an episode."""
    return fmean(episode.steps for episode in episodes)


def goal_rate(episodes: Sequence[Episode]) -> float | None:
    """Share of the episodes that end in a goal; None where the domain has no goals."""
    reached = [episode.goal_reached for episode in episodes if episode.goal_reached is not None]
    return fmean(map(float, reached)) if reached else None


def cost_spread(episodes: Sequence[Episode]) -> float:
    """Standard deviation of the episodes' costs."""
    return pstdev(episode.cost for episode in episodes)


def action_entropy(episodes: Sequence[Episode]) -> float:
    """Entropy of the actions' histogram, in bits: 0 if it is always the same action.

    Each number of an action from a box falls into one of ten bins between its bounds.
    """
    counts: Counter[Hashable] = Counter()
    for episode in episodes:
        counts.update(_keys(episode))
    total = sum(counts.values())
    return math.fsum(-n / total * math.log2(n / total) for n in counts.values()) + 0.0 if total else 0.0


def distinct_observations(episodes: Sequence[Episode]) -> float:
    """Share of an episode's observations that it had not met before, mean over episodes: 1 if it never comes back.

    Where actions are restricted, an observation counts together with what is applicable.
    """
    shares = [len(episode.trace.seen) / min(episode.steps, RECORDED_STEPS) for episode in episodes if episode.steps]
    return fmean(shares) if shares else 0.0


def decision_time(episodes: Sequence[Episode]) -> float:
    """Mean seconds from a question to the planner to its answer; not reproducible."""
    steps = sum(episode.steps for episode in episodes)
    return math.fsum(episode.trace.seconds for episode in episodes) / steps if steps else 0.0


_ALL = (mean_steps, goal_rate, cost_spread, action_entropy, distinct_observations, decision_time)
DESCRIPTORS: Mapping[str, Callable[[Sequence[Episode]], float | None]] = {fn.__name__: fn for fn in _ALL}
"""The descriptors that every domain has, by the names that metrics give them."""

REPRODUCIBLE_DESCRIPTORS = tuple(name for name in DESCRIPTORS if name != "decision_time")
"""Those that are the same whenever the program is evaluated."""


def check_descriptors(names: Iterable[str]) -> None:
    """Check that there are such descriptors.

    Raises:
        ConfigError: there are not.
    """
    unknown = [name for name in names if name not in DESCRIPTORS]
    if unknown:
        raise ConfigError(
            f"expected descriptors among {', '.join(DESCRIPTORS)}; found {', '.join(map(repr, unknown))}; "
            "give the parameter descriptor a function for descriptors of your own"
        )


def recording_for(names: Sequence[str], hook: DescriptorHook | None) -> Recording:
    """What must be recorded of the episodes for these descriptors."""
    return Recording("distinct_observations" in names, "action_entropy" in names, hook is not None)


def describe(
    episodes: Sequence[Episode], names: Sequence[str], hook: DescriptorHook | None, metrics: Mapping[str, float]
) -> dict[str, float]:
    """The metrics, and beside them the descriptors of those names that fit the domain, and what the user's hook says.

    Raises:
        EvaluationError: the hook returns something else than numbers by new names. What it raises comes out as it is.
    """
    found = {name: DESCRIPTORS[name](episodes) for name in names}
    described = {**metrics, **{name: value for name, value in found.items() if value is not None}}
    return described if hook is None else {**described, **_checked(hook(episodes), described)}


def _checked(answer: Any, taken: Mapping[str, float]) -> dict[str, float]:
    if not isinstance(answer, Mapping):
        raise EvaluationError(f"expected descriptor() to return numbers by name; found a {type(answer).__name__}")
    for name, value in answer.items():
        if not isinstance(name, str) or not isinstance(value, Real):
            raise EvaluationError(
                f"expected descriptor() to return numbers by name; found {str(name)[:100]!r}: a {type(value).__name__}"
            )
        if name in taken:
            raise EvaluationError(f"expected descriptor() to return new names; found {name!r}")
    return {name: float(value) for name, value in answer.items()}


def _keys(episode: Episode) -> Iterable[Hashable]:
    actions = episode.trace.actions
    bounds = _bounds(episode.action_space)
    if bounds is not None and actions:
        return _binned(np.asarray(actions, float).reshape(len(actions), -1), *bounds)
    return map(_key, actions)


def _bounds(space: Any) -> tuple[Any, Any] | None:
    """Lower and upper bounds of a space of numbers; None for others."""
    box: Any = space.unwrapped() if hasattr(space, "unwrapped") else None
    return (box.low.ravel(), box.high.ravel()) if hasattr(box, "low") and hasattr(box, "high") else None


def _binned(actions: Any, low: Any, high: Any) -> list[Hashable]:
    """A bin per number; where there are no bounds, of the number squashed between −1 and 1."""
    bounded = np.isfinite(low) & np.isfinite(high)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(bounded, (actions - low) / (high - low), 0.5 + np.arctan(actions) / np.pi)
    bins = np.clip(np.nan_to_num(shares * _BINS), 0, _BINS - 1).astype(np.int8)
    return [row.tobytes() for row in bins]


def _key(action: Any) -> Hashable:
    """Something hashable that is equal for actions which are written alike."""
    if isinstance(action, _SIMPLE) or action is None:
        return action
    if isinstance(action, np.ndarray):
        return action.shape, action.tobytes()
    if isinstance(action, Mapping):
        return tuple((_key(name), _key(part)) for name, part in action.items())
    if isinstance(action, (list, tuple)):
        return tuple(map(_key, action))
    try:
        return pickle.dumps(action)
    except (pickle.PicklingError, TypeError, AttributeError):
        return repr(action)
