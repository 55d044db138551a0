import random

import cloudpickle
import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from skdecide.builders.domain import FullyObservable, Initializable, Renderable, Rewards, UnrestrictedActions
from skdecide.hub.space.gym import BoxSpace, DiscreteSpace, GymSpace
from skdecide.utils import rollout

from skdecide_elm.core import Seedable
from skdecide_elm.environments import GymnasiumDomain

ENV_IDS = ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1"]


class Echo(gymnasium.Env):
    """One step; shows the action that arrived."""

    def __init__(self, action_space):
        self.action_space = action_space
        self.observation_space = spaces.Discrete(1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {}

    def step(self, action):
        return 0, np.float32(1.5), True, False, {"action": action}


def echo(action_space):
    domain = GymnasiumDomain(Echo, action_space=action_space)
    domain.reset()
    return domain


@pytest.mark.parametrize("env_id", ENV_IDS)
def test_seeded_resets_are_those_of_the_environment(env_id):
    domain, env = GymnasiumDomain(env_id, seed=3), gymnasium.make(env_id)
    np.testing.assert_array_equal(domain.reset(), env.reset(seed=3)[0])
    np.testing.assert_array_equal(domain.reset(), env.reset()[0])
    domain.seed(10_000)
    np.testing.assert_array_equal(domain.reset(), env.reset(seed=10_000)[0])
    np.testing.assert_array_equal(domain.reset(), env.reset()[0])


@pytest.mark.parametrize("env_id", ENV_IDS)
def test_steps_are_those_of_the_environment(env_id):
    domain, env = GymnasiumDomain(env_id, seed=3), gymnasium.make(env_id)
    domain.reset()
    env.reset(seed=3)
    for _ in range(5):
        action = domain.get_action_space().sample()
        outcome = domain.step(action)
        observation, reward, terminated, truncated, _ = env.step(action)
        np.testing.assert_array_equal(outcome.observation, observation)
        assert domain.is_observation(outcome.observation)
        assert outcome.value.reward == pytest.approx(float(reward))
        assert isinstance(outcome.value.reward, float)
        assert (outcome.termination, outcome.info["truncated"]) == (terminated or truncated, truncated)


@pytest.mark.parametrize("env_id", ENV_IDS)
def test_random_rollout_repeats_with_the_seed(env_id):
    def rewards(seed):
        [(_, _, values)] = rollout(
            GymnasiumDomain(env_id, seed=seed), max_steps=20, verbose=False, return_episodes=True
        )
        return [value.reward for value in values]

    assert rewards(1) == rewards(1)


@pytest.mark.parametrize(("env_id", "limit"), [("MountainCar-v0", 200), ("Pendulum-v1", 200)])
def test_truncation_ends_the_episode(env_id, limit):
    domain = GymnasiumDomain(env_id, seed=0)
    domain.reset()
    action = domain.get_action_space().sample()
    outcomes = [domain.step(action) for _ in range(limit)]
    assert [outcome.termination for outcome in outcomes] == [False] * (limit - 1) + [True]
    assert outcomes[-1].info["truncated"] is True
    assert outcomes[-2].info["truncated"] is False


def test_termination_is_not_truncation():
    domain = GymnasiumDomain("CartPole-v1", seed=0)
    domain.reset()
    for _ in range(500):
        outcome = domain.step(1)
        if outcome.termination:
            break
    assert outcome.termination is True
    assert outcome.info["truncated"] is False


def test_make_kwargs_reach_gymnasium():
    domain = GymnasiumDomain("CartPole-v1", seed=0, max_episode_steps=3)
    domain.reset()
    assert [domain.step(i % 2).termination for i in range(3)] == [False, False, True]


def test_characteristics():
    domain = GymnasiumDomain("CartPole-v1")
    for characteristic in (UnrestrictedActions, Initializable, FullyObservable, Rewards, Renderable):
        assert isinstance(domain, characteristic)
    assert isinstance(domain, Seedable)
    domain.reset()
    assert domain.get_applicable_actions() is domain.get_action_space()


def test_render_is_silent_without_a_mode_and_an_image_with_one(recwarn):
    domain = GymnasiumDomain("CartPole-v1", seed=0)
    domain.reset()
    assert domain.render() is None
    assert not [w for w in recwarn if "render" in str(w.message)]
    visible = GymnasiumDomain("CartPole-v1", seed=0, render_mode="rgb_array")
    visible.reset()
    assert visible.render().ndim == 3
    visible.close()


@pytest.mark.parametrize(
    ("space", "expected", "elements"),
    [
        (spaces.Discrete(3), DiscreteSpace, [0, 1, 2]),
        (spaces.Discrete(3, start=-1), GymSpace, [-1, 0, 1]),
        (spaces.MultiDiscrete([2, 2]), GymSpace, [(0, 0), (0, 1), (1, 0), (1, 1)]),
        (spaces.MultiBinary(1), GymSpace, [(1,), (0,)]),
    ],
)
def test_finite_spaces_can_be_enumerated(space, expected, elements):
    action_space = GymnasiumDomain(Echo, action_space=space).get_action_space()
    assert isinstance(action_space, expected)
    assert list(action_space.get_elements()) == elements


def test_box_and_other_spaces():
    box = GymnasiumDomain("MountainCarContinuous-v0").get_action_space()
    assert isinstance(box, BoxSpace)
    assert (box.unwrapped().low, box.unwrapped().high) == (-1, 1)
    other = spaces.Dict({"a": spaces.Discrete(2)})
    assert GymnasiumDomain(Echo, action_space=other).get_action_space().contains({"a": 1})


@pytest.mark.parametrize("space", [spaces.Discrete(2), spaces.Discrete(3, start=-1), spaces.MultiDiscrete([2, 2])])
def test_sampled_actions_are_accepted(space):
    domain = echo(space)
    assert space.contains(domain.step(domain.get_action_space().sample()).info["action"])


@pytest.mark.parametrize("action", [0.5, [0.5], np.array([0.5]), [2.0]])
def test_box_actions_arrive_as_arrays_and_unclipped(action):
    space = spaces.Box(-1, 1, () if isinstance(action, float) else (1,))
    arrived = echo(space).step(action).info["action"]
    assert (arrived.dtype, arrived.shape) == (np.float32, space.shape)
    np.testing.assert_array_equal(arrived, action)


@pytest.mark.parametrize(
    ("space", "action"),
    [
        (spaces.Discrete(2), 2),
        (spaces.Discrete(2), -1),
        (spaces.Discrete(2), None),
        (spaces.Box(-1, 1, (1,)), 0.5),
        (spaces.Box(-1, 1, (1,)), [float("nan")]),
        (spaces.MultiDiscrete([2, 2]), np.array([0, 2])),
    ],
)
def test_action_outside_the_space_is_refused(space, action):
    with pytest.raises(ValueError, match="element of the action space"):
        echo(space).step(action)


def test_acrobot_refuses_a_negative_index():
    domain = GymnasiumDomain("Acrobot-v1", seed=0)
    domain.reset()
    with pytest.raises(ValueError, match="-1"):
        domain.step(-1)


@pytest.mark.parametrize("env", ["CartPole-v1", lambda **kwargs: gymnasium.make("CartPole-v1", **kwargs)])
def test_pickled_as_its_recipe(env):
    domain = GymnasiumDomain(env, seed=5, max_episode_steps=2)
    first = domain.reset()
    domain.step(0)
    domain.is_action(0)  # fills scikit-decide's caches
    copy = cloudpickle.loads(cloudpickle.dumps(domain))
    np.testing.assert_array_equal(copy.reset(), first)
    assert [copy.step(0).termination for _ in range(2)] == [False, True]


def test_pickle_keeps_the_seed_given_last():
    domain = GymnasiumDomain("CartPole-v1", seed=5)
    domain.seed(6)
    copy = cloudpickle.loads(cloudpickle.dumps(domain))
    np.testing.assert_array_equal(copy.reset(), GymnasiumDomain("CartPole-v1", seed=6).reset())


def test_close_reaches_the_environment():
    closed = []

    class Closing(Echo):
        def close(self):
            closed.append(True)

    GymnasiumDomain(Closing, action_space=spaces.Discrete(2)).close()
    assert closed == [True]


def test_global_randomness_is_left_alone():
    random.seed(0)
    np.random.seed(0)
    expected = random.random(), np.random.random()
    random.seed(0)
    np.random.seed(0)
    rollout(GymnasiumDomain("CartPole-v1", seed=1), max_steps=5, verbose=False)
    assert (random.random(), np.random.random()) == expected
