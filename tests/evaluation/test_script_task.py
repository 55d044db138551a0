"""A user's own script, as its users write it, in a process that can be killed."""

from __future__ import annotations

import math
import textwrap

import pytest

from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation import EvaluationPool, ScriptTask

PROGRAM = "VALUE = 7\n"
RUN_PROGRAM = """
import runpy

def evaluate(program_path):
    return {"combined_score": runpy.run_path(program_path)["VALUE"]}
"""


@pytest.fixture
def evaluate(tmp_path):
    """Evaluate a program with a script."""

    def evaluate(script: str, code: str = PROGRAM, **settings: float):
        path = tmp_path / "evaluators" / "mine.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(script))
        with EvaluationPool(ScriptTask(str(path), **{"timeout": 10, **settings}), workers=1) as pool:
            return pool.evaluate(code)

    return evaluate


def test_a_script_gets_the_path_of_the_program(evaluate):
    assert evaluate(RUN_PROGRAM).metrics == {"combined_score": 7.0}


def test_what_lies_beside_a_script(evaluate, tmp_path):
    folder = tmp_path / "evaluators"
    (folder / "data").mkdir(parents=True)
    (folder / "helper_of_mine.py").write_text("def read(path): return float(path.read_text())\n")
    (folder / "data" / "five.txt").write_text("5")
    script = """
        from pathlib import Path
        from helper_of_mine import read

        AT_THE_TOP = read(Path("data/five.txt"))
        HERE = Path(__file__).parent

        def evaluate(program_path):
            return {
                "combined_score": AT_THE_TOP,
                "relative": read(Path("data/five.txt")),
                "absolute": read(HERE / "data" / "five.txt"),
            }
    """
    assert evaluate(script).metrics == {"combined_score": 5.0, "relative": 5.0, "absolute": 5.0}
    assert sorted(path.name for path in folder.iterdir() if path.name != "__pycache__") == [
        "data",
        "helper_of_mine.py",
        "mine.py",
    ]


def test_a_script_with_dataclasses_and_a_main_block(evaluate):
    script = """
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Result:
            score: float

        def evaluate(program_path: str) -> dict:
            return {"combined_score": Result(3.0).score}

        if __name__ == "__main__":
            raise SystemExit("not when it is imported")
    """
    assert evaluate(script).combined_score == 3.0


def test_an_evaluation_result_of_openevolve(evaluate):
    script = """
        from openevolve.evaluation_result import EvaluationResult

        def evaluate(program_path):
            return EvaluationResult(metrics={"combined_score": 1.5}, artifacts={"note": "fine", "raw": b"bytes"})
    """
    evaluation = evaluate(script)
    assert evaluation.metrics == {"combined_score": 1.5}
    assert evaluation.artifacts == {"note": "fine", "raw": "bytes"}


def test_the_programs_failure_shows_its_lines(evaluate):
    artifacts = evaluate(RUN_PROGRAM, "VALUE = 1\nVALUE = VALUE + missing\n").artifacts
    assert artifacts["error"] == "NameError: name 'missing' is not defined"
    assert artifacts["traceback"] == (
        "Traceback (most recent call last):\n"
        '  File "<program>", line 2, in <module>\n'
        "    VALUE = VALUE + missing\n"
        "NameError: name 'missing' is not defined"
    )


def test_the_scripts_own_failure_shows_its_lines(evaluate, tmp_path):
    artifacts = evaluate("def evaluate(program_path):\n    return 1 / 0\n").artifacts
    assert artifacts["error"] == "ZeroDivisionError: division by zero"
    assert artifacts["traceback"] == (
        "Traceback (most recent call last):\n"
        f'  File "{tmp_path}/evaluators/mine.py", line 2, in evaluate\n'
        "    return 1 / 0\n"
        "ZeroDivisionError: division by zero"
    )


def test_a_script_that_hangs(evaluate):
    artifacts = evaluate(RUN_PROGRAM, "import time\ntime.sleep(60)\n", timeout=0.5).artifacts
    assert artifacts["error"] == "TimeoutError: the evaluation took longer than 0.5 s"
    assert "    time.sleep(60)" in artifacts["traceback"].splitlines()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise LookupError('no such data')", "LookupError: no such data"),
        ("def evaluat(program_path): pass", r"mine.py to define evaluate\(program_path\); it does not: add it"),
    ],
)
def test_a_script_that_cannot_be_used(evaluate, script, message):
    with pytest.raises(EvaluationError, match=message):
        evaluate(script)


def test_settings_that_cannot_work():
    with pytest.raises(ConfigError, match="more than 0 seconds"):
        ScriptTask("/script.py", timeout=-1)


def test_a_script_that_returns_nothing(evaluate):
    evaluation = evaluate("def evaluate(program_path): print('forgot to return')")
    assert evaluation.metrics == {"combined_score": -math.inf}
    assert evaluation.artifacts["error"].endswith("found NoneType")
    assert evaluation.artifacts["output"] == "forgot to return\n"
