"""`evaluator_path`: scripts of users, good and bad."""

import math

import pytest
from tiny import FAST, IDLE, STRAIGHT, Line

from skdecide_elm import IntegratedOpenEvolve, ProxyOpenEvolve
from skdecide_elm.errors import ConfigError, EvaluationError

GOOD = """
from openevolve.evaluation_result import EvaluationResult

def evaluate(program_path):
    text = open(program_path).read()
    return EvaluationResult(metrics={"combined_score": float("Move.right" in text)}, artifacts={"length": str(len(text))})
"""
BESIDE = """
from helper import score

def evaluate(program_path):
    return {"combined_score": score(program_path), "other": 1}
"""


@pytest.fixture
def make(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    (tmp_path / "evaluator.py").write_text(GOOD)

    def make(script=None, kind=IntegratedOpenEvolve, **kwargs):
        if script is not None:
            (tmp_path / "evaluator.py").write_text(script)
        kwargs = {"initial_program_path": tmp_path / "initial.py", **FAST, "nb_iterations": 3, **kwargs}
        return kind(Line, evaluator_path=tmp_path / "evaluator.py", **kwargs)

    return make


@pytest.mark.parametrize("kind", [IntegratedOpenEvolve, ProxyOpenEvolve])
def test_working(make, kind):
    with make(kind=kind) as solver:
        result = solver.evaluate_program_code(STRAIGHT)
        assert result.metrics == {"combined_score": 1.0}
        assert result.artifacts["length"] == str(len(STRAIGHT))
        solver.solve()
        assert solver.best_score in (0.0, 1.0)
        assert solver.statistics.evaluations == 1 + solver.statistics.proposals


def test_a_module_beside_the_script(make, tmp_path):
    (tmp_path / "helper.py").write_text("def score(path):\n    return 2.5\n")
    with make(BESIDE) as solver:
        assert solver.evaluate_program_code(IDLE).metrics == {"combined_score": 2.5, "other": 1.0}


def test_raising(make):
    with make("def evaluate(path):\n    raise LookupError('no such thing')\n") as solver:
        result = solver.evaluate_program_code(IDLE)
        assert result.metrics == {"combined_score": -math.inf}
        assert result.artifacts["error"] == "LookupError: no such thing"
        solver.solve()
        assert solver.best_score == -math.inf
        assert solver.statistics.invalid == solver.statistics.evaluations
        assert solver.get_best_program_code() == IDLE


def test_without_combined_score(make):
    with make("def evaluate(path):\n    return {'a': 1.0, 'b': 2, 'c': 'text', 'd': True}\n") as solver:
        assert solver.evaluate_program_code(IDLE).metrics["combined_score"] == pytest.approx(1.5)


@pytest.mark.parametrize(
    "returned", ["None", "3.5", "{}", "{'combined_score': float('nan')}", "{'combined_score': 'high'}"]
)
def test_nothing_to_rank(make, returned):
    with make(f"def evaluate(path):\n    return {returned}\n", nb_iterations=2) as solver:
        assert solver.evaluate_program_code(IDLE).metrics["combined_score"] == -math.inf
        solver.solve()
        assert solver.best_score == -math.inf


def test_infinity_is_no_score(make):
    with make("def evaluate(path):\n    return {'combined_score': float('inf')}\n", nb_iterations=2) as solver:
        solver.solve()
        assert solver.best_score == -math.inf
        assert solver.statistics.improvements == []


def test_ending_the_process_or_hanging(make):
    script = "import os\ndef evaluate(path):\n    os._exit(0)\n"
    with make(script) as solver:
        assert solver.evaluate_program_code(IDLE).metrics == {"combined_score": -math.inf}
    with make("def evaluate(path):\n    while True: pass\n", evaluator_timeout=1) as solver:
        result = solver.evaluate_program_code(IDLE)
        assert result.metrics == {"combined_score": -math.inf}
        assert "TimeoutError" in result.artifacts["error"]


def test_texts_that_no_encoding_holds(make):
    script = """
    from openevolve.evaluation_result import EvaluationResult
    def evaluate(path):
        return EvaluationResult(metrics={"combined_score": 1.0}, artifacts={"odd": "\\ud800", "bytes": b"\\xff"})
    """
    with make(script.replace("\n    ", "\n")) as solver:
        solver.solve()
        assert solver.best_score == 1.0
        solver.sample_prompt()["user"].encode("utf-8")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("x = 1\n", r"to define evaluate\(program_path\)"),
        ("evaluate = 3\n", "it does not: add it"),
        ("(", "SyntaxError"),
    ],
)
def test_unusable_script(make, script, message):
    with make(script) as solver, pytest.raises(EvaluationError, match=message):
        solver.solve()


def test_no_such_script(make, tmp_path):
    (tmp_path / "initial.py").touch()
    with pytest.raises(ConfigError, match=r"none\.py; there is none; check evaluator_path"):
        IntegratedOpenEvolve(Line, evaluator_path=tmp_path / "none.py", **FAST)
