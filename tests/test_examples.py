"""The examples: one stem in each folder, each a program, its evaluator and its configuration."""

import importlib.util
import math
import subprocess
import sys
from pathlib import Path

import pytest
from openevolve.config import Config
from openevolve.evaluation_result import EvaluationResult

from skdecide_elm.errors import ProgramError

ROOT = Path(__file__).parent.parent
STEMS = ["binpacking", "cartpole", "maze", "rcpsp"]


def load_evaluate(stem):
    spec = importlib.util.spec_from_file_location(f"example_evaluator_{stem}", ROOT / "evaluators" / f"{stem}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.evaluate


def score(stem, program):
    return load_evaluate(stem)(str(program)).metrics["combined_score"]


def test_the_stems_are_the_same_in_every_folder():
    assert sorted(path.stem for path in (ROOT / "initial_programs").glob("*.py")) == STEMS
    assert sorted(path.stem for path in (ROOT / "evaluators").glob("*.py")) == STEMS
    assert sorted(path.stem for path in (ROOT / "configs").glob("*.yaml")) == STEMS


@pytest.mark.parametrize("stem", STEMS)
def test_initial_program_scores_finitely_and_twice_the_same(stem):
    program = ROOT / "initial_programs" / f"{stem}.py"
    first, second = (load_evaluate(stem)(str(program)) for _ in range(2))
    assert isinstance(first, EvaluationResult)
    assert all(math.isfinite(value) for value in first.metrics.values())
    assert first == second


def test_evaluator_runs_as_a_script():
    script, program = ROOT / "evaluators" / "cartpole.py", ROOT / "initial_programs" / "cartpole.py"
    done = subprocess.run([sys.executable, script, program], capture_output=True, text=True, timeout=60)
    assert "combined_score" in done.stdout, done.stderr


@pytest.mark.parametrize("stem", STEMS)
def test_configuration_loads(stem):
    config = Config.from_yaml(ROOT / "configs" / f"{stem}.yaml")
    assert config.llm.models == []
    assert config.diff_based_evolution
    assert config.random_seed is not None
    assert config.max_iterations <= 200
    assert "class `Planner`" in config.prompt.system_message
    assert not config.evaluator.cascade_evaluation


@pytest.mark.parametrize("stem", STEMS)
def test_the_commented_model_works_when_uncommented(stem, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    text = (ROOT / "configs" / f"{stem}.yaml").read_text()
    for setting in ("primary_model", "api_base", "api_key"):
        text = text.replace(f"# {setting}:", f"{setting}:")
    uncommented = tmp_path / "config.yaml"
    uncommented.write_text(text)
    [model] = Config.from_yaml(uncommented).llm.models
    assert (model.name, model.api_key, model.temperature) == ("gpt-5-mini", "key", 0.8)


BETTER = {
    # wall follower: right hand on the wall, told by whether the last move changed the cell
    "maze": """
class Planner:
    ORDER = ["up", "right", "down", "left"]

    def __init__(self, width, height):
        self.heading, self.last = 0, None

    def sample_action(self, observation):
        bumped = observation == self.last
        self.heading = (self.heading + (-1 if bumped else 1)) % 4
        self.last = observation
        return self.ORDER[self.heading]
""",
    "cartpole": """
class Planner:
    def sample_action(self, observation):
        x, v, angle, w = observation
        return int(0.1 * x + 0.3 * v + angle + w > 0)
""",
    "binpacking": """
import numpy as np


class Planner:
    def __init__(self, capacity):
        pass

    def sample_action(self, observation, applicable_actions):
        return applicable_actions[np.argmin(observation[1][applicable_actions])]
""",
    # latest start time first
    "rcpsp": """
import numpy as np


class Planner:
    def __init__(self, domain):
        pass

    def sample_action(self, observation, applicable_actions):
        ready = applicable_actions.get_elements()
        return ready[np.argmin(observation.late_start[ready])]
""",
}


@pytest.mark.parametrize("stem", STEMS)
def test_a_better_program_scores_higher(stem, tmp_path):
    better = tmp_path / "better.py"
    better.write_text(BETTER[stem])
    assert score(stem, better) > score(stem, ROOT / "initial_programs" / f"{stem}.py")


@pytest.mark.parametrize("stem", STEMS)
def test_a_broken_program_raises_instead_of_scoring(stem, tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("""
class Planner:
    def __init__(self, **kwargs): pass
    def sample_action(self, *seen): raise NameError('spam')
""")
    with pytest.raises(ProgramError, match="NameError: spam"):
        score(stem, broken)
