"""What random episodes tell of observation vectors."""

import numpy as np
import pytest

from skdecide_elm.domain_api.observing import Episode, entries_of, observe_entries
from skdecide_elm.domain_api.profile import profile_domain
from skdecide_elm.environments.gymnasium_domain import GymnasiumDomain
from skdecide_elm.llm.profile import EntryProfile, SpaceProfile

PENDULUM_LIKE = SpaceProfile("box", shape=(4,), low=(-1.0, -1.0, -8.0, -np.inf), high=(1.0, 1.0, 8.0, np.inf))

NONE = np.empty(0)


def _swings(episodes=3, steps=60):
    """cos, sin and rate of an angle that is pushed at random, and an unrelated number of size 50."""
    rng = np.random.default_rng(1)
    for _ in range(episodes):
        rates = np.cumsum(rng.normal(0, 0.3, steps))
        angles = np.cumsum(0.05 * rates)
        yield Episode(np.stack([np.cos(angles), np.sin(angles), rates, rng.uniform(-50, 50, steps)], axis=1), NONE)


def test_circles_rates_and_sizes_are_recognised():
    first, *others = entries_of(list(_swings()), PENDULUM_LIKE)
    assert first == EntryProfile(1.0, rate=2, sine=1)
    assert others[:2] == [EntryProfile(1.0), EntryProfile(8.0)]
    assert others[2].rate is None and 45 <= others[2].scale <= 50


def test_a_falling_place_is_no_rate_of_anything():
    rows = np.stack([np.linspace(5, 0, 40) ** 2, np.ones(40)], axis=1)
    entries = entries_of([Episode(rows, NONE)], SpaceProfile("box", shape=(2,)))
    assert [entry.rate for entry in entries] == [None, None]


RATES = {
    "CartPole-v1": [1, None, 3, None],
    "MountainCar-v0": [1, None],
    "MountainCarContinuous-v0": [1, None],
    "Acrobot-v1": [4, None, 5, None, None, None],
    "Pendulum-v1": [2, None, None],
}


@pytest.mark.parametrize("name", RATES)
def test_the_rates_of_classic_control_are_found(name):
    domain = GymnasiumDomain(name)
    entries = profile_domain(domain).entries
    assert [entry.rate for entry in entries] == RATES[name]
    assert profile_domain(GymnasiumDomain(name)).entries == entries


def _pushed(force, pull=0.0, noise=0.1, steps=200):
    """A place and its rate; pushes of either sign, and a pull back to zero, change the rate."""
    rng = np.random.default_rng(2)
    place = rate = 0.0
    rows, pushes = [(place, rate)], rng.choice([-1.0, 1.0], steps)
    for push in pushes:
        rate += force * push - pull * place + noise * rng.normal()
        place += 0.1 * rate
        rows.append((place, rate))
    return Episode(np.asarray(rows), pushes)


@pytest.mark.parametrize(("force", "response"), [(0.2, 1), (-0.2, -1), (0.0, 0)])
@pytest.mark.parametrize("pull", [0.0, 0.3])
def test_what_a_push_does_to_a_rate(force, pull, response):
    place, rate = entries_of([_pushed(force, pull), _pushed(force, pull)], SpaceProfile("box", shape=(2,)))
    assert place.rate == 1
    assert (place.response, rate.response) == (0, response)


@pytest.mark.parametrize("steps", [1, 3])
def test_too_few_steps_tell_nothing_of_pushes(steps):
    entries = entries_of([_pushed(0.2, noise=0.0, steps=steps)], SpaceProfile("box", shape=(2,)))
    assert [entry.response for entry in entries] == [0, 0]


def test_pushes_that_are_all_alike_tell_nothing():
    rows = np.cumsum(np.cumsum(np.full((50, 2), 0.1), axis=0), axis=0)
    rows[:, 0] = np.cumsum(rows[:, 1])
    entries = entries_of([Episode(rows, np.ones(49))], SpaceProfile("box", shape=(2,)))
    assert [entry.response for entry in entries] == [0, 0]


@pytest.mark.parametrize(
    ("name", "responses"),
    [("CartPole-v1", [0, 1, 0, -1]), ("MountainCar-v0", [0, 1]), ("Pendulum-v1", [0, 0, 1])],
)
def test_what_pushes_do_in_classic_control(name, responses):
    assert [entry.response for entry in profile_domain(GymnasiumDomain(name)).entries] == responses


def test_other_observations_have_no_entries():
    domain = GymnasiumDomain("FrozenLake-v1")
    assert profile_domain(domain).entries == ()
    assert observe_entries(domain, SpaceProfile("box", shape=(100,)), SpaceProfile("discrete", 4, listed=True)) == ()
