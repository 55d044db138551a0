"""Domains whose randomness does not follow their seeds are found out, and no others."""

from __future__ import annotations

import pytest
from corridor import Corridor, Pair, Raffle, corridor_task
from domains import BlackBoxMaze, BlindMaze, Duel, Lamps, Road, gripper, small_rcpsp
from skdecide.hub.domain.maze import Maze
from unseeded import Clock, Late, Stubborn

from skdecide_elm.bridges import Integrated
from skdecide_elm.environments import GymnasiumDomain, OnlineBinPacking
from skdecide_elm.evaluation import EvaluationPool, RolloutTask, ScriptTask
from skdecide_elm.evaluation.seeding import find_unseeded


def found_in(*factories: object) -> str:
    return find_unseeded(RolloutTask(factories, Integrated()))


@pytest.mark.parametrize(
    "factory",
    [
        Corridor,
        Raffle,
        Pair,
        Maze,
        BlindMaze,
        BlackBoxMaze,
        Duel,
        Lamps,
        Road,
        gripper,
        small_rcpsp,
        lambda: GymnasiumDomain("CartPole-v1"),
        lambda: GymnasiumDomain("Pendulum-v1"),
        lambda: OnlineBinPacking(100, [50, 60, 50, 40, 30, 70]),
    ],
    ids=lambda factory: factory.__name__,
)
def test_domains_that_follow(factory):
    assert found_in(factory) == ""


def test_a_cost_that_differs():
    assert found_in(Clock) == (
        "the outcome of step 1 of episode 1 differs between two runs with equal seeds and actions"
    )


def test_a_beginning_that_differs():
    assert found_in(Corridor, Stubborn) == (
        "the first observation of episode 1 of instance 2 differs between two runs with equal seeds and actions"
    )


def test_in_a_worker_generators_without_a_seed_follow():
    assert found_in(Late) != ""
    with EvaluationPool(RolloutTask((Late,), Integrated()), workers=1) as pool:
        assert pool.find_unseeded() == ""


def test_a_worker_tells_and_goes_on():
    with EvaluationPool(RolloutTask((Clock,), corridor_task().bridge, timeout=20), workers=1) as pool:
        assert "the outcome of step 1" in pool.find_unseeded()
        assert pool.evaluate("class Planner:\n    pass").metrics["combined_score"] < 0


def test_a_domain_that_cannot_be_played_by_random_actions_is_not_judged():
    class Picky(Clock):
        def _get_next_state(self, memory, action):
            raise ValueError("not now")

    with EvaluationPool(RolloutTask((Picky,), Integrated(), timeout=20), workers=1) as pool:
        assert pool.find_unseeded() == ""


def test_a_script_is_not_judged(tmp_path):
    (tmp_path / "e.py").write_text("def evaluate(path):\n    return {'combined_score': 1}\n")
    with EvaluationPool(ScriptTask(str(tmp_path / "e.py")), workers=1) as pool:
        assert pool.find_unseeded() == ""
