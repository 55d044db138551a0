"""Episodes: the referee's domain, and someone who acts in it, until it ends or the steps run out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from skdecide import Domain
from skdecide.builders.domain import Goals, Sequential, SingleAgent

from skdecide_elm.bridges import identity
from skdecide_elm.domain_api.characteristics import has_restricted_actions
from skdecide_elm.evaluation.actions import EventLists, SpaceSender
from skdecide_elm.evaluation.randomness import seed_everything
from skdecide_elm.evaluation.trace import Trace

__all__ = ["Actor", "Episode", "Position", "run_episode"]


class Actor(Protocol):
    """Who chooses the actions of an episode.

    Attributes:
        sent: what the planner was sent for its last decision.
        asked_at: when, by `time.perf_counter`.
    """

    sent: bytes
    asked_at: float

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
        traces: of all episodes so far, the present one last.
    """

    episode: str = ""
    step: int = 0
    traces: list[Trace] = field(default_factory=list)

    @property
    def trace(self) -> Trace:
        """Of the present episode."""
        return self.traces[-1] if self.traces else Trace()

    def begin(self, episode: str, trace: Trace) -> None:
        """Come to the next episode."""
        self.episode, self.step = episode, 0
        self.traces.append(trace)

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
        name: what messages call it, such as ``episode 2 of instance 3``.
        action_space: of the domain; None where actions are restricted.
        trace: what was kept of its steps.
    """

    cost: float
    steps: int
    goal_reached: bool | None
    terminated: bool
    max_steps: int
    name: str = ""
    action_space: Any = None
    trace: Trace = field(default_factory=Trace)

    @property
    def cut(self) -> bool:
        """Whether the step limit ended it, rather than the domain."""
        return not self.terminated

    @property
    def observations(self) -> Sequence[Any]:
        """For a user's descriptor: as the domain gave them, up to `RECORDED_STEPS` and after them the final one."""
        return self.trace.observations()

    @property
    def actions(self) -> Sequence[Any]:
        """For a user's descriptor: the actions that followed the observations."""
        return tuple(action for _, action, _ in self.trace.whole)

    @property
    def costs(self) -> Sequence[float]:
        """For a user's descriptor: the costs of the actions."""
        return tuple(cost for _, _, cost in self.trace.whole)


def run_episode(
    domain: Domain, actor: Actor, instance: int, max_steps: int, seeds: tuple[int, int], position: Position
) -> Episode:
    """Run one seeded episode.

    No observation or action is formatted: scikit-decide's own rollout spends more time on strings than on steps.

    Args:
        seeds: of the domain and of the planner: no planner can draw what its domain draws.
        position: that of the episode; kept up to date, for the message of a failure.
    """
    trace = position.trace
    actor.begin(instance, seeds[1])
    seed_everything(seeds[0], domain)
    choose, cost_of, over = _chooser(domain, actor), _cost_reader(domain), _termination_reader(domain)
    observation = domain.reset()
    total, terminated = 0.0, False
    while not terminated and position.step < max_steps:
        position.step += 1
        action = choose(observation)
        seconds = perf_counter() - actor.asked_at
        outcome = domain.step(action)
        cost = cost_of(outcome.value)
        total += cost
        trace.add(actor.sent, seconds, action, cost)
        observation, terminated = outcome.observation, over(outcome.termination)
    if trace.recording.whole:
        trace.final = copy.deepcopy(observation)
    return Episode(
        total,
        position.step,
        _goal_reached(domain, observation),
        terminated,
        max_steps,
        position.episode,
        None if has_restricted_actions(domain) else domain.get_action_space(),
        trace,
    )


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
