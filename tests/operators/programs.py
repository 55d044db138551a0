"""Programs with evaluations, for the tests of operators."""

from __future__ import annotations

import math

from skdecide_elm.core import Evaluation, Program

__all__ = ["BETTER", "FAILED", "GOOD", "code", "program"]


def code(answer: str) -> str:
    """A program whose planner answers with an expression."""
    return (
        "import math\n\n# EVOLVE-BLOCK-START\n"
        "class Planner:\n"
        "    def sample_action(self, observation):\n"
        f"        return {answer}\n"
        "# EVOLVE-BLOCK-END\n"
    )


def program(name: str, answer: str, score: float = -math.inf, **artifacts: str) -> Program:
    """A program with that score; without one it has failed."""
    metrics = {"combined_score": score} | ({"cost": -score} if math.isfinite(score) else {})
    return Program(name, code(answer), Evaluation(metrics, artifacts))


GOOD = program("good", "1", -12.5)
BETTER = program("better", "observation + 1", -3.0)
FAILED = program("failed", "missing", error="NameError: name 'missing' is not defined", traceback="line 6")
