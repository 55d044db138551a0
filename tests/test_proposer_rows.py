"""One seed of three rows of the embedded proposer's table, by the benchmark's own command."""

import subprocess
import sys
from pathlib import Path

import pytest

ROWS = ("CartPole-v1", "maze-loops", "maze-perfect")
"""Those that nearly every seed reaches, so that a miss means something; of MountainCar half of them do."""

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "proposer.py"


def printed(row, record):
    command = [sys.executable, BENCHMARK, "--seeds", "1", "--arms", "proposer", "--rows", row, "--record", record]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("row", ROWS)
def test_a_row_reaches_its_target_on_unseen_episodes(row, tmp_path):
    run, *table = printed(row, tmp_path / "record.csv")
    assert run.startswith(f"{row}, proposer, seed 0: ")
    assert ": reached | " in table[-1], table
    assert printed(row, tmp_path / "record.csv") == table, "what is in the record is not run again"
