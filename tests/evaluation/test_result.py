"""Means, intervals and what is said of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation.result import Comparison, Interval, SearchResult, bootstrap_mean, compare


def evaluation(*scores: float) -> Evaluation:
    return Evaluation({"combined_score": math.fsum(scores)}, scores=scores)


def test_an_interval_covers_the_true_mean_about_as_often_as_stated():
    rng = np.random.default_rng(3)
    intervals = [bootstrap_mean(rng.normal(5, 2, size=25), 0.9) for _ in range(100)]
    assert 80 <= sum(found.low <= 5 <= found.high for found in intervals) <= 98


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_an_interval_is_around_the_mean_and_always_the_same(values):
    found = bootstrap_mean(values, 0.95)
    slack = 1e-9 * max(1.0, *map(abs, values))
    assert min(values) - slack <= found.low <= found.high <= max(values) + slack
    assert found == bootstrap_mean(values, 0.95)


def test_equal_episodes_leave_no_doubt_and_one_says_nothing():
    assert bootstrap_mean([2.0, 2.0, 2.0], 0.95) == Interval(2.0, 2.0, 2.0)
    one = bootstrap_mean([2.0], 0.95)
    assert one.mean == 2.0 and math.isnan(one.low) and math.isnan(one.high)


def test_the_difference_is_taken_episode_by_episode():
    luck = np.random.default_rng(4).normal(0, 100, size=20)
    found = compare(evaluation(*(luck + 1)), evaluation(*luck), 0.95)
    assert found.difference.mean == pytest.approx(1)
    assert found.difference.high - found.difference.low < 1e-6
    assert found.score.high - found.score.low > 10
    assert found.episodes == 20


def test_a_program_that_fails():
    found = compare(Evaluation.invalid("NameError"), evaluation(1.0, 2.0), 0.95)
    assert found.score == found.difference == Interval(-math.inf, -math.inf, -math.inf)
    assert found.initial.mean == 1.5
    assert compare(evaluation(1.0, 2.0), Evaluation.invalid("NameError"), 0.95).difference.mean == math.inf


def test_a_script_gives_no_scores_by_episode():
    script = Evaluation({"combined_score": 1.0})
    assert compare(script, script, 0.95) is None


def test_the_whole_text():
    def comparison(mean):
        return Comparison(
            30, Interval(mean, mean - 0.1, mean + 0.1), Interval(-1, -1.2, -0.8), Interval(mean + 1, 0.25, 0.75)
        )

    result = SearchResult("code", comparison(-0.5), comparison(-0.625), None, 0.95)
    assert result.winners_curse == 0.125
    assert str(result) == (
        "mean score per episode, with 95% confidence intervals\n"
        "  train:      -0.5 [-0.6, -0.4] in 30 episodes; initial -1 [-1.2, -0.8]; difference 0.5 [0.25, 0.75]\n"
        "  validation: -0.625 [-0.725, -0.525] in 30 episodes; initial -1 [-1.2, -0.8]; difference 0.375 [0.25, 0.75]\n"
        "  test:       -\n"
        "  winner's curse (train minus validation): 0.125"
    )
    assert SearchResult("code", None, None, None, 0.95).winners_curse is None
