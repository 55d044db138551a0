"""Whether a domain's randomness follows its seeds: if it does not, programs do not meet the same luck."""

from __future__ import annotations

import pickle
import random
from collections.abc import Mapping
from typing import Any

import cloudpickle
from skdecide import Domain, EnumerableSpace, SamplableSpace, Space
from skdecide.builders.domain import Sequential

from skdecide_elm.domain_api.characteristics import has_restricted_actions
from skdecide_elm.evaluation.randomness import derive_seed, seed_everything
from skdecide_elm.evaluation.task import RolloutTask

__all__ = ["find_unseeded"]

_STEPS = 20
_INSTANCES = 3


def find_unseeded(task: RolloutTask) -> str:
    """What differs when the same random actions are played twice with equal seeds; empty if nothing does.

    It looks at the first steps of an episode, on the first few instances. A domain that cannot be played by random
    actions from its action space is not judged.
    """
    for instance in range(min(_INSTANCES, task.nb_instances)):
        actions: list[Any] = []
        first = _play(task, instance, actions, draw=True)
        again = _play(task, instance, actions, draw=False)
        for step, (one, other) in enumerate(zip(first, again, strict=False)):
            if not _same(one, other):
                what = "the first observation" if step == 0 else f"the outcome of step {step}"
                return (
                    f"{what} of {task.episode_name(instance, 0)} differs between two runs with equal seeds and actions"
                )
    return ""


def _play(task: RolloutTask, instance: int, actions: list[Any], draw: bool) -> list[bytes]:
    """What a short episode shows, as bytes: the first observation, then cost, end and observation of each step.

    Args:
        actions: to play; filled if ``draw``.
    """
    domain, _ = task.build(instance)
    seed = derive_seed(task.seed, "seeding", instance)
    rng = random.Random(seed)
    seed_everything(seed, domain)
    seen = [_written(domain.reset())]
    for step in range(_STEPS):
        if draw:
            actions.append(_random_action(domain, rng))
        if step >= len(actions) or actions[step] is None:
            break
        outcome = domain.step(actions[step])
        seen.append(_written((_costs(outcome.value), outcome.termination, outcome.observation)))
        if outcome.termination is True:
            break
    return seen


def _costs(value: Any) -> Any:
    return {agent: own.cost for agent, own in value.items()} if isinstance(value, Mapping) else value.cost


def _random_action(domain: Domain, rng: random.Random) -> Any:
    """An applicable action; None where none can be drawn."""
    spaces = domain.get_applicable_actions() if has_restricted_actions(domain) else domain.get_action_space()
    sequential = isinstance(domain, Sequential)
    if isinstance(spaces, Mapping):
        drawn = {agent: _events(space, rng, sequential) for agent, space in spaces.items()}
        return None if None in drawn.values() else drawn
    return _events(spaces, rng, sequential)


def _events(space: Space[Any], rng: random.Random, sequential: bool) -> Any:
    """An element of the space, in a list where several may happen in parallel; None where none can be drawn."""
    if isinstance(space, EnumerableSpace):
        elements = list(space.get_elements())
        event = rng.choice(elements) if elements else None
    else:
        event = space.sample() if isinstance(space, SamplableSpace) else None
    return event if sequential or event is None else [event]


def _written(value: Any) -> bytes:
    """A copy that no later step changes."""
    return bytes(cloudpickle.dumps(value))


def _same(one: bytes, other: bytes) -> bool:
    """Whether two values are equal, or at least are written alike."""
    if one == other:
        return True
    answer: Any = pickle.loads(one) == pickle.loads(other)  # a set is not always written in the same order
    return answer is True
