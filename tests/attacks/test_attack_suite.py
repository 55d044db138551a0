"""Each attack on the score, by a program that the referee really judges: it earns what its actions earn, or nothing.

The program that follows in the same pool scores as if there had been no attack, and at the end nothing is left: no
process, no temporary file.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from attacks.cheats import CHEATS, GROUPS, MARK, SECRET, cheat_code, probe_code
from attacks.os_attacks import BREACH
from attacks.stages import HONEST, PATH, earned, program, task

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation import EvaluationPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers that hold these attacks are Linux's")

INVALID = {"combined_score": -math.inf}
NOBODY = 65534


@dataclass
class Arena:
    """A pool per stage, opened when it is needed, all with a temporary folder of their own."""

    folder: Path
    pools: dict[str, EvaluationPool] = field(default_factory=dict)

    def evaluate(self, stage: str, code: str) -> Evaluation:
        if stage not in self.pools:
            self.pools[stage] = EvaluationPool(task(stage), workers=1)
        return self.pools[stage].evaluate(code)

    def close(self) -> None:
        for pool in self.pools.values():
            pool.close()

    def processes(self) -> list[int]:
        """Those below our pools, also when they have run away: all have inherited the name of the folder."""
        mark = f"TMPDIR={self.folder}\0".encode()
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if mark in _content(path)]

    def files(self) -> list[Path]:
        return list(self.folder.rglob("*"))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.parent.name != str(os.getpid()) else b""
    except OSError:  # it has ended, or is not ours
        return b""


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    with tempfile.TemporaryDirectory(prefix="arena_") as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", name)
        patch.setenv(SECRET, "s3cret")
        patch.setattr(tempfile, "tempdir", name)
        found = Arena(Path(name))
        yield found
        found.close()


def core_of(evaluation: Evaluation) -> dict[str, float]:
    """The metrics that say how it did, without those that describe how it behaved."""
    names = ("combined_score", "cost", "nb_reached_goals", "nb_episodes", "nb_cut_episodes")
    return {name: evaluation.metrics[name] for name in names if name in evaluation.metrics}


def breaches(evaluation: Evaluation) -> list[str]:
    lines = evaluation.artifacts.get("output", "").splitlines()
    return [line for line in lines if line.startswith(BREACH)]


@pytest.mark.parametrize("name", CHEATS)
def test_the_cheat_earns_what_its_actions_earn(arena, name):
    cheat = CHEATS[name]
    evaluation = arena.evaluate(cheat.stage, cheat_code(cheat))
    following = arena.evaluate(cheat.stage, probe_code(cheat))
    if cheat.outcome == "honest":
        expected = HONEST[cheat.stage]
    else:
        expected = INVALID if cheat.outcome == "invalid" else earned(cheat.outcome)
    assert core_of(evaluation) == expected, evaluation
    assert breaches(evaluation) == []
    for text in evaluation.artifacts.values():
        assert len(text.encode()) < 30_000
    assert core_of(following) == HONEST[cheat.stage], following
    assert breaches(following) == []


@pytest.mark.parametrize("number", ["1.5", "-1.5", "1e9"])
def test_numbers_out_of_bounds_earn_no_more_than_those_within(arena, number):
    evaluation = arena.evaluate("slider", program("slider", act=f"action = numpy.array([{number}, {number}])"))
    earned_within = HONEST["slider"]["combined_score"]
    assert not evaluation.is_valid or abs(evaluation.metrics["combined_score"]) <= earned_within


def test_an_invalid_action_is_named_with_its_step(arena):
    evaluation = arena.evaluate("maze", cheat_code(CHEATS["answer_name_of_the_action"]))
    assert "expected an applicable action; found right" in evaluation.artifacts["error"]
    assert evaluation.artifacts["failed_at"] == "step 4 of episode 1"


def test_the_reference_means_something():
    """Else no attack could be seen to fail: another course of actions earns something else."""
    assert earned(PATH)["nb_reached_goals"] == 1
    assert earned([*PATH[:-1], *["up"] * 100])["cost"] > earned(PATH)["cost"]
    assert earned(["up"] * 100) == {
        "combined_score": -2.0, "cost": 200.0, "nb_reached_goals": 0.0, "nb_episodes": 1.0, "nb_cut_episodes": 1.0,
    }  # fmt: skip


def test_there_are_many_attacks_in_each_group():
    groups = [cheat.group for cheat in CHEATS.values()]
    assert set(groups) == set(GROUPS)
    assert min(groups.count(group) for group in GROUPS) >= 5
    for cheat in CHEATS.values():
        compile(cheat_code(cheat), "<cheat>", "exec")
        compile(probe_code(cheat), "<probe>", "exec")


def test_the_cheats_would_be_seen():
    """The detectors find what they look for where nothing keeps it from them: all in one process."""
    frames = cheat_code(CHEATS["walk_the_frames"]) + "\ntotal = 1\nPlanner(None)\n"
    files = program("maze", f"open('{MARK}.py', 'w').close()")
    with tempfile.TemporaryDirectory() as folder:
        shown = subprocess.run([sys.executable, "-c", frames], capture_output=True, text=True, cwd=folder)
        assert f"{BREACH} total" in shown.stdout, shown
        probe = probe_code(CHEATS["leave_files_everywhere"]) + "\nPlanner(None)\n"
        shown = subprocess.run([sys.executable, "-c", files + probe], capture_output=True, text=True, cwd=folder)
        assert BREACH in shown.stdout, shown


def test_nothing_is_left(arena):
    """The last one with the pools of this module."""
    assert arena.evaluate("maze", program("maze")).metrics["cost"] == HONEST["maze"]["cost"]
    assert len(arena.processes()) == 2 * len(arena.pools), "per worker a referee and a planner's host"
    arena.close()
    arena.pools.clear()
    assert arena.processes() == []
    assert arena.files() == []


def test_an_ordinary_user_holds_them_too():
    """Where we are root and the interpreter is open to all; else the tests above have shown it, or cannot."""
    folders = [Path(sys.base_prefix), Path(sys.prefix), Path(__file__)]
    if os.getuid() != 0:
        pytest.skip("the other tests have run as an ordinary user")
    if not all(place.stat().st_mode & 0o001 for path in folders for place in path.resolve().parents):
        pytest.skip("the interpreter, or this folder, is not open to an ordinary user")
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, NOBODY, NOBODY)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", "walk or patch or persist"],
            user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True,
            env={**os.environ, "HOME": home, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
