"""Profiles tell characteristics and spaces, never names."""

import dataclasses
import math

import numpy as np
import pytest
from chance import Climb, SimulatedClimb
from skdecide.hub.domain.mastermind import MasterMind
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.rock_paper_scissors import RockPaperScissors
from skdecide.hub.space.gym import DiscreteSpace

from skdecide_elm.bridges import Proxy
from skdecide_elm.domain_api.profile import (
    profile_behind,
    profile_domain,
    profile_proxy,
)
from skdecide_elm.environments.gymnasium_domain import GymnasiumDomain
from skdecide_elm.environments.online_bin_packing import OnlineBinPacking
from skdecide_elm.llm.profile import ArgumentProfile


def test_a_deterministic_model_with_goals():
    profile = profile_domain(Maze())
    assert profile.arguments == (ArgumentProfile("domain", "domain"),)
    assert profile.has_model and profile.goals and profile.listed_goals and profile.single
    assert not profile.restricted_actions and not profile.rewards
    assert (profile.actions.kind, profile.actions.size) == ("enumerable", 4)
    assert profile.actions.listed and profile.actions.hashable
    assert profile.observation.kind == "multi_discrete" and profile.observation.vector == 2
    assert profile.observation.hashable
    assert [field.access for field in profile.observation.fields] == [".x", ".y"]


def test_a_black_box_with_real_observations():
    profile = profile_domain(GymnasiumDomain("CartPole-v1"))
    assert not profile.has_model and not profile.goals and profile.rewards
    assert (profile.actions.kind, profile.actions.size) == ("discrete", 2)
    assert profile.observation.kind == "box" and profile.observation.vector == 4
    assert math.isinf(profile.observation.high[1]) and math.isfinite(profile.observation.high[0])
    assert not profile.observation.hashable


def test_a_hidden_state_is_no_model():
    profile = profile_domain(MasterMind())
    assert profile.deterministic_model and not profile.has_model
    assert (profile.actions.kind, profile.actions.size, profile.actions.vector) == ("enumerable", 4, 2)


def test_what_can_be_asked_where_chance_rules():
    asked = {domain: profile_domain(domain()).chance for domain in (Climb, SimulatedClimb, Maze)}
    assert asked == {Climb: "distributions", SimulatedClimb: "samples", Maze: ""}
    assert profile_domain(GymnasiumDomain("CartPole-v1")).chance == ""


def test_agents_share_a_profile():
    profile = profile_domain(RockPaperScissors())
    assert profile.agents == 2 and not profile.single
    assert (profile.actions.kind, profile.actions.size, profile.observation.size) == ("enumerable", 3, 3)


def test_actions_that_point_into_an_observed_array():
    profile = profile_domain(OnlineBinPacking(100, distribution="weibull", n_items=20, seed=0))
    assert profile.restricted_actions and profile.actions.listed and not profile.rewards
    assert profile.actions.kind == "discrete" and profile.actions.size is None
    fields = {field.name: field for field in profile.observation.fields}
    assert fields["item"].length is None and not fields["item"].indexed
    assert fields["residual"].indexed


def test_proxy_sees_only_what_the_converters_give():
    profile = profile_proxy(
        {"capacity": 10, "actions": ["up", "down"], "name": "x", "sizes": [1, 1]},
        {"item": 3, "residual": np.array([10, 4])},
        example_applicable_actions=[0, 1],
        restricted_actions=True,
    )
    assert [argument.kind for argument in profile.arguments] == ["number", "choices", "text", "numbers"]
    assert profile.access == "proxy" and not profile.has_model and profile.actions.listed
    assert [(field.access, field.indexed) for field in profile.observation.fields] == [
        ("['item']", False),
        ("['residual']", True),
    ]


def test_proxy_knows_actions_only_behind_the_identity():
    unknown = profile_proxy({}, (0.5, 1.5))
    known = profile_proxy({}, (0.5, 1.5), action_space=DiscreteSpace(3))
    assert unknown.actions.kind == "other"
    assert (known.actions.kind, known.actions.size, known.actions.listed) == ("discrete", 3, False)
    assert known.observation.kind == "box" and known.observation.vector == 2 and known.observation.hashable


def behind(domain, restricted=False, **converters):
    return profile_behind(domain, {}, Proxy(**converters).view(restricted))


@pytest.mark.parametrize("name", ["CartPole-v1", "MountainCar-v0", "Pendulum-v1"])
def test_converters_that_change_nothing_hide_nothing_of_vectors_and_pushes(name):
    whole, seen = profile_domain(GymnasiumDomain(name)), behind(GymnasiumDomain(name))
    assert whole.entries and seen.entries == whole.entries
    assert any(entry.response for entry in seen.entries)
    assert dataclasses.replace(seen.observation, hashable=False) == dataclasses.replace(
        whole.observation, hashable=False
    )
    assert (seen.actions.kind, seen.actions.size, seen.actions.low) == (
        whole.actions.kind,
        whole.actions.size,
        whole.actions.low,
    )


def test_episodes_are_seen_through_the_converters():
    whole = profile_domain(GymnasiumDomain("MountainCar-v0")).entries
    seen = behind(
        GymnasiumDomain("MountainCar-v0"),
        obs_converter=lambda observation: [float(10 * number) for number in observation[::-1]],
        action_converter={"left": 0, "stay": 1, "right": 2}.get,
    )
    assert seen.actions.kind == "other"
    speed, place = seen.entries
    assert (place.rate, place.response, speed.response) == (0, 0, 0), "which word is which push is not known"
    assert place.scale == pytest.approx(10 * whole[0].scale, rel=0.5)


def test_choices_are_seen_through_the_converters():
    domain = OnlineBinPacking(100, distribution="weibull", n_items=200, seed=1)
    whole = profile_domain(domain)
    plain = behind(
        domain,
        restricted=True,
        obs_converter=lambda observation: {"room": list(observation.residual), "size": observation.item},
        applicable_actions_converter=lambda space: list(space.get_elements()),
    )
    assert {choice.name: choice.expression for choice in plain.choices} == {
        "room": "np.asarray(observation['room'])[actions]",
        "room_less_size": "room - observation['size']",
        "room_per_size": "room / observation['size']",
        "place": "np.arange(len(actions))",
    }
    assert [choice.levels for choice in plain.choices] == [choice.levels for choice in whole.choices]
    opaque = behind(domain, restricted=True, applicable_actions_converter=lambda space: "any")
    assert opaque.choices == ()
    unknown = behind(GymnasiumDomain("CartPole-v1"), action_converter=lambda word: len(word) % 2)
    assert unknown.choices == ()
