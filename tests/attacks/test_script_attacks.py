"""The cheats once more, against a user's own script: its isolated planner keeps the score honest."""

from __future__ import annotations

import contextlib
import math
import sys

import pytest
from attacks.cheats import CHEATS, SECRET, cheat_code, probe_code
from attacks.os_attacks import BREACH
from attacks.stages import HONEST, MAX_STEPS, earned, program

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation import EvaluationPool, ScriptTask

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers that hold these attacks are Linux's")

SCRIPT = f"""
from skdecide.hub.domain.maze import Maze

from skdecide_elm import isolated_planner

def evaluate(program_path):
    maze = Maze()
    observation, cost, steps, done = maze.reset(), 0.0, 0, False
    with isolated_planner(program_path, domain=Maze()) as planner:
        while not done and steps < {MAX_STEPS}:
            outcome = maze.step(planner.sample_action(observation))
            observation, cost, done = outcome.observation, cost + outcome.value.cost, outcome.termination
            steps += 1
    return {{"combined_score": -cost / {MAX_STEPS}, "cost": cost, "nb_reached_goals": float(done)}}
"""

# those that hang, or exhaust something, until the time limit have nothing to do with the script
FAST = [
    name for name, cheat in CHEATS.items() if cheat.stage == "maze" and cheat.group in ("cheat", "forge", "persist")
]


@contextlib.contextmanager
def open_pool(folder):
    script = folder / "maze_script.py"
    script.write_text(SCRIPT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET, "s3cret")
        with EvaluationPool(ScriptTask(str(script), timeout=5.0, memory_limit_mb=1000), workers=1) as found:
            yield found


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    with open_pool(tmp_path_factory.mktemp("evaluators")) as found:
        yield found


def core_of(evaluation: Evaluation) -> dict[str, float]:
    return {name: evaluation.metrics[name] for name in ("combined_score", "cost", "nb_reached_goals")}


def expected(outcome: object) -> dict[str, float]:
    reference = HONEST["maze"] if outcome == "honest" else earned(outcome)
    return {name: reference[name] for name in ("combined_score", "cost", "nb_reached_goals")}


@pytest.mark.parametrize("name", FAST)
def test_the_cheat_earns_what_its_actions_earn(pool, name):
    cheat = CHEATS[name]
    evaluation = pool.evaluate(cheat_code(cheat))
    if cheat.outcome == "invalid":
        assert evaluation.metrics == {"combined_score": -math.inf}, evaluation
    else:
        assert core_of(evaluation) == expected(cheat.outcome), evaluation
    following = pool.evaluate(probe_code(cheat))
    assert core_of(following) == expected("honest"), following
    for found in (evaluation, following):
        assert BREACH not in found.artifacts.get("output", "")


def test_there_are_many():
    assert len(FAST) >= 40


def test_a_program_that_hangs_is_named_before_the_script_is_killed(tmp_path):
    with open_pool(tmp_path) as pool:
        for _ in range(2):  # before a script's first program a process must start and warm up
            evaluation = pool.evaluate(program("maze", act="while True: pass"))
            assert evaluation.metrics == {"combined_score": -math.inf}
            assert evaluation.artifacts["error"].startswith("TimeoutError: sample_action did not end within ")
            assert "while True: pass" in evaluation.artifacts["traceback"]
        assert "within 4." in evaluation.artifacts["error"]  # of the script's 5 s
        assert core_of(pool.evaluate(program("maze"))) == expected("honest")
