"""Profiles tell characteristics and spaces, never names."""

import math

import numpy as np
from chance import Climb, SimulatedClimb
from skdecide.hub.domain.mastermind import MasterMind
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.rock_paper_scissors import RockPaperScissors
from skdecide.hub.space.gym import BoxSpace, DiscreteSpace, ListSpace

from skdecide_elm.domain_api.profile import profile_domain, profile_proxy, profile_space, profile_value
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


def test_a_box_of_actions_and_its_bounds():
    profile = profile_space(BoxSpace(low=-2, high=2, shape=(3,)))
    assert (profile.kind, profile.shape, profile.low, profile.high) == ("box", (3,), (-2,) * 3, (2,) * 3)


def test_consecutive_integers_need_not_start_at_zero():
    profile = profile_space(ListSpace([3, 4, 5]))
    assert (profile.kind, profile.start, profile.size) == ("discrete", 3, 3)


def test_a_hash_by_identity_does_not_count():
    class Identity:
        pass

    assert not profile_value(Identity()).hashable
    assert not profile_value((1, [2])).hashable
    assert not profile_value(np.zeros(2)).hashable
    assert profile_value((1, "a")).hashable


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
