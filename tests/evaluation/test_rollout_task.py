"""From a program to its metrics, in this process: programs are known here."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from corridor import LENGTH, WALKER, Corridor, Pair, corridor_task, program
from skdecide import Value

from skdecide_elm.bridges import Integrated, Proxy
from skdecide_elm.environments import GymnasiumDomain
from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation import RolloutTask
from skdecide_elm.evaluation.rollout import EpisodeError

BRIDGE = Integrated()
LOITERER = program("return 'left'")


def task(*factories: object, **settings: object) -> RolloutTask:
    return RolloutTask(factories, BRIDGE, **settings)


def test_a_walk_to_the_goal():
    assert task(Corridor, max_steps=20).evaluate(WALKER).metrics == {
        "combined_score": -3 * LENGTH / 20,
        "cost": 3.0 * LENGTH,
        "nb_reached_goals": 3.0,
        "nb_episodes": 3.0,
        "nb_cut_episodes": 0.0,
    }


def test_an_episode_is_cut_at_the_step_limit():
    assert task(Corridor, num_episodes=2, max_steps=7).evaluate(LOITERER).metrics == {
        "combined_score": -2.0,
        "cost": 14.0,
        "nb_reached_goals": 0.0,
        "nb_episodes": 2.0,
        "nb_cut_episodes": 2.0,
    }


def test_an_episode_that_ends_at_its_last_step_is_not_cut():
    metrics = task(Corridor, num_episodes=1, max_steps=LENGTH).evaluate(WALKER).metrics
    assert (metrics["nb_cut_episodes"], metrics["nb_reached_goals"]) == (0.0, 1.0)


def test_without_normalisation_the_score_is_minus_the_cost():
    assert task(Corridor, normalize=False, num_episodes=2).evaluate(WALKER).combined_score == -2 * LENGTH


def test_each_instance_has_its_own_step_limit():
    def limit(domain: Corridor) -> int:
        return domain.length

    metrics = task(Corridor, lambda: Corridor(length=4), num_episodes=1, max_steps=limit).evaluate(LOITERER).metrics
    assert metrics["cost"] == 10 + 4
    assert metrics["combined_score"] == -1 - 1


def test_a_step_limit_of_numpy():
    assert task(Corridor, num_episodes=1, max_steps=lambda _: np.int64(5)).evaluate(LOITERER).metrics["cost"] == 5


@pytest.mark.parametrize("limit", [0, -3, 2.5, "many", None])
def test_a_step_limit_that_is_none(limit):
    with pytest.raises(ConfigError, match=f"whole number of at least 1; found {limit!r}"):
        task(Corridor, max_steps=lambda _: limit).warm_up()


def test_a_reward_is_a_negative_cost():
    assert task(lambda: Corridor(price=-2.0), num_episodes=1).evaluate(WALKER).combined_score == 2 * LENGTH / 100


def test_nothing_spent_is_zero_without_a_sign():
    assert math.copysign(1, task(lambda: Corridor(price=0.0)).evaluate(WALKER).combined_score) == 1


@pytest.mark.parametrize("price", [math.nan, math.inf])
def test_values_that_are_not_numbers(price):
    evaluation = task(lambda: Corridor(price=price)).evaluate(WALKER)
    assert evaluation.metrics == {"combined_score": -math.inf}
    assert evaluation.artifacts["error"] == (
        f"expected a finite total cost; found {price}: the domain's values are not numbers that can be added up"
    )


def test_several_agents():
    code = program("return {'ann': 'right', 'bob': 'right'}")
    assert task(Pair, num_episodes=1).evaluate(code).metrics == {
        "combined_score": -2 * LENGTH / 100,  # both pay until ann, who starts at 0, has arrived
        "cost": 2.0 * LENGTH,
        "nb_reached_goals": 1.0,
        "nb_episodes": 1.0,
        "nb_cut_episodes": 0.0,
    }


def test_a_goal_is_reached_when_all_agents_are_there():
    code = program("return {'ann': 'left', 'bob': 'right'}")
    assert task(Pair, num_episodes=1, max_steps=8).evaluate(code).metrics["nb_reached_goals"] == 0.0


def test_domains_without_goals_have_no_such_metric():
    metrics = task(lambda: GymnasiumDomain("CartPole-v1"), num_episodes=1).evaluate(program("return 0")).metrics
    assert "nb_reached_goals" not in metrics


# --- the planner's own copy


def test_a_fresh_planner_for_each_episode_and_one_copy_of_the_domain():
    code = program(
        "return 'right'", "MADE = []", "MADE.append((self, domain))\nassert len({id(d) for _, d in MADE}) == 1"
    )
    assert task(Corridor, num_episodes=4).evaluate(code).is_valid


@pytest.mark.parametrize("shared", [False, True], ids=["new domains", "always the same domain"])
def test_playing_with_the_copy_does_not_touch_the_episode(shared):
    domain = Corridor()
    code = program("self.domain.reset()\nself.domain.price = 0\nself.domain.step('left')\nreturn 'right'")
    evaluation = task((lambda: domain) if shared else Corridor, num_episodes=2).evaluate(code)
    assert evaluation.metrics["cost"] == 2 * LENGTH


def test_a_factory_of_copies_without_an_argument():
    code = program("return 'right' if self.domain.length == 3 else 'up'")
    assert task(Corridor, planner_domain_factory=lambda: Corridor(length=3)).evaluate(code).is_valid


def test_a_factory_of_copies_sees_the_instance():
    code = program("return 'right' if self.domain.length == -observation_length else 'up'", "observation_length = -13")
    sketch = task(lambda: Corridor(length=12), planner_domain_factory=lambda domain: Corridor(length=domain.length + 1))
    assert sketch.evaluate(code).is_valid


def test_a_proxy_sees_what_its_converters_make():
    bridge = Proxy(
        kwargs_factory=lambda domain: {"domain": f"a corridor of {domain.length}"},
        obs_converter=lambda n: {"at": n},
        action_converter=lambda direction: "right" if direction > 0 else "left",
    )
    code = program("assert self.domain == 'a corridor of 10'\nreturn 1 if observation['at'] >= 0 else -1")
    assert replace(task(Corridor), bridge=bridge).evaluate(code).metrics["nb_reached_goals"] == 3


# --- errors


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "SystemExit", "GeneratorExit", "StopIteration", "ValueError"])
def test_whatever_is_raised_in_an_episode_says_where(raised):
    with pytest.raises(EpisodeError, match=r"^step 4 of episode 1$") as caught:
        task(Corridor).evaluate(program(f"if observation == 3: raise {raised}\nreturn 'right'"))
    assert type(caught.value.__cause__).__name__ == raised


def test_a_domain_with_nonsense_for_a_value():
    class Odd(Corridor):
        def _get_transition_value(self, memory, action, next_state=None):
            return Value(cost="much")

    with pytest.raises(EpisodeError, match="step 1 of episode 1") as caught:
        task(Odd).evaluate(WALKER)
    assert isinstance(caught.value.__cause__, TypeError)


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
