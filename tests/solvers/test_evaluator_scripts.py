"""`evaluator_path`: scripts of users, good and bad."""

import math

import pytest
from tiny import FAST, IDLE, STRAIGHT, Line, program

from skdecide_elm import IntegratedOpenEvolve, ProxyOpenEvolve
from skdecide_elm.errors import ConfigError, EvaluationError

GOOD = """
from helper import score
from openevolve.evaluation_result import EvaluationResult

def evaluate(program_path):
    text = open(program_path).read()
    return EvaluationResult(metrics={"combined_score": score(text)}, artifacts={"length": str(len(text))})
"""
HELPER = "def score(text):\n    return float('Move.right' in text)\n"

OBEDIENT = """
import math, os
from openevolve.evaluation_result import EvaluationResult

def evaluate(program_path):
    order = next(line for line in open(program_path) if line.startswith("NOTES = "))
    scope = {**globals()}
    exec(order, scope)
    return scope["NOTES"]() if callable(scope["NOTES"]) else scope["NOTES"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "initial.py").write_text(IDLE)
    (folder / "undecided.py").write_text(program("Move.left if observation < 9 else Move.right"))
    (folder / "helper.py").write_text(HELPER)
    return folder


def solver_with(script, folder, kind=IntegratedOpenEvolve, initial="initial.py", **kwargs):
    path = folder / f"evaluator_{abs(hash(script))}.py"
    path.write_text(script)
    settings = {**FAST, "nb_iterations": 3, "initial_program_path": folder / initial, **kwargs}
    return kind(Line, evaluator_path=path, **settings)


@pytest.mark.parametrize("kind", [IntegratedOpenEvolve, ProxyOpenEvolve])
def test_working_with_a_module_beside_it(folder, kind):
    with solver_with(GOOD, folder, kind, "undecided.py") as solver:
        result = solver.evaluate_program_code(STRAIGHT)
        assert result.metrics == {"combined_score": 1.0}
        assert result.artifacts["length"] == str(len(STRAIGHT))
        solver.solve()
        assert solver.best_score == 1.0
        statistics = solver.statistics
        assert statistics.evaluations + statistics.duplicates == 1 + statistics.proposals


@pytest.fixture(scope="module")
def answer(folder):
    """What becomes of an answer of ``evaluate``, written as an expression."""
    with solver_with(OBEDIENT, folder, evaluator_timeout=1) as solver:
        yield lambda expression: solver.evaluate_program_code(program("Move.left", f"NOTES = {expression}"))


def test_metrics_by_name(answer):
    assert answer("{'combined_score': 2.5, 'other': 1}").metrics == {"combined_score": 2.5, "other": 1.0}
    assert answer("EvaluationResult(metrics={'combined_score': -2})").metrics == {"combined_score": -2.0}


def test_without_combined_score(answer):
    assert answer("{'a': 1.0, 'b': 2, 'c': 'text', 'd': True}").metrics["combined_score"] == pytest.approx(1.5)


@pytest.mark.parametrize(
    "nothing", ["None", "3.5", "{}", "{'combined_score': float('nan')}", "{'combined_score': '1'}"]
)
def test_nothing_to_rank(answer, nothing):
    assert answer(nothing).metrics["combined_score"] == -math.inf


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("lambda: {}['spam']", "KeyError: 'spam'"),
        ("lambda: os._exit(0)", "exit code 0"),
        ("lambda: exec('while True: pass')", "TimeoutError"),
        ("lambda: exec('raise SystemExit(2)')", "SystemExit: 2"),
    ],
)
def test_trouble_is_an_invalid_program(answer, trouble, error):
    result = answer(trouble)
    assert result.metrics == {"combined_score": -math.inf}
    assert error in result.artifacts["error"]


@pytest.mark.parametrize("outcome", ["float('inf')", "1 / 0"])
def test_a_script_that_fails_for_all_gives_no_best(folder, outcome):
    with solver_with(f"def evaluate(path):\n    return {{'combined_score': {outcome}}}\n", folder) as solver:
        solver.solve()
        assert solver.iteration == 3
        assert solver.best_score == -math.inf
        assert solver.statistics.improvements == []
        assert solver.get_best_program_code() == IDLE


def test_texts_that_no_encoding_holds(folder):
    odd = "EvaluationResult(metrics={'combined_score': 1.0}, artifacts={'odd': '\\ud800', 'bytes': b'\\xff'})"
    (folder / "odd.py").write_text(program("Move.left", f"NOTES = {odd}"))
    with solver_with(OBEDIENT, folder, initial="odd.py", nb_iterations=1) as solver:
        solver.solve()
        assert solver.best_score == 1.0
        solver.sample_prompt()["user"].encode("utf-8")


@pytest.mark.parametrize(
    ("script", "message"),
    [("x = 1\n", r"to define evaluate\(program_path\).*it does not: add it"), ("(", "SyntaxError")],
)
def test_unusable_script(folder, script, message):
    with solver_with(script, folder) as solver, pytest.raises(EvaluationError, match=message):
        solver.solve()


def test_no_such_script(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.py; there is none; check evaluator_path"):
        IntegratedOpenEvolve(Line, evaluator_path=tmp_path / "none.py", **FAST)
