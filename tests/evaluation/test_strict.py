"""``isolation="strict"``: honest programs run, and nobody opens a file."""

from __future__ import annotations

import sys

import pytest
from corridor import corridor_task, program

from skdecide_elm.evaluation import EvaluationPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all layers")


@pytest.fixture(scope="module")
def strict():
    with EvaluationPool(corridor_task(timeout=20, isolation="strict"), workers=1) as pool:
        yield pool


HONEST = {
    "numpy": (
        "import numpy as np",
        "assert np.linalg.solve(np.eye(3), np.ones(3)).sum() == 3\nassert np.random.default_rng(0).normal() != 0",
    ),
    "what is imported in a function": (
        "",
        "import heapq, decimal, fractions\nassert heapq.nsmallest(1, [3, 2]) == [2]",
    ),
    "packages": ("import networkx as nx", "assert nx.shortest_path(nx.path_graph(4), 0, 3) == [0, 1, 2, 3]"),
    "scipy": ("from scipy.optimize import linprog", "assert linprog([-1], [[1]], [3]).x[0] == 3"),
    "dataclasses, deepcopy, pickle": (
        "import copy, pickle\nfrom dataclasses import dataclass\n@dataclass\nclass Node:\n    n: int",
        "assert pickle.loads(pickle.dumps(copy.deepcopy(Node(2)))) == Node(2)",
    ),
    "random, time": (
        "import random, time",
        "assert 0 <= random.random() < 1 and time.localtime() and time.time()",
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_program_runs(strict, name):
    top, init = HONEST[name]
    evaluation = strict.evaluate(program("return 'right'", top, init))
    assert evaluation.is_valid, evaluation.artifacts


@pytest.mark.parametrize(
    "deed",
    [
        "open('notes', 'w')",
        "open('/etc/passwd')",
        "os.open('/dev/null', os.O_RDONLY)",
        "os.listdir('.')",
        "__import__('antigravity')",
        "ctypes.CDLL(None).open(b'/dev/null', 0) >= 0 or 1 / 0",
        "ctypes.CDLL(None).syscall(317, 1, 0, 0) == 0 or 1 / 0",  # seccomp: no filter of its own either
    ],
)
def test_nothing_is_opened(strict, deed):
    evaluation = strict.evaluate(program("return 'right'", "import ctypes, os", deed))
    assert not evaluation.is_valid
    error = evaluation.artifacts["error"]
    assert "PermissionError" in error or "ModuleNotFoundError" in error or "ZeroDivisionError" in error


def test_the_failure_still_shows_the_programs_lines(strict):
    evaluation = strict.evaluate(program("return 1 / 0"))
    assert "    return 1 / 0\nZeroDivisionError: division by zero" in evaluation.artifacts["traceback"]
