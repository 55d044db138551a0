"""A planner in this very process that takes the way of a distant one: pickled observations, encoded actions."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import cloudpickle

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation import RolloutTask
from skdecide_elm.evaluation.failure import failed_evaluation
from skdecide_elm.evaluation.planner_side import PlannerSetup, Stage
from skdecide_elm.evaluation.racing import Bar
from skdecide_elm.evaluation.referee import PlannerFailed, read_action
from skdecide_elm.evaluation.refereed import judge, planner_setup
from skdecide_elm.evaluation.rollout import Position
from skdecide_elm.evaluation.step_messages import MessageWriter, read_message
from skdecide_elm.programs.loader import load_planner_class

__all__ = ["LocalActor", "evaluate_here"]


class LocalActor:
    """Plays a program as a process of its own would, but for the process. Only for programs that are known."""

    def __init__(self, setup: PlannerSetup, code: str) -> None:
        self.sent = b""
        self.asked_at = 0.0
        copies = [make_copy() for make_copy in setup.copies]
        self._codec = setup.codec
        self._write_step = MessageWriter().write_step
        self._stage = Stage(setup, copies, load_planner_class(code), self._no_questions)

    def begin(self, instance: int, seed: int) -> None:
        self._caught(self._stage.begin, instance, seed)

    def act(self, observation: Any, space: Any, *sent: Any) -> Any:
        self.sent = self._write_step(observation, *sent)
        self.asked_at = perf_counter()
        _, *message = read_message(self.sent)
        return read_action(self._codec, self._caught(self._stage.answer, *message), space, *sent)

    @staticmethod
    def _no_questions(question: bytes) -> bytes:
        raise AssertionError(f"asked {question!r}, which no test here needs")

    def _caught(self, play: Any, *args: Any) -> Any:
        try:
            return play(*args)
        except BaseException as error:
            artifacts = failed_evaluation(error).artifacts
            raise PlannerFailed(artifacts["error"], artifacts["traceback"]) from error


def evaluate_here(task: RolloutTask, code: str, bar: Bar | None = None) -> Evaluation:
    """What the referee says of a program, in milliseconds."""
    setup = cloudpickle.loads(cloudpickle.dumps(planner_setup(task)))
    return judge(task, LocalActor(setup, code), Position(), bar)
