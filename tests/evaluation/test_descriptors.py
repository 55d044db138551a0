"""Numbers that say how a program acts, from episodes written by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation.descriptors import BEHAVIOUR, behaviour, hashable, user_descriptors
from skdecide_elm.evaluation.rollout import Episode


def episode(actions="", observations="", cost=0.0, goal=None) -> Episode:
    return Episode(cost, len(actions), goal, True, 100, list(observations), list(actions))


def of(name: str, *episodes: Episode) -> float:
    return BEHAVIOUR[name](episodes)


def test_steps():
    assert of("mean_steps", episode("ab"), episode("abcd")) == 3


def test_the_spread_of_costs():
    assert of("cost_spread", episode(cost=1), episode(cost=5)) == 2  # 3 ± 2
    assert of("cost_spread", episode(cost=7)) == 0


def test_the_entropy_of_actions():
    assert of("action_entropy", episode("aaaa")) == 0
    assert math.copysign(1, of("action_entropy", episode("aaaa"))) == 1
    assert of("action_entropy", episode("ab"), episode("ba")) == 1
    assert of("action_entropy", episode("abcd")) == 2
    assert of("action_entropy", episode("aab"), episode("c")) == pytest.approx(1.5)  # ½·1 + 2·¼·2
    assert of("action_entropy", episode()) == 0


def test_distinct_observations():
    assert of("distinct_observations", episode(observations="abc")) == 1
    assert of("distinct_observations", episode(observations="aab"), episode(observations="zzzz")) == pytest.approx(
        (2 / 3 + 1 / 4) / 2
    )
    assert of("distinct_observations", episode()) == 0


def test_goals_count_where_there_are_any():
    assert "goal_rate" not in behaviour([episode("a")])
    assert (
        behaviour([episode(goal=True), episode(goal=False), episode(goal=True), episode(goal=True)])["goal_rate"]
        == 0.75
    )


def test_all_of_them():
    assert behaviour([episode("ab", "xyz", 2.0)]) == {
        "mean_steps": 2.0,
        "cost_spread": 0.0,
        "action_entropy": 1.0,
        "distinct_observations": 1.0,
    }


@dataclass
class Unhashable:
    n: int


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [
        (np.array([1, 2]), np.array([1, 2]), np.array([2, 1])),
        ({"a": np.zeros(2)}, {"a": np.zeros(2)}, {"a": np.ones(2)}),
        ([1, [2, 3]], [1, [2, 3]], [1, [2, 4]]),
        ((1, {2}), (1, {2}), (1, {3})),
        (Unhashable(1), Unhashable(1), Unhashable(2)),
    ],
    ids=repr,
)
def test_equal_values_have_equal_keys(one, other, different):
    assert hashable(one) == hashable(other) != hashable(different)
    assert len({hashable(one), hashable(other), hashable(different)}) == 2


@given(st.recursive(st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=6))
def test_any_value_has_a_key(value):
    hash(hashable(value))


def test_a_users_own():
    def longest(episodes):
        return {"longest": max(e.steps for e in episodes)}

    assert user_descriptors(longest, [episode("ab"), episode("abc")]) == {"longest": 3.0}


@pytest.mark.parametrize("found", [3, None, {"a": "b"}, [("a", 1)]])
def test_a_users_own_that_is_no_dict_of_numbers(found):
    with pytest.raises(ConfigError, match="a dict of numbers by name"):
        user_descriptors(lambda episodes: found, [episode()])
