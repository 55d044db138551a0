"""Profiles: what the embedded proposer may know of a scikit-decide domain or of a user's converters."""

from __future__ import annotations

import copy
import dataclasses
import math
import numbers
import random
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import gymnasium.spaces as gym_spaces
import numpy as np
from skdecide import EnumerableSpace
from skdecide.builders.domain import (
    DeterministicTransitions,
    EnumerableTransitions,
    FullyObservable,
    Markovian,
    PositiveCosts,
    Rewards,
    Simulation,
)

from skdecide_elm.domain_api.characteristics import (
    has_goals,
    has_restricted_actions,
    is_multi_agent,
    is_parallel,
)
from skdecide_elm.domain_api.observing import observe_entries
from skdecide_elm.domain_api.observing_choices import observe_choices
from skdecide_elm.domain_api.view import View, is_plain_collection
from skdecide_elm.llm.profile import ArgumentProfile, ChanceModel, DomainProfile, FieldProfile, SpaceProfile

__all__ = ["MAX_LISTED", "profile_behind", "profile_domain", "profile_proxy", "profile_space", "profile_value"]

MAX_LISTED = 10_000
"""Spaces with more values than this are not listed."""

LOOK_STEPS = 5
"""Random steps before an observation is looked at: first observations are often degenerate."""


def profile_domain(domain: Any) -> DomainProfile:
    """The profile of what an integrated planner sees.

    Resets ``domain`` and takes a few random steps to look at observations: pass a copy that nobody rolls out.
    """
    multi_agent = is_multi_agent(domain)
    restricted = has_restricted_actions(domain)
    example, applicable = _look(domain)
    actions = _profile_agents(_space(domain.get_action_space), multi_agent)
    observation = _profile_agents(_space(domain.get_observation_space), multi_agent, example)
    if restricted:
        actions = _with_applicable(actions, applicable, multi_agent)
    if not multi_agent and hasattr(applicable, "get_elements"):
        observation = _with_indexed_fields(observation, actions, applicable.get_elements())
    goals = has_goals(domain)
    return DomainProfile(
        access="integrated",
        arguments=(ArgumentProfile("domain", "domain"),),
        observation=observation,
        actions=actions,
        agents=len(domain.get_agents()) if multi_agent else 0,
        sequential=not is_parallel(domain),
        restricted_actions=restricted,
        fully_observable=isinstance(domain, FullyObservable) and isinstance(domain, Markovian),
        deterministic_model=isinstance(domain, DeterministicTransitions),
        chance_model=_chance_model(domain),
        goals=goals,
        listed_goals=goals and not multi_agent and _is_listable(_space(domain.get_goals)),
        rewards=isinstance(domain, Rewards) and not isinstance(domain, PositiveCosts),
        entries=() if multi_agent or is_parallel(domain) else observe_entries(domain, observation, actions),
        choices=() if multi_agent or is_parallel(domain) else observe_choices(domain, _fields),
    )


def profile_proxy(
    kwargs: Mapping[str, Any],
    example_observation: Any,
    example_applicable_actions: Any = None,
    action_space: Any = None,
    restricted_actions: bool = False,
    observation_space: Any = None,
) -> DomainProfile:
    """The profile of what a planner behind converters sees, as far as single values tell.

    Args:
        kwargs: the arguments of ``Planner``.
        example_observation: an observation as the user's converter returned it.
        example_applicable_actions: applicable actions as the user's converter returned them.
        action_space: the domain's action space when the action converter is the identity; leave it out
            otherwise, since nothing is then known of the actions that the planner answers.
        restricted_actions: ``sample_action`` receives applicable actions.
        observation_space: the domain's observation space when the observation converter is the identity.
    """
    # plain values carry no get_elements(): only applicable actions or consecutive integers can be listed
    actions = dataclasses.replace(profile_space(action_space), listed=False)
    if restricted_actions and is_plain_collection(example_applicable_actions):
        actions = _with_elements(actions, list(example_applicable_actions), actions.size)
    observation = dataclasses.replace(profile_space(observation_space, example_observation), listed=False)
    if is_plain_collection(example_applicable_actions):
        observation = _with_indexed_fields(observation, actions, example_applicable_actions)
    return DomainProfile(
        access="proxy",
        arguments=tuple(ArgumentProfile(name, _argument_kind(value)) for name, value in kwargs.items()),
        observation=observation,
        actions=actions,
        restricted_actions=restricted_actions,
    )


def profile_behind(domain: Any, kwargs: Mapping[str, Any], view: View) -> DomainProfile:
    """The profile of what a planner behind converters sees, as a few random episodes tell.

    Plays them on ``domain``: pass a copy that nobody rolls out.

    Args:
        kwargs: the arguments of ``Planner``.
        view: the converters.
    """
    restricted = has_restricted_actions(domain)
    observation, applicable = _look(domain)
    action_space = _space(domain.get_action_space)
    profile = profile_proxy(
        kwargs,
        view.observation(observation),
        view.offered(applicable) if restricted else None,
        action_space if view.answers_actions else None,
        restricted,
        _space(domain.get_observation_space) if view.observes_as_is else None,
    )
    if is_multi_agent(domain) or is_parallel(domain):
        return profile
    own_actions = _with_applicable(profile_space(action_space), applicable, multi_agent=False)
    return dataclasses.replace(
        profile,
        entries=observe_entries(domain, profile.observation, own_actions, view),
        choices=observe_choices(domain, _fields, view) if restricted or view.answers_actions else (),
    )


def profile_space(space: Any, example: Any = None) -> SpaceProfile:
    """The profile of a scikit-decide space; ``example``, one of its values, tells about parts and hashes."""
    seen = SpaceProfile() if example is None else profile_value(example)
    gym_space = space.unwrapped() if hasattr(space, "unwrapped") else None
    if isinstance(gym_space, gym_spaces.Box):
        low, high = (tuple(map(float, np.ravel(bound))) for bound in (gym_space.low, gym_space.high))
        entries = np.asarray(gym_space.low).dtype
        narrow = entries.kind in "biu" and entries != np.int64
        return dataclasses.replace(seen, kind="box", shape=gym_space.shape, low=low, high=high, narrow=narrow)
    if _has_integer_vectors(gym_space):
        profile = _profile_integer_vectors(gym_space)
        # values of another class, such as a dataclass, may have no entries by index
        shape = profile.shape if example is None or seen.shape == profile.shape else ()
        return dataclasses.replace(profile, shape=shape, hashable=seen.hashable, fields=seen.fields)
    if _is_listable(space):
        elements = list(space.get_elements())
        return _without_gaps(_with_elements(seen, elements, len(elements)), elements)
    if isinstance(gym_space, gym_spaces.Discrete):
        return SpaceProfile("discrete", int(gym_space.n), int(gym_space.start), hashable=True)
    return seen


def profile_value(value: Any) -> SpaceProfile:
    """What one value tells about the values like it."""
    profile = SpaceProfile(hashable=_is_hashable(value), fields=_fields(value))
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return dataclasses.replace(profile, kind=_vector_kind(value), shape=value.shape)
    if isinstance(value, (tuple, list)) and value and all(_is_number(entry) for entry in value):
        return dataclasses.replace(profile, kind=_vector_kind(value), shape=(len(value),))
    return profile


def _space(getter: Callable[[], Any]) -> Any:
    """The space, or None where the domain declares it without having it."""
    try:
        return getter()
    except NotImplementedError:
        return None


def _chance_model(domain: Any) -> ChanceModel:
    if isinstance(domain, DeterministicTransitions):
        return ""
    if isinstance(domain, EnumerableTransitions):
        return "distributions"
    return "samples" if isinstance(domain, Simulation) else ""


def _look(domain: Any) -> tuple[Any, Any]:
    """An observation from within an episode, with the actions applicable then."""
    rng = random.Random(0)
    observation, applicable = domain.reset(), domain.get_applicable_actions()
    for _ in range(LOOK_STEPS):
        if is_multi_agent(domain) or is_parallel(domain) or not hasattr(applicable, "get_elements"):
            break
        elements = list(applicable.get_elements())
        outcome = domain.step(rng.choice(elements)) if elements else None
        if outcome is None or outcome.termination:
            break
        observation, applicable = outcome.observation, domain.get_applicable_actions()
    return observation, applicable


def _with_indexed_fields(observation: SpaceProfile, actions: SpaceProfile, applicable: Iterable[Any]) -> SpaceProfile:
    """``observation`` with the arrays marked into which every applicable action is an index."""
    if actions.kind != "discrete" or actions.start < 0:
        return observation
    highest = max((int(action) for action in applicable), default=0)
    fields = tuple(
        dataclasses.replace(field, indexed=field.length is not None and highest < field.length)
        for field in observation.fields
    )
    return dataclasses.replace(observation, fields=fields)


def _profile_agents(space: Any, multi_agent: bool, example: Any = None) -> SpaceProfile:
    """The profile that all agents share, ``other`` where they differ."""
    if not multi_agent:
        return profile_space(space, example)
    if space is None:
        return SpaceProfile()
    profiles = {profile_space(space[agent], example and example[agent]) for agent in sorted(space)}
    return profiles.pop() if len(profiles) == 1 else SpaceProfile()


def _with_applicable(actions: SpaceProfile, applicable: Any, multi_agent: bool) -> SpaceProfile:
    """``actions`` as seen through the applicable ones, a space or a dict of spaces."""
    spaces = list(applicable.values()) if multi_agent else [applicable]
    if not all(hasattr(space, "get_elements") for space in spaces):
        return dataclasses.replace(actions, listed=False)
    return _with_elements(actions, list(spaces[0].get_elements()), actions.size)


def _with_elements(profile: SpaceProfile, elements: Sequence[Any], size: int | None) -> SpaceProfile:
    """``profile`` completed by what the listed ``elements``, perhaps a part of all, have in common."""
    integers = bool(elements) and all(_is_integer(element) for element in elements)
    example = profile_value(elements[0]) if elements else profile
    if integers and len(set(map(int, elements))) == len(elements):
        start = profile.start if profile.kind == "discrete" else min(map(int, elements))
        return SpaceProfile("discrete", size, start, hashable=True, listed=True)
    return SpaceProfile("enumerable", size, shape=example.shape, hashable=example.hashable, listed=True)


def _without_gaps(profile: SpaceProfile, elements: Sequence[Any]) -> SpaceProfile:
    """``profile`` of all elements; integers between which others are left out are listed objects."""
    if profile.kind != "discrete" or max(map(int, elements)) - profile.start == len(elements) - 1:
        return profile
    return dataclasses.replace(profile, kind="enumerable", start=0)


def _has_integer_vectors(space: Any) -> bool:
    """Whether the values are arrays of integers, or tuples of them."""
    is_tuple = isinstance(space, gym_spaces.Tuple) and len(space) > 0
    if is_tuple and all(isinstance(part, gym_spaces.Discrete) for part in space):
        return True
    return isinstance(space, (gym_spaces.MultiDiscrete, gym_spaces.MultiBinary))


def _profile_integer_vectors(space: Any) -> SpaceProfile:
    shape = space.shape
    if isinstance(space, gym_spaces.Tuple):
        shape, sizes, starts = (len(space),), [part.n for part in space], [part.start for part in space]
    elif isinstance(space, gym_spaces.MultiBinary):
        sizes, starts = [2] * math.prod(shape), [0] * math.prod(shape)
    else:
        sizes, starts = list(space.nvec.flat), list(space.start.flat)
    return SpaceProfile(
        kind="multi_discrete",
        size=math.prod(int(size) for size in sizes),
        shape=shape,
        low=tuple(map(float, starts)),
        high=tuple(float(start + size - 1) for start, size in zip(starts, sizes, strict=True)),
    )


def _is_listable(space: Any) -> bool:
    return isinstance(space, EnumerableSpace) and len(space.get_elements()) <= MAX_LISTED


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _is_integer(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _vector_kind(value: Sequence[Any] | np.ndarray[Any, Any]) -> Any:
    return "multi_discrete" if all(_is_integer(entry) for entry in np.asarray(value).flat) else "box"


def _is_hashable(value: Any) -> bool:
    """Whether equal values have equal hashes, which a class without ``__eq__`` does not give."""
    if not isinstance(value, Hashable):
        return False
    try:
        twin = copy.deepcopy(value)
        return hash(twin) == hash(value) and bool(twin == value)
    except (TypeError, ValueError):  # a tuple that holds a list, or an array
        return False


def _fields(value: Any) -> tuple[FieldProfile, ...]:
    """The numbers and one-dimensional arrays that ``value`` holds under a name or an index."""
    if isinstance(value, Mapping):
        parts = [(str(key), f"[{key!r}]", part) for key, part in value.items() if isinstance(key, str)]
    elif dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        parts = [(name, f".{name}", getattr(value, name)) for name in names]
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        parts = [(name, f".{name}", part) for name, part in zip(value._fields, value, strict=True)]
    elif isinstance(value, tuple):
        parts = [(f"part_{index}", f"[{index}]", part) for index, part in enumerate(value)]
    else:
        parts = []
    return tuple(field for name, access, part in parts for field in _field(name, access, part))


def _field(name: str, access: str, part: Any) -> list[FieldProfile]:
    if not name.isidentifier():
        return []
    if _is_number(part) or (isinstance(part, np.ndarray) and part.shape == () and part.dtype.kind in "iuf"):
        return [FieldProfile(name, access)]
    length = profile_value(part).vector if isinstance(part, (np.ndarray, list, tuple)) else None
    return [] if length is None else [FieldProfile(name, access, length)]


def _argument_kind(value: Any) -> Any:
    if _is_number(value):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (list, tuple, range)) and len(value) > 1:
        hashable = all(isinstance(entry, Hashable) for entry in value)
        if hashable and len(set(value)) == len(value):
            return "choices"
        return "numbers" if all(_is_number(entry) for entry in value) else "other"
    return "other"
