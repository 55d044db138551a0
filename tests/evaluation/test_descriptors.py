"""Behaviour descriptors, by themselves and through the referee."""

from __future__ import annotations

import math

import numpy as np
import pytest
from corridor import LENGTH, WALKER, Corridor, Pair, Raffle, corridor_task, program
from local_actor import evaluate_here
from skdecide import Value

from skdecide_elm.bridges import Integrated
from skdecide_elm.environments import GymnasiumDomain
from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation import EvaluationPool, RolloutTask
from skdecide_elm.evaluation.descriptors import DESCRIPTORS, REPRODUCIBLE_DESCRIPTORS

SWINGER = program("return ['left', 'right'][observation == 0]")
WANDERER = program("return random.choice(['left', 'right', 'right'])", "import random")


def described(code: str, *factories: object, **settings: object) -> dict[str, float]:
    settings = {"descriptors": REPRODUCIBLE_DESCRIPTORS, "num_episodes": 2, "max_steps": 20, **settings}
    evaluation = evaluate_here(RolloutTask(factories or (Corridor,), Integrated(), **settings), code)
    assert evaluation.is_valid, evaluation
    return {name: value for name, value in evaluation.metrics.items() if name in DESCRIPTORS}


def test_a_straight_walk():
    assert described(WALKER) == {
        "mean_steps": LENGTH,
        "goal_rate": 1.0,
        "cost_spread": 0.0,
        "action_entropy": 0.0,
        "distinct_observations": 1.0,
    }


def test_to_and_fro():
    found = described(SWINGER)
    assert found["action_entropy"] == 1.0
    assert found["distinct_observations"] == 2 / 20
    assert found["goal_rate"] == 0.0


def test_episodes_that_differ():
    found = described(WALKER, Raffle, Raffle, Raffle, Raffle)
    assert found["cost_spread"] > 0
    assert 0 < found["mean_steps"] < LENGTH


def test_they_are_the_same_whenever_the_program_is_evaluated():
    task = RolloutTask(
        (Raffle, Corridor), Integrated(), num_episodes=5, max_steps=20, timeout=20, descriptors=REPRODUCIBLE_DESCRIPTORS
    )
    with EvaluationPool(task, workers=2) as pool:
        first, *others = [future.result().metrics for future in [pool.submit(WANDERER) for _ in range(4)]]
    assert set(REPRODUCIBLE_DESCRIPTORS) <= set(first)
    assert others == [first] * 3


def test_domains_without_goals():
    found = described(program("return 0"), lambda: GymnasiumDomain("CartPole-v1"))
    assert set(found) == set(REPRODUCIBLE_DESCRIPTORS) - {"goal_rate"}
    assert found["distinct_observations"] == 1.0


def test_numbers_of_a_box_fall_into_bins():
    def entropy(action):
        code = program(f"return np.array([{action}], dtype=np.float32)", "import random\nimport numpy as np")
        factory = lambda: GymnasiumDomain("Pendulum-v1")  # noqa: E731
        return described(code, factory, num_episodes=1, max_steps=200)["action_entropy"]

    assert entropy("random.uniform(-0.19, -0.01)") == 0.0, "all in one of ten bins between -2 and 2"
    assert entropy("random.uniform(-2, 2)") > 0.9 * math.log2(10)


def test_several_agents():
    code = program("return {'ann': 'right', 'bob': random.choice(MOVES)}", "import random\nMOVES = ['left', 'right']")
    assert 0.5 < described(code, Pair)["action_entropy"] <= 1


class Mutable(Corridor):
    """Its one observation is a list that it changes at each step."""

    T_state = T_observation = list

    def _get_initial_state_(self):
        return [0]

    def _get_next_state(self, memory, action):
        memory[0] += 1
        return memory

    def _is_terminal(self, state):
        return state[0] >= self.length


def test_observations_that_the_domain_changes_in_place():
    seen = []

    def hook(episodes):
        seen.extend(list(episode.observations) for episode in episodes)
        return {}

    assert described(WALKER, Mutable, num_episodes=1, descriptor=hook)["distinct_observations"] == 1.0
    assert seen == [[[n] for n in range(LENGTH + 1)]]


def test_only_the_beginning_of_a_long_episode_is_recorded():
    found = described(SWINGER, num_episodes=1, max_steps=3000)
    assert found["distinct_observations"] == 2 / 1000


def test_the_time_of_a_decision_is_told_if_it_is_asked_for():
    slow = program("time.sleep(0.002)\nreturn 'right'", "import time")
    assert "decision_time" not in described(slow)
    assert described(slow, descriptors=("decision_time",))["decision_time"] > 0.002


# --- the user's own


def test_a_users_own_see_observations_actions_and_costs():
    def hook(episodes):
        [one] = episodes
        assert len(one.observations) == len(one.actions) + 1 == len(one.costs) + 1
        assert set(one.actions) == {"right"}
        return {"last": one.observations[-1], "spent": math.fsum(one.costs), "steps": np.float32(one.steps)}

    task = RolloutTask((Corridor,), Integrated(), num_episodes=1, timeout=20, descriptor=hook)
    with EvaluationPool(task, workers=1) as pool:
        metrics = pool.evaluate(WALKER).metrics
    assert {"last": LENGTH, "spent": LENGTH, "steps": LENGTH}.items() <= metrics.items()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (7, "numbers by name; found a int"),
        ({"a": "much"}, "numbers by name; found 'a': a str"),
        ({3: 1.0}, "numbers by name; found '3': a float"),
        ({"mean_steps": 1.0}, "new names; found 'mean_steps'"),
        ({"combined_score": 1.0}, "new names; found 'combined_score'"),
    ],
)
def test_a_users_own_that_say_nonsense(answer, message):
    with pytest.raises(EvaluationError, match=message):
        described(WALKER, descriptor=lambda episodes: answer)


def test_a_users_own_that_raise_are_not_the_programs_fault():
    def hook(episodes):
        return {"x": 1 / 0}

    with (
        EvaluationPool(corridor_task(timeout=20, descriptor=hook), workers=1) as pool,
        pytest.raises(EvaluationError, match="ZeroDivisionError"),
    ):
        pool.evaluate(WALKER)


def test_unknown_names():
    with pytest.raises(ConfigError, match=r"among mean_steps, goal_rate, .*; found 'beauty'"):
        corridor_task(descriptors=("beauty",))


def test_values_that_are_infinite_are_no_reason_to_describe():
    class Odd(Corridor):
        def _get_transition_value(self, memory, action, next_state=None):
            return Value(cost=math.inf)

    task = RolloutTask((Odd,), Integrated(), descriptors=REPRODUCIBLE_DESCRIPTORS)
    assert not evaluate_here(task, WALKER).is_valid
