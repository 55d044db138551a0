"""The first run that the README proposes, as its reader runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

NAMES = ["Maze", "CartPole-v1"]


class Run(NamedTuple):
    """What the demonstration printed, and the folder that it was given."""

    output: str
    folder: Path

    def of(self, name):
        """What was printed between the title of a domain and the next title."""
        [start] = [m.end() for m in re.finditer(rf"^{re.escape(name)}: \d+ programs from", self.output, re.MULTILINE)]
        return re.split(r"^\S+: \d+ programs from", self.output[start:], flags=re.MULTILINE)[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "results"
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    command = [sys.executable, "-m", "skdecide_elm.demo", str(folder)]
    done = subprocess.run(
        command, cwd=folder.parent, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    return Run(done.stdout, folder)


@pytest.mark.parametrize("name", NAMES)
def test_the_scores_climb(run, name):
    scores = [float(score) for score in re.findall(r"new best program, combined_score (\S+)$", run.of(name), re.M)]
    assert scores == sorted(scores)
    assert scores[-1] > scores[0]
    first, last = re.search(r"combined_score (\S+) at the start, (\S+) now", run.of(name)).groups()
    assert [float(first), float(last)] == pytest.approx([scores[0], scores[-1]], rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_best_program_is_where_it_says(run, name):
    [path] = re.findall(r"the best program is (.+)$", run.of(name), re.MULTILINE)
    program = Path(path).read_text(encoding="utf-8")
    assert run.folder in Path(path).parents
    assert program.index("# EVOLVE-BLOCK-START") < program.index("class Planner") < program.index("# EVOLVE-BLOCK-END")


@pytest.mark.parametrize("name", NAMES)
def test_the_best_program_was_rolled_out(run, name):
    steps = re.search(r"a rollout of the best program takes (\d+) steps", run.of(name))[1]
    assert int(steps) > 0


def test_nothing_is_written_elsewhere(run):
    assert list(run.folder.parent.iterdir()) == [run.folder]
