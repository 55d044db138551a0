"""Each attack on the operating system once more, by a program in the pool, with the same signs of success."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the layers that hold these attacks are Linux's", allow_module_level=True)

sys.path.append(os.fspath(Path(__file__).parents[1] / "evaluation" / "isolation"))

from attacks.os_attacks import OS_ATTACKS, attack_code
from attacks.stages import HONEST, program, task
from jail import Outcome
from test_attack_suite import INVALID, Arena, arena, core_of  # noqa: F401 - a fixture
from test_os_attacks import planted

from skdecide_elm.evaluation import EvaluationPool


class OwnUser:
    """In place of a jail: the attacker is the user who runs the tests."""

    uid = None

    def give(self, path: Path) -> None:
        """It is his already."""


@pytest.fixture(scope="module")
def idle(arena) -> Iterator[list[int]]:  # noqa: F811
    """The processes of a pool between two programs."""
    arena.evaluate("maze", program("maze"))
    yield arena.processes()
    assert arena.files()
    arena.close()
    assert arena.processes() == []
    assert arena.files() == []


@pytest.fixture
def place(arena) -> Iterator[Path]:  # noqa: F811
    """A folder for the targets beside that of the pool, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="targets_", dir=arena.folder.parent) as name:
        yield Path(name)


def hostile_program(code: str) -> str:
    """Attack when the planner is made, say what came of it, and play on honestly if that is possible."""
    attack = f"""
        try:
            exec(compile({code!r}, '<attack>', 'exec'), {{'__name__': 'planner'}})
        except Exception as error:
            print(type(error).__name__, error, flush=True)"""
    return program("maze", init=attack)


@pytest.mark.parametrize("name", OS_ATTACKS)
def test_the_attack_is_held_in_the_pool(name, arena, idle, place):  # noqa: F811
    with planted(OwnUser(), place) as scene:
        evaluation = arena.evaluate("maze", hostile_program(attack_code(OS_ATTACKS[name], scene.targets)))
        left_over = len(arena.processes()) - len(idle)
        output = evaluation.artifacts.get("output", "")
        assert scene.signs(Outcome(layers=(), output=output, status=0, left_over=left_over)) == []
    assert core_of(evaluation) in (HONEST["maze"], INVALID)
    assert evaluation.is_valid or output or "ended its process" in evaluation.artifacts["error"]
    assert core_of(arena.evaluate("maze", program("maze"))) == HONEST["maze"]


@pytest.mark.parametrize("name", ["read_secret", "overwrite_file", "connect_tcp", "kill_victim"])
def test_the_signs_show_where_nothing_holds(name, place):
    """Else the tests above would show nothing."""
    with planted(OwnUser(), place) as scene, EvaluationPool(task("maze", isolation="process"), workers=1) as pool:
        evaluation = pool.evaluate(hostile_program(attack_code(OS_ATTACKS[name], scene.targets)))
        output = evaluation.artifacts.get("output", "")
        assert scene.signs(Outcome(layers=(), output=output, status=0, left_over=0))
