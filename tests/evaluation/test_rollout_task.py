"""From a program to its metrics, without processes: programs are known here."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from corridor import LENGTH, WALKER, Corridor, Pair, corridor_task, program
from local_actor import evaluate_here
from skdecide import Value

from skdecide_elm.bridges import Integrated, Proxy
from skdecide_elm.environments import GymnasiumDomain
from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation import RolloutTask

BRIDGE = Integrated()
LOITERER = program("return 'left'")


def task(*factories: object, **settings: object) -> RolloutTask:
    return RolloutTask(factories, BRIDGE, **settings)


def test_a_walk_to_the_goal():
    assert evaluate_here(task(Corridor, max_steps=20), WALKER).metrics == {
        "combined_score": -3 * LENGTH / 20,
        "cost": 3.0 * LENGTH,
        "nb_reached_goals": 3.0,
        "nb_episodes": 3.0,
        "nb_cut_episodes": 0.0,
    }


def test_an_episode_is_cut_at_the_step_limit():
    assert evaluate_here(task(Corridor, num_episodes=2, max_steps=7), LOITERER).metrics == {
        "combined_score": -2.0,
        "cost": 14.0,
        "nb_reached_goals": 0.0,
        "nb_episodes": 2.0,
        "nb_cut_episodes": 2.0,
    }


def test_an_episode_that_ends_at_its_last_step_is_not_cut():
    metrics = evaluate_here(task(Corridor, num_episodes=1, max_steps=LENGTH), WALKER).metrics
    assert (metrics["nb_cut_episodes"], metrics["nb_reached_goals"]) == (0.0, 1.0)


def test_without_normalisation_the_score_is_minus_the_cost():
    assert evaluate_here(task(Corridor, normalize=False, num_episodes=2), WALKER).combined_score == -2 * LENGTH


def test_each_instance_has_its_own_step_limit():
    def limit(domain: Corridor) -> int:
        return domain.length

    metrics = evaluate_here(
        task(Corridor, lambda: Corridor(length=4), num_episodes=1, max_steps=limit), LOITERER
    ).metrics
    assert metrics["cost"] == 10 + 4
    assert metrics["combined_score"] == -1 - 1


def test_a_step_limit_of_numpy():
    assert evaluate_here(task(Corridor, num_episodes=1, max_steps=lambda _: np.int64(5)), LOITERER).metrics["cost"] == 5


@pytest.mark.parametrize("limit", [0, -3, 2.5, "many", None])
def test_a_step_limit_that_is_none(limit):
    with pytest.raises(ConfigError, match=f"whole number of at least 1; found {limit!r}"):
        task(Corridor, max_steps=lambda _: limit).warm_up()


def test_a_reward_is_a_negative_cost():
    assert evaluate_here(task(lambda: Corridor(price=-2.0), num_episodes=1), WALKER).combined_score == 2 * LENGTH / 100


def test_nothing_spent_is_zero_without_a_sign():
    assert math.copysign(1, evaluate_here(task(lambda: Corridor(price=0.0)), WALKER).combined_score) == 1


@pytest.mark.parametrize("price", [math.nan, math.inf])
def test_values_that_are_not_numbers(price):
    evaluation = evaluate_here(task(lambda: Corridor(price=price)), WALKER)
    assert evaluation.metrics == {"combined_score": -math.inf}
    assert evaluation.artifacts["error"] == (
        f"expected a finite total cost; found {price}: the domain's values are not numbers that can be added up"
    )


def test_several_agents():
    code = program("return {'ann': 'right', 'bob': 'right'}")
    assert evaluate_here(task(Pair, num_episodes=1), code).metrics == {
        "combined_score": -2 * LENGTH / 100,  # both pay until ann, who starts at 0, has arrived
        "cost": 2.0 * LENGTH,
        "nb_reached_goals": 1.0,
        "nb_episodes": 1.0,
        "nb_cut_episodes": 0.0,
    }


def test_a_goal_is_reached_when_all_agents_are_there():
    code = program("return {'ann': 'left', 'bob': 'right'}")
    assert evaluate_here(task(Pair, num_episodes=1, max_steps=8), code).metrics["nb_reached_goals"] == 0.0


def test_domains_without_goals_have_no_such_metric():
    metrics = evaluate_here(task(lambda: GymnasiumDomain("CartPole-v1"), num_episodes=1), program("return 0")).metrics
    assert "nb_reached_goals" not in metrics


# --- the planner's own copy


def test_a_fresh_planner_for_each_episode_and_one_copy_of_the_domain():
    code = program(
        "return 'right'", "MADE = []", "MADE.append((self, domain))\nassert len({id(d) for _, d in MADE}) == 1"
    )
    assert evaluate_here(task(Corridor, num_episodes=4), code).is_valid


@pytest.mark.parametrize("shared", [False, True], ids=["new domains", "always the same domain"])
def test_playing_with_the_copy_does_not_touch_the_episode(shared):
    domain = Corridor()
    code = program("self.domain.reset()\nself.domain.price = 0\nself.domain.step('left')\nreturn 'right'")
    evaluation = evaluate_here(task((lambda: domain) if shared else Corridor, num_episodes=2), code)
    assert evaluation.metrics["cost"] == 2 * LENGTH


def test_a_factory_of_copies_without_an_argument():
    code = program("return 'right' if self.domain.length == 3 else 'up'")
    assert evaluate_here(task(Corridor, planner_domain_factory=lambda: Corridor(length=3)), code).is_valid


def test_a_factory_of_copies_sees_the_instance():
    code = program("return 'right' if self.domain.length == -observation_length else 'up'", "observation_length = -13")
    sketch = task(lambda: Corridor(length=12), planner_domain_factory=lambda domain: Corridor(length=domain.length + 1))
    assert evaluate_here(sketch, code).is_valid


def test_a_proxy_sees_what_its_converters_make():
    bridge = Proxy(
        kwargs_factory=lambda domain: {"domain": f"a corridor of {domain.length}"},
        obs_converter=lambda n: {"at": n},
        action_converter=lambda direction: "right" if direction > 0 else "left",
    )
    code = program("assert self.domain == 'a corridor of 10'\nreturn 1 if observation['at'] >= 0 else -1")
    assert evaluate_here(replace(task(Corridor), bridge=bridge), code).metrics["nb_reached_goals"] == 3


# --- errors


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "SystemExit", "GeneratorExit", "StopIteration", "ValueError"])
def test_whatever_is_raised_in_an_episode_says_where(raised):
    evaluation = evaluate_here(task(Corridor), program(f"if observation == 3: raise {raised}\nreturn 'right'"))
    assert evaluation.metrics == {"combined_score": -math.inf}
    assert evaluation.artifacts["error"] == raised
    assert evaluation.artifacts["failed_at"] == "step 4 of episode 1"


def test_a_domain_with_nonsense_for_a_value():
    class Odd(Corridor):
        def _get_transition_value(self, memory, action, next_state=None):
            return Value(cost="much")

    artifacts = evaluate_here(task(Odd), WALKER).artifacts
    assert artifacts["error"] == "TypeError: bad operand type for unary -: 'str'"
    assert artifacts["failed_at"] == "step 1 of episode 1"


@pytest.mark.parametrize("answer", ["'up'", "None", "7", "['right']", "b'right'", "self.domain", "lambda: 'right'"])
def test_an_answer_that_is_no_action(answer):
    evaluation = evaluate_here(task(Corridor), program(f"return 'right' if observation < 2 else {answer}"))
    assert evaluation.metrics == {"combined_score": -math.inf}
    assert evaluation.artifacts["error"].startswith("ActionError: expected an a")
    assert evaluation.artifacts["failed_at"] == "step 3 of episode 1"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_episodes": 0}, "at least 1 episode per domain; found 0"),
        ({"timeout": 0}, "more than 0 seconds; found 0"),
        ({"timeout": math.inf}, "found inf"),
        ({"timeout": math.nan}, "found nan"),
        ({"memory_limit_mb": 0}, "at least 1 MiB, or None; found 0"),
        ({"domain_factories": ()}, "at least one domain factory; found none"),
    ],
)
def test_settings_that_cannot_work(settings, message):
    with pytest.raises(ConfigError, match=message):
        replace(corridor_task(), **settings)
