"""A study of hyperparameters on mazes by two processes, and whether its best is better than the defaults.

    python benchmarks/sweep.py [--trials 20] [--iterations 40] [--runs 12] [--solver ProxyOpenEvolve]

The two processes are two commands ``skdecide-elm tune`` on one SQLite file. A trial is the mean of three runs, each
scored by its final program on validation mazes. Programs see cells, and no model of the maze: with a model, any
settings find the shortest ways at once, and there is nothing to tune. Then the best trial's hyperparameters and the
defaults each make so many runs with seeds that the study has not used, and their final programs play mazes that neither
search nor study has seen. Reported by pairs of equal seeds: mean difference, its bootstrap interval (95 %), and
Wilcoxon's signed-rank test (two-sided).
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from paired import print_difference

from skdecide_elm.config import load_run_config

NAMES = {
    "ProxyELM": ["archive", "archive_bins", "selection", "init_steps", "batch_size", "tuning_share"],
    "ProxyOpenEvolve": ["num_islands", "exploration_ratio", "exploitation_ratio", "migration_interval", "tuning_share"],
}
"""Of the hyperparameters those that mean something without an LLM."""

HERE = Path(__file__).resolve().parent
FIRST_UNUSED = 100
"""The study's runs have smaller seeds."""


def configuration(solver: str, iterations: int, trials: int, storage: str) -> dict[str, Any]:
    """What would be written by hand into a YAML file."""
    return {
        "max_iterations": iterations,
        "domain": {
            "factory": "paired:maze",
            "path": [str(HERE), str(HERE.parent / "configs")],
            "kwargs": {"seed": 0},
            "train": [{"seed": seed} for seed in range(3)],
            "validation": [{"seed": seed} for seed in range(1000, 1006)],
            "test": [{"seed": seed} for seed in range(2000, 2030)],
        },
        "solver": solver,
        "planner": {
            "initial_program": str(HERE.parent / "initial_programs" / "maze.py"),
            "kwargs_factory": "maze:to_size",
            "obs_converter": "maze:to_cell",
            "action_converter": "maze:to_action",
        },
        "evaluation": {"rollout_num_episodes": 1, "rollout_max_steps": 1000, "timeout": 10, "parallel": 1},
        "tune": {
            "n_trials": trials,
            "names": NAMES[solver],
            "seeds": [0, 1, 2],
            "sampler_seed": 0,
            "storage": storage,
            "study_name": "mazes",
        },
    }


def sweep(config: Path) -> dict[str, Any]:
    """The best trial, when both processes have ended."""
    command = [sys.executable, "-m", "skdecide_elm.cli", "tune", config, "--json"]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(2)  # the one that comes first begins with the defaults
    second = subprocess.Popen([*command, "tune.sampler_seed=1"], stdout=subprocess.PIPE, text=True)
    answers = [process.communicate()[0] for process in (first, second)]
    if first.returncode or second.returncode:
        raise RuntimeError(f"expected both processes to end well; found {first.returncode}, {second.returncode}")
    found: dict[str, Any] = json.loads(answers[-1])
    return found


def held_out(config: Path, seed: int, hyperparameters: dict[str, Any]) -> float:
    """The score on test mazes of the program that one run finds."""
    with load_run_config(config, []).make_solver(random_seed=seed, **hyperparameters) as solver:
        solver.solve()
        score = solver.get_result().test.score.mean
    return float(score)


def main() -> None:
    """Sweep, then compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--solver", choices=NAMES, default="ProxyOpenEvolve")
    arguments = parser.parse_args()
    logging.getLogger("skdecide_elm").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mazes.yaml"
        storage = f"sqlite:///{folder}/study.db"
        said = configuration(arguments.solver, arguments.iterations, arguments.trials, storage)
        config.write_text(yaml.safe_dump(said))
        begin = time.perf_counter()
        found = sweep(config)
        best = found["best"][0]  # of equals the first, which is that of the defaults if they are among them
        print(f"{found['trials']} trials in {time.perf_counter() - begin:.0f} s; best {best}", flush=True)
        pairs = []
        for seed in range(FIRST_UNUSED, FIRST_UNUSED + arguments.runs):
            pairs.append((held_out(config, seed, {}), held_out(config, seed, best["hyperparameters"])))
            print(f"  seed {seed}: defaults {pairs[-1][0]:.4f}, best of the study {pairs[-1][1]:.4f}", flush=True)
    defaults, tuned = np.transpose(pairs)
    difference = tuned - defaults
    print(f"defaults {defaults.mean():.4f}, best of the study {tuned.mean():.4f} over {len(pairs)} runs each")
    print_difference(difference)


if __name__ == "__main__":
    main()
