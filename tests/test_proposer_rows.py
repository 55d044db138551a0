"""One seed of three rows of the embedded proposer's table, by the benchmark's own command."""

import subprocess
import sys
from pathlib import Path

import pytest

ROWS = ("CartPole-v1", "maze-loops", "maze-perfect")
"""Those that nearly every seed reaches, so that a miss means something; of MountainCar half of them do."""

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "proposer.py"


@pytest.mark.parametrize("row", ROWS)
def test_a_row_reaches_its_target_on_unseen_episodes(row):
    command = [sys.executable, BENCHMARK, "--seeds", "1", "--arms", "proposer", "--rows", row]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    summary = done.stdout.splitlines()[-1]
    assert summary.startswith(f"{row} | proposer | ")
    assert ": reached | " in summary, summary
