"""Episodes: the referee's domain, and someone who acts in it, until it ends or the steps run out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from skdecide import Domain
from skdecide.builders.domain import Goals, Sequential, SingleAgent

from skdecide_elm.bridges import identity
from skdecide_elm.domain_api.characteristics import has_restricted_actions
from skdecide_elm.evaluation.actions import EventLists, SpaceSender
from skdecide_elm.evaluation.randomness import seed_everything

__all__ = ["Actor", "Episode", "Position", "run_episode"]


class Actor(Protocol):
    """Who chooses the actions of an episode."""

    def begin(self, instance: int, seed: int) -> None:
        """An episode begins on the instance of that number."""

    def act(self, observation: Any, space: Any, *sent: Any) -> Any:
        """The next action, which must be in ``space``; ``sent``: what the planner sees of it, if restricted."""


@dataclass
class Position:
    """Where an evaluation is; it tells where a failure happened.

    Attributes:
        episode: name of the episode, such as ``episode 2 of instance 3``; empty before the first.
        step: number of the step, from 1; 0 before the first.
    """

    episode: str = ""
    step: int = 0

    def __str__(self) -> str:
        return f"step {self.step} of {self.episode}" if self.step else f"the start of {self.episode or 'the program'}"


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
    domain: Domain, actor: Actor, instance: int, max_steps: int, seeds: tuple[int, int], position: Position
) -> Episode:
    """Run one seeded episode.

    No observation or action is formatted: scikit-decide's own rollout spends more time on strings than on steps.

    Args:
        seeds: of the domain and of the planner: no planner can draw what its domain draws.
        position: kept up to date, for the message of a failure.
    """
    actor.begin(instance, seeds[1])
    seed_everything(seeds[0], domain)
    choose, cost_of, over = _chooser(domain, actor), _cost_reader(domain), _termination_reader(domain)
    observation = domain.reset()
    total, terminated = 0.0, False
    position.step = 0
    while not terminated and position.step < max_steps:
        position.step += 1
        outcome = domain.step(choose(observation))
        total += cost_of(outcome.value)
        observation, terminated = outcome.observation, over(outcome.termination)
    return Episode(total, position.step, _goal_reached(domain, observation), terminated, max_steps)


def _cost_reader(domain: Domain) -> Callable[[Any], float]:
    if isinstance(domain, SingleAgent):
        return lambda value: float(value.cost)
    return lambda values: float(sum(value.cost for value in values.values()))


def _termination_reader(domain: Domain) -> Callable[[Any], bool]:
    if isinstance(domain, SingleAgent):
        return bool
    return lambda terminations: all(terminations.values())


def _chooser(domain: Domain, actor: Actor) -> Callable[[Any], Any]:
    """How the actor is asked on this domain, decided once per episode rather than at each step."""
    check_against = identity if isinstance(domain, Sequential) else _event_lists
    if not has_restricted_actions(domain):
        space = check_against(domain.get_action_space())
        return lambda observation: actor.act(observation, space)
    send = SpaceSender()

    def choose(observation: Any) -> Any:
        spaces = domain.get_applicable_actions()
        return actor.act(observation, check_against(spaces), send(spaces))

    return choose


def _event_lists(spaces: Any) -> Any:
    if isinstance(spaces, Mapping):
        return {agent: EventLists(space) for agent, space in spaces.items()}
    return EventLists(spaces)


def _goal_reached(domain: Domain, observation: Any) -> bool | None:
    if not isinstance(domain, Goals):
        return None
    reached = domain.is_goal(observation)
    return all(reached.values()) if isinstance(reached, dict) else bool(reached)
