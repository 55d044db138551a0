import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.errors import ConfigError
from skdecide_elm.operators.bandit import Bandit, WeightedMix

ARMS = ("a", "b", "c")


def play(bandit, gains, rounds, prices=None, seed=0):
    """How often each arm is chosen when arm x gains with chance ``gains(round)[x]``."""
    rng = random.Random(seed)
    counts = dict.fromkeys(ARMS, 0)
    for number in range(rounds):
        arm = bandit.choose(ARMS, rng)
        counts[arm] += 1
        gain = rng.random() if rng.random() < gains(number)[arm] else 0.0
        bandit.update(arm, gain, (prices or {}).get(arm, 1.0))
    return counts


def test_every_arm_is_tried():
    assert min(play(Bandit(ARMS), lambda _: dict.fromkeys(ARMS, 0.0), 30).values()) > 3


def test_the_arm_that_improves_is_preferred():
    counts = play(Bandit(ARMS), lambda _: {"a": 0.1, "b": 0.6, "c": 0.1}, 300)
    assert counts["b"] > 150 and min(counts.values()) > 10


def test_another_arm_takes_over_when_the_search_changes():
    bandit = Bandit(ARMS)
    play(bandit, lambda _: {"a": 0.6, "b": 0.05, "c": 0.05}, 300)
    counts = play(bandit, lambda _: {"a": 0.0, "b": 0.05, "c": 0.6}, 300, seed=1)
    assert counts["c"] > counts["a"] + counts["b"]


def test_of_equal_arms_the_cheaper_is_preferred():
    prices = {"a": 100.0, "b": 1.0, "c": 100.0}
    counts = play(Bandit(ARMS), lambda _: dict.fromkeys(ARMS, 0.4), 300, prices)
    assert counts["b"] > max(counts["a"], counts["c"])


def test_an_arm_that_costs_nothing_costs_its_evaluation():
    bandit = Bandit(("free", "paid"))
    for arm, price in [("free", 0.0), ("paid", 500.0)]:
        bandit.update(arm, 1.0, price)
    assert bandit.rates() == {"free": 1.0, "paid": 0.5}


@given(st.lists(st.tuples(st.sampled_from(ARMS), st.floats(-5, 5)), max_size=60), st.floats(0.001, 1000))
def test_only_the_order_of_gains_counts(outcomes, scale):
    one, other = Bandit(ARMS), Bandit(ARMS)
    for arm, gain in outcomes:
        one.update(arm, gain, 1.0)
        other.update(arm, math.copysign(abs(gain) ** 0.5 * scale, gain) if abs(gain) > 1e-9 else 0.0, 1.0)
    if all(abs(gain) > 1e-9 or gain <= 0 for _, gain in outcomes):
        assert one.rates() == other.rates()


@pytest.mark.parametrize("gain", [0.0, -1.0, math.nan, -math.inf])
def test_no_gain(gain):
    bandit = Bandit(ARMS)
    bandit.update("a", gain, 1.0)
    assert bandit.rates() == dict.fromkeys(ARMS, 0.0)


def test_the_repair_of_a_failed_program_is_the_largest_gain():
    bandit = Bandit(ARMS)
    bandit.update("a", math.inf, 1.0)
    bandit.update("b", 1e300, 1.0)
    assert bandit.rates() == {"a": 1.0, "b": 0.5, "c": 0.0}


def test_many_proposals_under_way_are_spread():
    bandit, rng = Bandit(ARMS), random.Random(0)
    for arm in ARMS * 2:
        bandit.update(arm, 1.0 if arm == "a" else 0.0, 1.0)
    chosen = [bandit.choose(ARMS, rng) for _ in range(100)]
    assert set(chosen) == set(ARMS) and chosen.count("a") > 50


def test_an_arm_that_cannot_propose_is_not_chosen():
    bandit, rng = Bandit(ARMS), random.Random(0)
    for _ in range(20):
        assert bandit.choose(("a", "c"), rng) != "b"


@given(st.lists(st.tuples(st.sampled_from(ARMS), st.floats(-5, 5), st.floats(0, 9)), max_size=80))
def test_a_restored_bandit_goes_on_as_the_saved_one(outcomes):
    bandit, other = Bandit(ARMS), Bandit(ARMS)
    for outcome in outcomes:
        bandit.update(*outcome)
    other.restore(json.loads(json.dumps(bandit.to_json(), allow_nan=False)))
    assert other.to_json() == bandit.to_json()
    assert [other.choose(ARMS, random.Random(s)) for s in range(5)] == [
        bandit.choose(ARMS, random.Random(s)) for s in range(5)
    ]


def test_a_damaged_state_leaves_the_bandit_as_it_was():
    bandit = Bandit(ARMS)
    bandit.update("a", 1.0, 1.0)
    before = bandit.to_json()
    with pytest.raises((ValueError, TypeError)):
        bandit.restore({"window": [["a", 1.0, 1.0], ["b", "much", 1.0]]})
    assert bandit.to_json() == before


def test_the_window_forgets():
    bandit = Bandit(ARMS, window=50)
    bandit.update("a", 1.0, 1.0)
    for _ in range(50):
        bandit.update("b", 0.0, 1.0)
    assert bandit.rates() == dict.fromkeys(ARMS, 0.0)


def test_a_mix_keeps_its_weights():
    mix, rng = WeightedMix({"a": 3.0, "b": 1.0, "c": 0.0}), random.Random(0)
    chosen = [mix.choose(ARMS, rng) for _ in range(4000)]
    assert chosen.count("c") == 0
    assert chosen.count("a") / len(chosen) == pytest.approx(0.75, abs=0.03)


def test_a_mix_of_one_draws_nothing():
    rng = random.Random(0)
    state = rng.getstate()
    assert WeightedMix({"a": 1.0}).choose(("a",), rng) == "a"
    assert rng.getstate() == state


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"a": -1.0, "b": 2.0}, {"a": math.inf}, {"a": math.nan}])
def test_weights_that_cannot_be_drawn_by(weights):
    with pytest.raises(ConfigError, match="expected weights"):
        WeightedMix(weights)
