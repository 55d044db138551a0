"""Behaviour descriptors: numbers that say how a program acts, from its episodes alone and for any domain."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any

import numpy as np

from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation.rollout import Episode

__all__ = ["BEHAVIOUR", "DescriptorHook", "behaviour", "hashable", "user_descriptors"]

DescriptorHook = Callable[[Sequence[Episode]], Mapping[str, float]]
"""A user's own descriptors: from the episodes to numbers by name."""


def mean_steps(episodes: Sequence[Episode]) -> float:
    """Mean number of steps of an episode."""
    return fmean(episode.steps for episode in episodes)


def cost_spread(episodes: Sequence[Episode]) -> float:
    """Standard deviation of the episodes' costs."""
    return pstdev(episode.cost for episode in episodes)


def goal_rate(episodes: Sequence[Episode]) -> float:
    """Share of the episodes that end in a goal."""
    return fmean(bool(episode.goal_reached) for episode in episodes)


def action_entropy(episodes: Sequence[Episode]) -> float:
    """Entropy of the actions taken, in bits: 0 if it is always the same one."""
    counts = Counter(hashable(action) for episode in episodes for action in episode.actions)
    total = counts.total()
    return math.fsum(-n / total * math.log2(n / total) for n in counts.values()) + 0.0 if total else 0.0


def distinct_observations(episodes: Sequence[Episode]) -> float:
    """Share of an episode's observations that it had not seen before, on average: 1 if it never comes back."""
    shares = [
        len({hashable(observation) for observation in episode.observations}) / len(episode.observations)
        for episode in episodes
        if episode.observations
    ]
    return fmean(shares) if shares else 0.0


BEHAVIOUR: dict[str, Callable[[Sequence[Episode]], float]] = {
    function.__name__: function for function in (mean_steps, cost_spread, action_entropy, distinct_observations)
}
"""Descriptors of every domain, by name; `goal_rate` joins them where the domain has goals."""


def behaviour(episodes: Sequence[Episode]) -> dict[str, float]:
    """All descriptors that fit the domain."""
    found = {name: function(episodes) for name, function in BEHAVIOUR.items()}
    if any(episode.goal_reached is not None for episode in episodes):
        found["goal_rate"] = goal_rate(episodes)
    return found


def user_descriptors(hook: DescriptorHook, episodes: Sequence[Episode]) -> dict[str, float]:
    """What a user's hook says.

    Raises:
        ConfigError: it does not return numbers by name.
    """
    found = hook(episodes)
    if not isinstance(found, Mapping) or not all(isinstance(v, (int, float)) for v in found.values()):
        raise ConfigError(f"expected the descriptor to return a dict of numbers by name; found {str(found)[:200]}")
    return {str(name): float(value) for name, value in found.items()}


def hashable(value: Any) -> Hashable:
    """Something hashable that is equal for equal observations or actions."""
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, Mapping):
        return tuple((hashable(k), hashable(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(hashable(item) for item in value)
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value if isinstance(value, Hashable) else repr(value)
