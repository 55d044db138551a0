"""Races: who is stopped, how often by mistake, and what is said of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from corridor import Corridor, Raffle, program
from hypothesis import given
from hypothesis import strategies as st
from local_actor import evaluate_here

from skdecide_elm.bridges import Integrated
from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation import EvaluationPool, RolloutTask
from skdecide_elm.evaluation.racing import FIRST_LOOK, Bar, check_error_rate, playing_order, set_bar

SCORES = st.floats(-1e6, 1e6)


def stopped_at(bar: Bar, scores: list[float], order: list[int] | None = None) -> int | None:
    """After how many episodes the race is lost; None if it is not."""
    played: dict[int, float] = {}
    for number in order or range(len(scores)):
        played[number] = scores[number]
        if bar.is_lost(played):
            return len(played)
    return None


# --- the test


@pytest.mark.parametrize("error_rate", [0.01, 0.05, 0.2])
def test_a_program_that_is_as_good_is_stopped_no_more_often_than_stated(error_rate):
    rng = np.random.default_rng(1)
    races = 3000
    stopped = 0
    for _ in range(races):
        luck = rng.normal(size=30)
        bar = set_bar(luck + rng.normal(size=30), error_rate)
        stopped += stopped_at(bar, list(luck + rng.normal(size=30))) is not None
    assert stopped / races <= error_rate + 3 * math.sqrt(error_rate / races)


def test_pairs_tell_more_than_totals():
    """The luck of the episodes is far larger than the difference, and common to both."""
    rng = np.random.default_rng(2)
    luck = rng.normal(0, 100, size=40)
    bar = set_bar(luck, 0.05)
    assert stopped_at(bar, list(luck - 1 + rng.normal(0, 0.3, size=40))) == FIRST_LOOK
    assert stopped_at(bar, list(luck + 1 + rng.normal(0, 0.3, size=40))) is None


def test_without_variance_the_sign_test_decides():
    """Five losses in a row have a chance of 1 in 32, ten of 1 in 1024."""
    bar = set_bar([0.0] * 40, 0.05)
    assert list(bar.looks) == [5, 10, 20]
    assert stopped_at(bar, [-1.0] * 40) == 10
    assert stopped_at(set_bar([0.0] * 40, 0.2), [-1.0] * 40) == 5
    assert stopped_at(bar, [0.0] * 40) is None
    assert stopped_at(bar, [1.0] * 40) is None


@given(st.lists(SCORES, min_size=6, max_size=40), st.floats(0.001, 0.49))
def test_a_program_does_not_lose_against_itself(scores, error_rate):
    assert stopped_at(set_bar(scores, error_rate), scores) is None


@given(st.data())
def test_who_is_stopped_is_told_to_be_below_the_bar(data):
    scores = data.draw(st.lists(SCORES, min_size=6, max_size=40))
    others = data.draw(st.lists(SCORES, min_size=len(scores), max_size=len(scores)))
    bar = set_bar(scores, 0.4)
    count = stopped_at(bar, others)
    if count is not None:
        assert bar.extrapolated(dict(enumerate(others[:count]))) < math.fsum(scores)


def test_who_played_all_is_told_the_truth():
    bar = set_bar([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.05)
    others = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
    assert bar.extrapolated(dict(enumerate(others))) == pytest.approx(math.fsum(others))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_do_not_stop_a_race(bad):
    assert stopped_at(set_bar([1.0] * 12, 0.05), [bad] * 12) in (None, 5, 10)
    assert not set_bar([1.0] * 12, 0.05).is_lost(dict.fromkeys(range(5), math.nan))


def test_few_episodes_have_no_race():
    assert set_bar([1.0] * FIRST_LOOK, 0.05) is None
    assert set_bar([1.0] * (FIRST_LOOK + 1), 0.05) is not None


@given(st.lists(SCORES, min_size=6, max_size=40), st.floats(0.001, 0.49))
def test_a_bar_travels_as_json(scores, error_rate):
    import json

    bar = set_bar(scores, error_rate)
    assert Bar.from_json(json.loads(json.dumps(bar.to_json()))) == bar


@pytest.mark.parametrize("rate", [0, -0.1, 0.5, 1, math.nan])
def test_error_rates_that_are_none(rate):
    with pytest.raises(ConfigError, match=r"between 0 and 0\.5"):
        check_error_rate(rate)


@given(st.integers(1, 6), st.integers(1, 6))
def test_a_race_goes_round_the_instances(instances, episodes):
    order = playing_order(instances, episodes)
    assert sorted(order) == list(range(instances * episodes))
    assert {number // episodes for number in order[:instances]} == set(range(instances))


# --- with programs

BETTER = program("return 'right'")
WORSE = program("return 'right' if random.random() < 0.7 else 'left'", "import random")


def race_task(**settings: object) -> RolloutTask:
    return RolloutTask((Raffle, Corridor), Integrated(), num_episodes=10, max_steps=100, timeout=20, **settings)


def test_a_worse_program_is_stopped_and_a_better_one_is_not():
    task = race_task()
    good, bad = evaluate_here(task, BETTER), evaluate_here(task, WORSE)
    stopped = evaluate_here(task, WORSE, set_bar(good.scores, 0.05))
    assert stopped.metrics["stopped_early"] == 1
    assert stopped.metrics["nb_episodes"] in (5, 10)
    assert stopped.scores == ()
    assert stopped.combined_score < good.combined_score
    assert stopped.combined_score == pytest.approx(bad.combined_score, rel=0.5)
    assert evaluate_here(task, BETTER, set_bar(bad.scores, 0.05)) == good


def test_who_is_not_stopped_scores_as_without_a_race():
    task = race_task(normalize=False)
    plain = evaluate_here(task, WORSE)
    raced = evaluate_here(task, WORSE, set_bar(plain.scores, 0.05))
    assert (raced.metrics, raced.scores) == (plain.metrics, plain.scores)


def test_a_bar_of_another_task_is_none():
    task = race_task()
    assert evaluate_here(task, WORSE, set_bar([1e9] * 12, 0.05)) == evaluate_here(task, WORSE)


def test_a_race_in_a_pool():
    task = race_task()
    with EvaluationPool(task, workers=1) as pool:
        good = pool.evaluate(BETTER)
        stopped = [pool.submit(WORSE, set_bar(good.scores, 0.05)).result() for _ in range(2)]
        assert stopped[0] == stopped[1]
        assert stopped[0].metrics["nb_episodes"] < 20
        assert pool.submit(BETTER, set_bar(good.scores, 0.05)).result() == good
