"""The embedded proposer's table, by the benchmark's own command: one seed of three rows, and its record of runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROWS = ("CartPole-v1", "maze-loops", "maze-perfect")
"""Those that nearly every seed reaches, so that a miss means something; of MountainCar half of them do."""

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "proposer.py"


def benchmark(*arguments):
    environment = {name: value for name, value in os.environ.items() if name != "SKDECIDE_ELM_DATA"}
    return subprocess.run([sys.executable, BENCHMARK, *arguments], capture_output=True, text=True, env=environment)


def printed(*arguments):
    done = benchmark(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("row", ROWS)
def test_a_row_reaches_its_target_on_unseen_episodes(row, tmp_path):
    arguments = "--seeds", "1", "--arms", "proposer", "--rows", row, "--record", tmp_path / "record.csv"
    run, *table = printed(*arguments)
    assert run.startswith(f"{row}, proposer, seed 0: ")
    assert ": reached | " in table[-1], table
    assert printed(*arguments) == table, "what is in the record is not run again"


def test_the_table_has_medians_ranges_and_numbers_of_the_runs_that_are_recorded(tmp_path):
    lines = [
        "row,arm,seed,value,seconds,revision",
        *(f"CartPole-v1,proposer,{seed},{value},9,abcdef0" for seed, value in enumerate((500, 471.2, 480, 498.3))),
        "CartPole-v1,random,0,500,9,abcdef0",
        "CartPole-v1,random,1,500,9,abcdef0",
        "Acrobot-v1,constants,3,-100.4,9,abcdef0",
    ]
    (tmp_path / "record.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    header, rule, *rows = printed("--seeds", "0", "--record", tmp_path / "record.csv")
    cells = [line.strip("| ").split(" | ")[:6] for line in (header, *rows)]
    assert cells == [
        ["task", "evaluations", "aim", "found", "random proposals", "constants alone"],
        ["CartPole-v1, mean return", "200", "≥ 500: missed", "489 (471 to 500; 4)", "500 (2)", ""],
        ["Acrobot-v1, mean return", "400", "≥ −88", "", "", "−100 (1)"],
    ]
    assert rule == "| --- | --- | --- | --- | --- | --- | --- |"


def test_the_table_stars_the_null_arms_whose_runs_differ_from_those_found(tmp_path):
    runs = {
        ("CartPole-v1", "proposer"): (490, 491, 492, 493, 494, 495),
        ("CartPole-v1", "random"): (490.5, 491.5, 492.5, 493.5, 494.5, 495.5),
        ("CartPole-v1", "constants"): (90, 91, 92, 93, 94, 95),
        ("Acrobot-v1", "proposer"): (-88,) * 6,
        ("Acrobot-v1", "random"): (-88,) * 6,
        ("Acrobot-v1", "constants"): (-81, -82, -83, -84, -85, -86),
        ("Pendulum-v1", "constants"): (-900, -901, -902, -903, -904, -905),
    }
    with (tmp_path / "record.csv").open("w", encoding="utf-8") as file:
        print("row,arm,seed,value,seconds,revision", file=file)
        for (row, arm), values in runs.items():
            for seed, value in enumerate(values):
                print(f"{row},{arm},{seed},{value},9,abcdef0", file=file)
    *_, cartpole, acrobot, pendulum = printed("--seeds", "0", "--record", tmp_path / "record.csv")
    stars = [[cell.endswith(" *") for cell in line.split(" | ")[3:6]] for line in (cartpole, acrobot, pendulum)]
    assert stars == [[False, False, True], [False, False, True], [False, False, False]]


def test_rows_of_projects_are_refused_before_they_are_run_where_there_are_none():
    done = benchmark("--rows", "rcpsp-j30")
    assert done.returncode == 2
    assert "SKDECIDE_ELM_DATA" in done.stderr
