"""Pure episodes: a planner acts in a domain until it ends or the steps run out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skdecide import Domain
from skdecide.builders.domain import Goals, SingleAgent

from skdecide_elm.bridges import Bridge, act
from skdecide_elm.core import Planner
from skdecide_elm.domain_api.characteristics import has_restricted_actions
from skdecide_elm.evaluation.randomness import seed_everything

__all__ = ["Episode", "EpisodeError", "run_episode"]


class EpisodeError(Exception):
    """Something was raised in an episode: by the planner, or by the domain about its answer.

    The message says at which step; the cause is what was raised.
    """


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


def run_episode(
    domain: Domain, make_planner: Callable[[], Planner], bridge: Bridge, max_steps: int, seed: int, name: str = "it"
) -> Episode:
    """Run one seeded episode of a fresh planner.

    No observation or action is formatted: scikit-decide's own rollout spends more time on strings than on steps.

    Args:
        name: what an error calls the episode.

    Raises:
        EpisodeError: whatever is raised in the episode, SystemExit and KeyboardInterrupt included.
    """
    restricted = has_restricted_actions(domain)
    single_agent = isinstance(domain, SingleAgent)
    cost, step, terminated = 0.0, 0, False
    try:
        seed_everything(seed, domain)
        planner = make_planner()
        observation = domain.reset()
        while not terminated and step < max_steps:
            step += 1
            outcome = domain.step(act(bridge, planner, observation, domain, restricted))
            observation = outcome.observation
            cost += outcome.value.cost if single_agent else sum(v.cost for v in outcome.value.values())
            terminated = bool(outcome.termination if single_agent else all(outcome.termination.values()))
        return Episode(float(cost), step, _goal_reached(domain, observation), terminated, max_steps)
    except BaseException as error:
        raise EpisodeError(f"step {step} of {name}" if step else f"the start of {name}") from error


def _goal_reached(domain: Domain, observation: Any) -> bool | None:
    if not isinstance(domain, Goals):
        return None
    reached = domain.is_goal(observation)
    return all(reached.values()) if isinstance(reached, dict) else bool(reached)
