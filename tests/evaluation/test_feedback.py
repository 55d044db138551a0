"""What a reader is told of episodes, in whole texts."""

from __future__ import annotations

from collections import namedtuple
from enum import Enum

import numpy as np
import pytest
from corridor import WALKER, Corridor, Raffle, corridor_task, program
from local_actor import evaluate_here

from skdecide_elm.bridges import Integrated
from skdecide_elm.evaluation import EvaluationPool, RolloutTask
from skdecide_elm.evaluation.feedback import decision_times, shown
from skdecide_elm.evaluation.trace import Trace


def task(*factories: object, **settings: object) -> RolloutTask:
    return RolloutTask(factories or (Corridor,), Integrated(), **{"num_episodes": 1, "max_steps": 20, **settings})


def test_the_worst_episode():
    code = program("return 'right' if observation < 7 else 'left'")
    assert evaluate_here(task(lambda: Corridor(length=7), Corridor), code).artifacts == {
        "worst_episode": (
            "episode 1 of instance 2: score -1, cost 20, 20 steps, cut at its step limit, goal not reached\n"
            "step 16: at 7 took 'left', cost 1\n"
            "step 17: at 6 took 'right', cost 1\n"
            "step 18: at 7 took 'left', cost 1\n"
            "step 19: at 6 took 'right', cost 1\n"
            "step 20: at 7 took 'left', cost 1"
        )
    }


def test_it_is_the_one_with_the_lowest_score():
    evaluation = evaluate_here(task(Raffle, num_episodes=9), WALKER)
    worst = min(range(9), key=lambda number: evaluation.scores[number])
    assert evaluation.artifacts["worst_episode"].startswith(f"episode {worst + 1}: score {evaluation.scores[worst]:g}")


def test_the_first_invalid_action():
    artifacts = evaluate_here(task(), program("return 'right' if observation < 2 else 'up'")).artifacts
    assert artifacts == {
        "error": "ActionError: expected an applicable action; found up",
        "invalid_action": "step 3 of episode 1: expected an applicable action; found up",
        "failed_at": "step 3 of episode 1",
        "last_steps": ("step 1: at 0 took 'right', cost 1\nstep 2: at 1 took 'right', cost 1\nstep 3: at 2 it failed"),
    }


def test_a_program_that_fails_before_its_first_step():
    artifacts = evaluate_here(task(), program("return 'right'", init="x")).artifacts
    assert artifacts["failed_at"] == "the start of episode 1"
    assert "last_steps" not in artifacts


def test_where_the_time_went():
    code = program("time.sleep(0.01 if observation < 3 else 9)\nreturn 'right'", "import time")
    with EvaluationPool(corridor_task(timeout=0.5), workers=1) as pool:
        artifacts = pool.evaluate(code).artifacts
    assert artifacts["error"] == "TimeoutError: the evaluation took longer than 0.5 s"
    assert artifacts["failed_at"] == "step 4 of episode 1"
    told = artifacts["decision_times"]
    assert told.startswith("3 decisions took 1") and "; the last one was not made within 0." in told


def test_times():
    traces = [Trace(), Trace()]
    traces[0].add(b"", 0.001, "a", 1.0)
    traces[1].add(b"", 0.003, "b", 1.0)
    assert decision_times(traces, None) == "2 decisions took 2 ms each on average, 3 ms at most"
    assert decision_times(traces, 59.2) == (
        "2 decisions took 2 ms each on average, 3 ms at most; the last one was not made within 59.2 s"
    )
    assert decision_times([], 1.0) == "the last one was not made within 1 s"
    assert decision_times([], None) == ""


Point = namedtuple("Point", "x y")


class Move(Enum):
    left = "L"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        ("a\nb", "'a\\nb'"),
        (Move.left, "Move.left"),
        (Point(1, [2.0, Move.left]), "Point(x=1, y=[2.0, Move.left])"),
        (np.array([1.0, 2.5]), "array(1, 2.5, shape (2,))"),
        (np.arange(100).reshape(10, 10), "array(0, 1, 2, 3, 4, 5, 6, 7, …, shape (10, 10))"),
        (np.float32(0.1), "0.1"),
        (list(range(20)), "[0, 1, 2, 3, 4, 5, 6, 7, …]"),
        ((), "()"),
    ],
    ids=str,
)
def test_values_in_short(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    "value", ["x" * 10**6, ["x" * 1000] * 1000, dict.fromkeys(range(1000), "y" * 100), [[[[[[1] * 99] * 99]]]]]
)
def test_long_values_are_cut(value):
    assert len(shown(value)) <= 200


def test_values_that_cannot_be_shown():
    class Odd:
        def __repr__(self):
            return "\udcff" if self.fine else 1 / 0

    odd = Odd()
    odd.fine = True
    assert shown(odd) == "\\udcff"
    odd.fine = False
    assert shown(odd).startswith("<Odd instance at")
