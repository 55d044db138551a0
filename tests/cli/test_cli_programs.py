"""Commands about one program: ``init``, ``evaluate``, ``simplify``, ``rollout``, ``prompt``."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def test_init_writes_a_project_that_runs(tmp_path, command):
    result = command("init", "skdecide.hub.domain.maze:Maze")
    assert "skdecide-elm run maze/config.yaml" in result.stdout
    assert {path.name for path in (tmp_path / "maze").iterdir()} == {"config.yaml", "initial_program.py"}
    record = command("run", "maze/config.yaml", "max_iterations=1", "-o", "first", "--json").record
    assert record["statistics"]["evaluations"] >= 1


def test_init_for_a_domain_of_the_current_folder_with_arguments(tmp_path, command):
    (tmp_path / "own_domain.py").write_text(
        "import tiny\n\n\nclass Own(tiny.Line):\n    def __init__(self, size):\n        self.size = size\n"
    )
    (tmp_path / "tiny.py").write_text((ROOT / "tests" / "solvers" / "tiny.py").read_text())
    files = command("init", "own_domain:Own", "a/b", "--set", "size=3", "--json").record["files"]
    written = yaml.safe_load((tmp_path / files[0]).read_text())
    assert written["domain"] == {"factory": "own_domain:Own", "kwargs": {"size": 3}, "path": ["../.."]}
    assert "class Planner" in (tmp_path / files[1]).read_text()


def test_init_refuses(project, command):
    assert "did you mean 'Maze'?" in command("init", "skdecide.hub.domain.maze:Mase", exit_code=1).stderr
    assert "there is something" in command("init", "tiny:Line", project, exit_code=1).stderr
    assert "Usage" in command("init", "tiny:Line", "--solver", "Other", exit_code=2).stderr


def test_evaluate(project, command):
    record = command("evaluate", "initial.py", "--config", "line.yaml", "--json").record
    assert record["valid"] is True
    assert record["metrics"]["combined_score"] == -1
    more = ["--config", "line.yaml", "evaluation.rollout_num_episodes=2"]
    assert "nb_episodes             2" in command("evaluate", "initial.py", *more).stdout


def test_evaluate_a_program_that_fails(project, command):
    (project / "broken.py").write_text("1 / 0\n")
    result = command("evaluate", "broken.py", "-c", "line.yaml", exit_code=3)
    assert "ZeroDivisionError" in result.stderr
    record = command("evaluate", "broken.py", "-c", "line.yaml", "--json", exit_code=3).record
    assert record["valid"] is False
    assert record["metrics"]["combined_score"] is None


def test_evaluate_what_is_not_there(project, command):
    result = command("evaluate", "none.py", "-c", "line.yaml", "--json", exit_code=1)
    assert result.record["kind"] == "ProgramError"
    assert "none.py" in result.record["error"]


def test_simplify(project, command):
    wordy = (
        (project / "initial.py")
        .read_text()
        .replace("return Move.left", "return Move(1 - 2) if observation else Move.left")
    )
    (project / "wordy.py").write_text(wordy)
    result = command("simplify", "wordy.py", "--config", "line.yaml")
    assert result.stdout == (project / "initial.py").read_text()
    record = command("simplify", "wordy.py", "-c", "line.yaml", "--trials", "1", "--json").record
    assert record == {"program": result.stdout}


def test_simplify_a_program_that_fails(project, command):
    (project / "broken.py").write_text("1 / 0\n")
    result = command("simplify", "broken.py", "-c", "line.yaml", exit_code=1)
    assert "expected a program that runs" in result.stderr


def test_a_wrong_configuration_in_a_command(project, command):
    (project / "line.yaml").write_text("max_iterations: 3\ndatabase: {num_island: 2}\n")
    result = command("run", "line.yaml", exit_code=1)
    assert result.stderr == (
        "skdecide-elm: line.yaml, line 2: expected a setting of the section database; found 'num_island'; "
        "did you mean 'num_islands'?\n"
    )


def test_prompt(project, command):
    record = command("prompt", "line.yaml", "--operator", "rewrite", "--json").record
    assert record.keys() == {"system", "user"}
    assert "class Planner" in record["user"]
    text = command("prompt", "line.yaml").stdout
    assert text.startswith("----- system\n")
    assert "Move.left" in text.partition("----- user\n")[2]
    assert "ConfigError" in command("prompt", "line.yaml", "--operator", "none", "--json", exit_code=1).stdout


@pytest.fixture
def finished(project, command):
    """The folder of a run."""
    command("run", "line.yaml", "max_iterations=3", "-o", "first")
    return "first"


def test_rollout(finished, command):
    episodes = command("rollout", finished, "--episodes", 2, "--json").record["episodes"]
    assert len(episodes) == 2
    for episode in episodes:
        assert episode["steps"] == episode["cost"]
        assert episode["goal"] == (episode["steps"] < 10)
    assert "episode 1: steps" in command("rollout", finished, "--on", "test", "--max-steps", 2).stdout
    assert "found number 3" in command("rollout", finished, "--on", "test", "-i", 3, exit_code=1).stderr


@pytest.fixture
def unbeaten(project, command):
    """Runs from the initial program with some texts replaced; it is the final one too."""

    def unbeaten(edits, *overrides):
        text = (project / "initial.py").read_text()
        for before, after in edits.items():
            text = text.replace(before, after)
        (project / "initial.py").write_text(text)
        # after one step nothing is better than anything else
        command("run", "line.yaml", "evaluation.rollout_max_steps=1", *overrides, "-o", "first")
        (best,) = Path("first", "best").glob("*.py")
        assert best.read_text() == text

    return unbeaten


def test_rollouts_repeat(unbeaten, command):
    """What the domain and the program leave to chance follows the seed."""
    edits = {
        "from tiny": "import numpy\nfrom tiny",
        "self.domain = domain": "self.rng = numpy.random.default_rng()",
        "return Move.left": "return Move.right if self.rng.random() < 0.7 else Move.left",
    }
    unbeaten(edits, "domain.factory=tiny:LuckyLine")

    def rollouts(episodes, *options):
        options = "--episodes", episodes, "--max-steps", 10, *options
        return command("rollout", "first", *options, "--json").record["episodes"]

    assert rollouts(12) == rollouts(12, "--seed", 0) != rollouts(12, "--seed", 1)
    assert rollouts(20)[:12] == rollouts(12)
    assert len({episode["steps"] for episode in rollouts(12)}) > 1


def test_each_episode_has_a_planner_of_its_own(unbeaten, command):
    turns = "self.turns += 1\n        return Move.right if self.turns % 3 else Move.left"
    unbeaten({"self.domain = domain": "self.turns = 0", "return Move.left": turns})
    episodes = command("rollout", "first", "--episodes", 2, "--max-steps", 20, "--json").record["episodes"]
    assert episodes[0] == episodes[1] == {"steps": 8, "cost": 8, "goal": True}
