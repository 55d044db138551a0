"""Episodes: the referee's domain, and someone who acts in it, until it ends or the steps run out."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from skdecide import Domain
from skdecide.builders.domain import Goals, SingleAgent

from skdecide_elm.core import Seedable
from skdecide_elm.domain_api.characteristics import has_restricted_actions, is_multi_agent
from skdecide_elm.evaluation.actions import sendable_space

__all__ = ["Actor", "Episode", "Position", "episode_seed", "run_episode", "seed_generators"]


class Actor(Protocol):
    """Who chooses the actions of an episode."""

    def begin(self, instance: int, seed: int) -> None:
        """An episode begins on the instance of that number."""

    def act(self, observation: Any, space: Any, *sent: Any) -> Any:
        """The next action, which must be in ``space``; ``sent``: what the planner sees of it, if restricted."""


@dataclass
class Position:
    """Where an evaluation is, counted from 1; it tells where a failure happened."""

    instance: int = 0
    episode: int = 0
    step: int = 0

    def __str__(self) -> str:
        return f"step {self.step} of episode {self.episode} on instance {self.instance}"


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


def episode_seed(seed: int, role: str, instance: int, episode: int) -> int:
    """The seed of one episode for a role, ``domain`` or ``planner``: the same for every program.

    So programs are compared on the same luck (common random numbers), and no planner can draw what its domain draws.
    """
    return random.Random(f"{seed}/{role}/{instance}/{episode}").getrandbits(32)


def seed_generators(seed: int) -> None:
    """Fix `random` and `numpy.random`."""
    random.seed(seed)
    np.random.seed(seed)


def run_episode(
    domain: Domain, actor: Actor, instance: int, max_steps: int, seeds: tuple[int, int], position: Position
) -> Episode:
    """Run one seeded episode.

    No observation or action is formatted: scikit-decide's own rollout spends more time on strings than on steps.

    Args:
        seeds: of the domain and of the planner.
        position: kept up to date, for the message of a failure.
    """
    actor.begin(instance, seeds[1])
    seed_generators(seeds[0])
    if isinstance(domain, Seedable):
        domain.seed(seeds[0])
    observation = domain.reset()
    choose = _chooser(domain, actor)
    single_agent = isinstance(domain, SingleAgent)
    cost, terminated = 0.0, False
    position.step = 0
    while not terminated and position.step < max_steps:
        position.step += 1
        outcome = domain.step(choose(observation))
        observation = outcome.observation
        cost += outcome.value.cost if single_agent else sum(v.cost for v in outcome.value.values())
        terminated = bool(outcome.termination if single_agent else all(outcome.termination.values()))
    return Episode(float(cost), position.step, _goal_reached(domain, observation), terminated, max_steps)


def _chooser(domain: Domain, actor: Actor) -> Callable[[Any], Any]:
    """How the actor is asked on this domain, decided once per episode rather than at each step."""
    if not has_restricted_actions(domain):
        space = domain.get_action_space()
        return lambda observation: actor.act(observation, space)
    applicable = domain.get_applicable_actions()
    if is_multi_agent(domain):
        send = {agent: sendable_space(space) for agent, space in applicable.items()}

        def choose_jointly(observation: Any) -> Any:
            spaces = domain.get_applicable_actions()
            return actor.act(observation, spaces, {agent: send[agent](space) for agent, space in spaces.items()})

        return choose_jointly
    send_space = sendable_space(applicable)

    def choose(observation: Any) -> Any:
        space = domain.get_applicable_actions()
        return actor.act(observation, space, send_space(space))

    return choose


def _goal_reached(domain: Domain, observation: Any) -> bool | None:
    if not isinstance(domain, Goals):
        return None
    reached = domain.is_goal(observation)
    return all(reached.values()) if isinstance(reached, dict) else bool(reached)
