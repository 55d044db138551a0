import random

import cloudpickle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skdecide.builders.domain import Actions, FullyObservable, PositiveCosts, UnrestrictedActions
from skdecide.utils import rollout

from skdecide_elm.core import Seedable
from skdecide_elm.environments import (
    BinPackingObservation,
    BinPackingState,
    OnlineBinPacking,
    draw_items,
    l1_bound,
)
from skdecide_elm.errors import ConfigError


def first_fit(observation, bins):
    return bins[0]


def best_fit(observation, bins):
    return bins[np.argmin(observation.residual[bins])]


def pack(domain, policy):
    """Total cost, the actions, the last observation."""
    observation, cost, actions = domain.reset(), 0, []
    while True:
        actions.append(int(policy(observation, domain.get_applicable_actions().get_elements())))
        outcome = domain.step(actions[-1])
        observation, cost = outcome.observation, cost + outcome.value.cost
        if outcome.termination:
            return cost, actions, observation


# Capacity 10. Items 6, 3, 7, 1, 3: 6 and 3 share bin 0 (1 free), 7 opens bin 1 (3 free), 1 and 3 fill them.
# Items 4, 7, 3, 6: first fit puts 3 beside 4, best fit beside 7, which leaves 6 free for the last item.
@pytest.mark.parametrize(
    ("items", "policy", "actions", "bins", "residual"),
    [
        ([6, 3, 7, 1, 3], first_fit, [0, 0, 1, 0, 1], 2, [0, 0, 10]),
        ([4, 7, 3, 6], first_fit, [0, 1, 0, 2], 3, [3, 3, 4, 10]),
        ([4, 7, 3, 6], best_fit, [0, 1, 1, 0], 2, [0, 0, 10]),
        ([10], first_fit, [0], 1, [0, 10]),
        ([10, 1, 10], best_fit, [0, 1, 2], 3, [0, 9, 0, 10]),
    ],
)
def test_small_instances_by_hand(items, policy, actions, bins, residual):
    cost, taken, last = pack(OnlineBinPacking(10, items), policy)
    assert (cost, taken, last.residual.tolist()) == (bins, actions, residual)
    assert last.item == 0


def test_characteristics():
    domain = OnlineBinPacking(10, [1])
    assert isinstance(domain, Actions)
    assert isinstance(domain, PositiveCosts)
    assert not isinstance(domain, (UnrestrictedActions, FullyObservable))
    assert isinstance(domain, Seedable)


def test_observations_and_applicable_actions():
    domain = OnlineBinPacking(10, [6, 5, 4])
    observation = domain.reset()
    assert (observation.item, observation.residual.tolist()) == (6, [10])
    domain.step(0)
    applicable = domain.get_applicable_actions()
    assert list(applicable) == [1]
    observation = domain.step(1).observation
    assert (observation.item, observation.residual.tolist()) == (4, [4, 5, 10])
    applicable = domain.get_applicable_actions()
    assert list(applicable) == [0, 1, 2]
    assert (len(applicable), applicable.index(1), applicable.count(1), applicable.count(3)) == (3, 1, 1, 0)
    assert all(domain.is_applicable_action(i) and domain.is_action(i) for i in range(3))
    assert not domain.is_applicable_action(3)
    assert not domain.is_action(-1)
    assert domain.is_observation(observation)
    assert not domain.is_observation(BinPackingObservation(4, np.array([4, 5])))
    assert domain.step(0).termination
    assert len(domain.get_applicable_actions()) == 0


def test_sampling_is_uniform_over_fitting_bins_and_follows_random_seed():
    domain = OnlineBinPacking(10, [6, 6, 4])
    domain.reset()
    domain.step(0)
    domain.step(1)
    applicable = domain.get_applicable_actions()
    random.seed(0)
    drawn = [applicable.sample() for _ in range(300)]
    assert all(drawn.count(i) > 60 for i in range(3))
    random.seed(0)
    assert [applicable.sample() for _ in range(300)] == drawn


def test_observations_handed_out_never_change():
    domain = OnlineBinPacking(10, [2, 2, 2])
    seen = [domain.reset()]
    seen += [domain.step(0).observation for _ in range(3)]
    assert [o.residual.tolist() for o in seen] == [[10], [8, 10], [6, 10], [4, 10]]
    with pytest.raises(ValueError, match="read-only"):
        seen[0].residual[0] = 99
    with pytest.raises(ValueError, match="read-only"):
        domain.get_applicable_actions().get_elements().sort()


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (0, "item of size 5 fits, got bin 0 with residual capacity 4"),
        (2, r"bin index in 0\.\.1 for the item of size 5, got bin 2 \(residual capacities \[ 4 10\]\)"),
        (-1, r"bin index in 0\.\.1"),
        (0.0, r"bin index in 0\.\.1"),
        (None, r"bin index in 0\.\.1"),
    ],
)
def test_invalid_action(action, message):
    domain = OnlineBinPacking(10, [6, 5])
    domain.reset()
    domain.step(0)
    with pytest.raises(ValueError, match=message):
        domain.step(action)
    assert domain.step(1).termination


def test_step_after_the_end():
    domain = OnlineBinPacking(10, [6])
    domain.reset()
    domain.step(0)
    with pytest.raises(ValueError, match="reset the domain"):
        domain.step(0)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"capacity": 10, "items": []},
        {"capacity": 10, "items": [0]},
        {"capacity": 10, "items": [11]},
        {"capacity": 0, "distribution": "weibull"},
        {"capacity": 10, "distribution": "normal"},
        {"capacity": 99, "distribution": "uniform"},
        {"capacity": 10, "distribution": "weibull", "n_items": 0},
        {"capacity": 10, "items": [1], "distribution": "weibull"},
    ],
)
def test_settings_that_cannot_work(kwargs):
    with pytest.raises(ConfigError):
        OnlineBinPacking(**kwargs)


def stream(domain):
    """The items of one episode, as a planner would learn them."""
    seen = []

    def new_bin(observation, bins):
        seen.append(observation.item)
        return bins[-1]

    pack(domain, new_bin)
    return seen


def test_streams_follow_the_seed():
    domain = OnlineBinPacking(100, distribution="weibull", n_items=30, seed=4)
    first, second = stream(domain), stream(domain)
    assert len(first) == 30
    assert first != second
    domain.seed(4)
    assert [stream(domain), stream(domain)] == [first, second]
    assert tuple(first) == draw_items("weibull", 30, 100, np.random.default_rng(4))


def test_specification_of_a_drawn_stream_has_its_own():
    domain = OnlineBinPacking(100, distribution="weibull", n_items=30, seed=4)
    specification = domain.specification()
    assert specification.capacity == 100
    assert stream(specification) != stream(domain)
    assert stream(domain.specification(7)) == stream(domain.specification(7))


def test_specification_of_fixed_items_has_none():
    domain = OnlineBinPacking(100, [61, 62, 63])
    domain.reset()
    specification = domain.specification()
    assert specification.capacity == 100
    with pytest.raises(ConfigError, match="specification without items"):
        specification.reset()
    with pytest.raises(ConfigError, match="specification without items"):
        specification.get_observation(BinPackingState(1, np.array([39, 100])))


def test_pickled_in_mid_episode():
    domain = OnlineBinPacking(10, [6, 5, 4])
    domain.reset()
    domain.step(0)
    domain.get_action_space()  # fills scikit-decide's caches
    copy = cloudpickle.loads(cloudpickle.dumps(domain))
    assert copy.step(1).observation.item == domain.step(1).observation.item == 4


def test_random_rollout():
    [(_, actions, values)] = rollout(
        OnlineBinPacking(100, distribution="uniform", n_items=40, seed=0), verbose=False, return_episodes=True
    )
    assert len(actions) == 40
    assert all(value.cost in (0, 1) for value in values)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_any_play_conserves_volume_and_respects_the_bound(items, rng):
    cost, actions, last = pack(OnlineBinPacking(20, items), lambda _, bins: rng.choice(bins.tolist()))
    assert cost == len(last.residual) - 1 == len(set(actions))
    assert l1_bound(items, 20) <= cost <= len(items)
    assert 20 * cost - sum(items) == int(last.residual[:-1].sum())
    assert (last.residual >= 0).all()
