"""A project on the smallest domain, and commands run in this process."""

import json
import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils import seeding
from typer.testing import CliRunner

from skdecide_elm.cli import app

TESTS = Path(__file__).parents[1]

CONFIG = f"""
max_iterations: 4
checkpoint_interval: 2
domain:
  factory: tiny:Line
  path: ['{TESTS / "solvers"}']
  test: [{{}}]
planner: {{initial_program: initial.py}}
evaluation:
  rollout_num_episodes: 1
  rollout_max_steps: 10
  parallel: 1
  timeout: 5
  seed: 0
"""

IDLE = """
from tiny import Move


# EVOLVE-BLOCK-START
class Planner:
    def __init__(self, domain):
        self.domain = domain

    def sample_action(self, observation):
        return Move.left
# EVOLVE-BLOCK-END
"""


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path):
    """Commands add to the path, write below the current folder, and may make unseeded generators follow `random`."""
    monkeypatch.setattr(random.Random, "seed", random.Random.seed)
    monkeypatch.setattr(np.random, "default_rng", np.random.default_rng)
    monkeypatch.setattr(seeding, "np_random", seeding.np_random)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", os.environ["PYTHONPATH"])
    for variable in ("OPENAI_API_KEY", "OPENAI_API_BASE", "OPENAI_BASE_URL", "OPENAI_MODEL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def project(tmp_path):
    """A folder with ``line.yaml`` and its initial program, which is also the current folder."""
    (tmp_path / "line.yaml").write_text(CONFIG)
    (tmp_path / "initial.py").write_text(IDLE)
    return tmp_path


@pytest.fixture
def command():
    """Runs a command and checks its exit code; the result has ``stdout``, ``stderr`` and, of --json, ``record``."""

    def command(*arguments, exit_code=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        result.record = json.loads(result.stdout) if "--json" in arguments else None
        return result

    return command
