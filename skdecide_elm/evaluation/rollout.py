"""Pure episodes: a planner acts in a domain until it ends or the steps run out."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from skdecide import Domain
from skdecide.builders.domain import Goals, SingleAgent

from skdecide_elm.bridges import Bridge, act
from skdecide_elm.core import Planner, Seedable
from skdecide_elm.domain_api.characteristics import has_restricted_actions

__all__ = ["Episode", "episode_seed", "run_episode", "seed_everything"]


@dataclass(frozen=True)
class Episode:
    """What one rollout came to.

    Attributes:
        cost: sum of the costs of its steps (over all agents).
        steps: number of actions taken.
        goal_reached: whether the last observation is a goal; None where the domain has no goals.
        terminated: whether the domain ended the episode; False when it was cut at `max_steps`.
        max_steps: where it would have been cut.
    """

    cost: float
    steps: int
    goal_reached: bool | None
    terminated: bool
    max_steps: int

    @property
    def cut(self) -> bool:
        """Whether the step limit ended it, rather than the domain."""
        return not self.terminated


def episode_seed(seed: int, instance: int, episode: int) -> int:
    """The seed of one episode: the same for every program, so that programs are compared on the same luck."""
    return random.Random(f"{seed}/{instance}/{episode}").getrandbits(32)


def seed_everything(seed: int, domain: Domain) -> None:
    """Fix `random`, `numpy.random` and, where it can be seeded, the domain."""
    random.seed(seed)
    np.random.seed(seed)
    if isinstance(domain, Seedable):
        domain.seed(seed)


def run_episode(
    domain: Domain, make_planner: Callable[[], Planner], bridge: Bridge, max_steps: int, seed: int
) -> Episode:
    """Run one seeded episode of a fresh planner.

    No observation or action is formatted: scikit-decide's own rollout spends more time on strings than on steps.
    """
    seed_everything(seed, domain)
    planner = make_planner()
    restricted = has_restricted_actions(domain)
    single_agent = isinstance(domain, SingleAgent)
    observation = domain.reset()
    cost, steps, terminated = 0.0, 0, False
    while not terminated and steps < max_steps:
        outcome = domain.step(act(bridge, planner, observation, domain, restricted))
        observation = outcome.observation
        steps += 1
        cost += outcome.value.cost if single_agent else sum(v.cost for v in outcome.value.values())
        terminated = bool(outcome.termination if single_agent else all(outcome.termination.values()))
    return Episode(float(cost), steps, _goal_reached(domain, observation), terminated, max_steps)


def _goal_reached(domain: Domain, observation: Any) -> bool | None:
    if not isinstance(domain, Goals):
        return None
    reached = domain.is_goal(observation)
    return all(reached.values()) if isinstance(reached, dict) else bool(reached)
