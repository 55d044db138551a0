"""What takes seconds to import is imported by those who need it."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

SLOW_FOR_SEARCH = {"ribs", "numba", "sklearn", "cmaes", "optuna", "matplotlib"}
SLOW_FOR_EVALUATION = {*SLOW_FOR_SEARCH, "openevolve", "openai", "pydantic"}


@pytest.mark.parametrize(
    ("module", "slow"),
    [
        ("skdecide_elm.cli.app", SLOW_FOR_EVALUATION),
        ("skdecide_elm.solvers", SLOW_FOR_SEARCH),
        ("skdecide_elm.config", SLOW_FOR_SEARCH),
        ("skdecide_elm.report", SLOW_FOR_SEARCH),
        ("skdecide_elm.evaluation.worker", SLOW_FOR_EVALUATION),
        ("skdecide_elm.evaluation.planner_host", SLOW_FOR_EVALUATION),
    ],
)
def test_what_is_slow_is_imported_late(module, slow):
    script = f"import sys, {module}; print(*{slow} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_is_slow_goes_by_these_names():
    assert [name for name in SLOW_FOR_EVALUATION if find_spec(name) is None] == []
