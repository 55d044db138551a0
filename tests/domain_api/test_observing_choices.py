"""What random episodes tell of listed actions."""

from typing import NamedTuple

import numpy as np
import pytest
from skdecide.hub.domain.maze import Maze

from skdecide_elm.domain_api.observing_choices import Decision, choices_of
from skdecide_elm.domain_api.profile import profile_domain
from skdecide_elm.environments import OnlineBinPacking, ProjectScheduling
from skdecide_elm.llm.profile import ChoiceProfile


class Order(NamedTuple):
    size: int
    due: int


def test_entries_at_which_actions_point_and_their_relation_to_what_is_observed():
    choices = profile_domain(OnlineBinPacking(100, distribution="weibull", n_items=200, seed=1)).choices
    assert {choice.name: choice.expression for choice in choices} == {
        "residual": "observation.residual[actions]",
        "residual_less_item": "residual - observation.item",
        "residual_per_item": "residual / observation.item",
        "place": "np.arange(len(actions))",
    }
    residual, gap, _, place = choices
    assert residual.integer and residual.ranks and residual.levels[-1] == 100
    assert gap.levels[0] == 0 and not gap.ranks
    assert place.levels == ()


def test_a_difference_has_levels_as_large_as_the_number_that_is_taken_off():
    gap = profile_domain(OnlineBinPacking(150, distribution="uniform", n_items=200, seed=1)).choices[1]
    assert gap.name == "residual_less_item"
    assert any(20 <= level <= 22 for level in gap.levels)  # the smallest items
    assert any(50 <= level <= 70 for level in gap.levels)  # the middling ones


def test_numbers_that_mean_another_thing_are_not_compared():
    names = {choice.name for choice in profile_domain(ProjectScheduling(seed=1)).choices}
    assert {"late_start", "late_start_less_time", "work_after", "place"} <= names
    assert not {"demand_less_time", "successors_less_time", "ready", "free", "start"} & names


def test_attributes_of_the_actions_themselves():
    actions = [Order(3, 10), Order(5, 10), Order(4, 10)]
    choices = choices_of([Decision(0, actions)] * 2)
    assert choices == (
        ChoiceProfile("size", "np.array([action.size for action in actions])", (3.0, 4.0, 5.0), 0.816, True),
        ChoiceProfile("place", "np.arange(len(actions))", (), 0.816, True),
    )


@pytest.mark.parametrize("actions", [[2], ["up", "down"]])
def test_nothing_is_known_where_nothing_differs_in_numbers(actions):
    assert choices_of([Decision(np.zeros(3), actions)]) == ()


def test_a_domain_whose_actions_are_names_has_no_choices():
    assert profile_domain(Maze()).choices == ()
