"""Profiles: what the embedded proposer may know of a scikit-decide domain or of a user's converters."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

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
from skdecide_elm.domain_api.space_profile import is_listable, is_number, profile_space, with_elements
from skdecide_elm.domain_api.view import View, is_plain_collection
from skdecide_elm.llm.profile import ArgumentProfile, ChanceModel, DomainProfile, SpaceProfile

__all__ = ["profile_behind", "profile_domain", "profile_proxy"]

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
        listed_goals=goals and not multi_agent and is_listable(_space(domain.get_goals)),
        rewards=isinstance(domain, Rewards) and not isinstance(domain, PositiveCosts),
        entries=() if multi_agent or is_parallel(domain) else observe_entries(domain, observation, actions),
        choices=() if multi_agent or is_parallel(domain) else observe_choices(domain),
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
        actions = with_elements(actions, list(example_applicable_actions), actions.size)
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
        choices=observe_choices(domain, view) if restricted or view.answers_actions else (),
    )


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
    return with_elements(actions, list(spaces[0].get_elements()), actions.size)


def _argument_kind(value: Any) -> Any:
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (list, tuple, range)) and len(value) > 1:
        hashable = all(isinstance(entry, Hashable) for entry in value)
        if hashable and len(set(value)) == len(value):
            return "choices"
        return "numbers" if all(is_number(entry) for entry in value) else "other"
    return "other"
