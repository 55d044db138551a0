"""``run`` and ``resume``, and what they leave in a folder."""

import json
import logging
import shutil
from pathlib import Path

import pytest
import yaml

from skdecide_elm.cli.logs import logged
from skdecide_elm.cli.run_folder import RunFolder

ROOT = Path(__file__).parents[2]


def test_a_run_leaves_a_folder_that_tells_all_of_it(project, command):
    result = command("run", "line.yaml", "max_iterations=3", "-o", "first", "-v")
    folder = project / "first"
    assert str(Path("first/best/best_program.py")) in result.stdout
    assert "new best program" in result.stderr, "that is what -v is for"
    assert {path.name for path in folder.iterdir()} >= {
        "best",
        "checkpoints",
        "config.yaml",
        "initial_program.py",
        "result.json",
        "run.json",
        "run.log",
    }
    written = yaml.safe_load((folder / "config.yaml").read_text())
    assert written == {**yaml.safe_load((project / "line.yaml").read_text()), "max_iterations": 3}
    record = json.loads((folder / "run.json").read_text())
    assert record["solver"] == "IntegratedOpenEvolve"
    assert record["config_folder"] == ".."
    assert (record["random_seed"], record["evaluator_seed"]) == (42, 0)
    assert {"python", "skdecide-elm", "scikit-decide", "openevolve"} <= record["versions"].keys()
    assert (folder / "initial_program.py").read_text() == (project / "initial.py").read_text()
    assert "new best program" in (folder / "run.log").read_text()
    assert "# EVOLVE-BLOCK-START" in (folder / "best" / "best_program.py").read_text()


def test_json_is_all_there_is_on_the_standard_output(project, command):
    record = command("run", "line.yaml", "-o", "first", "--json").record
    assert record["iteration"] == 4
    assert record["statistics"]["proposals"] == 4
    assert record["interrupted"] is False
    assert record["result"]["test"]["episodes"] == 1
    assert record["best_score"] >= -1
    assert record == json.loads((project / "first" / "result.json").read_text())


def test_the_default_folder_is_named_after_the_configuration(project, command):
    folder = Path(command("run", "line.yaml", "max_iterations=1", "--json").record["folder"])
    assert folder.parent == Path("runs")
    assert folder.name.startswith("line-")


def test_a_run_moves_with_its_project(project, command, monkeypatch, tmp_path_factory):
    command("run", "line.yaml", "max_iterations=2", "-o", "runs/first")
    moved = tmp_path_factory.mktemp("elsewhere") / "project"
    monkeypatch.chdir(moved.parent)
    project.rename(moved)
    assert RunFolder(moved / "runs" / "first").load_config([]).folder == moved
    assert command("resume", str(moved / "runs" / "first"), "max_iterations=3", "--json").record["iteration"] == 3


def test_a_run_outside_its_project_knows_where_that_is(project, command, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere") / "first"
    command("run", "line.yaml", "max_iterations=1", "-o", str(folder))
    assert RunFolder(folder).load_config([]).folder == project


def test_resume_does_what_is_left(project, command):
    command("run", "line.yaml", "max_iterations=2", "-o", "first")
    (project / "initial.py").unlink()  # the folder has all that it needs
    assert command("resume", "first", "max_iterations=5", "--json").record["iteration"] == 5
    assert "give --iterations" in command("resume", "first", "max_iterations=5").stderr
    shutil.rmtree(project / "first" / "checkpoints")
    assert command("resume", "first", "--json").record["iteration"] == 2, "it begins anew"


@pytest.mark.parametrize("solver", ["IntegratedOpenEvolve", "IntegratedELM"])
def test_both_searches_run_and_resume(project, command, solver):
    settings = ["--json", f"solver={solver}", "elm.init_steps=2"]
    assert command("run", "line.yaml", "-o", "first", *settings).record["iteration"] == 4
    assert json.loads((project / "first" / "run.json").read_text())["solver"] == solver
    assert command("resume", "first", "-n", 2, "--json").record["iteration"] == 6


def test_an_example_runs(command):
    record = command("run", ROOT / "configs" / "maze.yaml", "max_iterations=3", "-o", "maze", "--json").record
    assert record["iteration"] == 3
    assert -2 <= record["best_score"] < 0


def test_an_output_folder_with_a_run_is_refused(project, command):
    (project / "first").mkdir()
    (project / "first" / "config.yaml").touch()
    result = command("run", "line.yaml", "-o", "first", exit_code=1)
    assert "'skdecide-elm resume first'" in result.stderr


def test_what_is_no_run_cannot_be_resumed(project, command):
    assert "found no config.yaml there" in command("resume", project, exit_code=1).stderr


def test_a_run_of_which_nothing_works_has_an_exit_code_of_its_own(project, command):
    (project / "broken.py").write_text("def evaluate(path):\n    raise ValueError\n")
    settings = ["max_iterations=1", "evaluation.path=broken.py", "-o", "first", "--json"]
    assert command("run", "line.yaml", *settings, exit_code=3).record["best_score"] is None


def test_the_root_logger_is_left_alone(project):
    before = list(logging.getLogger().handlers), logging.getLogger().level
    with logged(project / "run.log"):
        logging.getLogger("skdecide_elm.somewhere").info("something")
        logging.getLogger("stranger").info("nothing")
        assert (list(logging.getLogger().handlers), logging.getLogger().level) == before
    assert (project / "run.log").read_text().endswith("INFO skdecide_elm.somewhere: something\n")
    assert (list(logging.getLogger().handlers), logging.getLogger().level) == before
    assert logging.getLogger("skdecide_elm").propagate
    assert not [h for h in logging.getLogger("skdecide_elm").handlers if isinstance(h, logging.FileHandler)]


def test_a_key_that_is_written_out_is_not_copied(project, command, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    config = (project / "line.yaml").read_text() + "llm: {primary_model: m, api_base: 'http://127.0.0.1:9', retries: 0"
    (project / "line.yaml").write_text(config + ", api_key: very-secret}\n")
    command("run", "line.yaml", "max_iterations=1", "-o", "first")
    texts = [path.read_text(errors="replace") for path in (project / "first").rglob("*") if path.is_file()]
    assert not any("very-secret" in text for text in texts)
    assert "${OPENAI_API_KEY}" in (project / "first" / "config.yaml").read_text()


def test_the_latest_checkpoint_is_the_one_with_the_highest_number(tmp_path):
    assert RunFolder(tmp_path).latest_checkpoint() is None
    for name in ("checkpoint_9", "checkpoint_10", ".checkpoint_11.new-x", "other"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    assert RunFolder(tmp_path).latest_checkpoint() == (10, tmp_path / "checkpoints" / "checkpoint_10")
    (tmp_path / "checkpoints" / ".checkpoint_12.previous").mkdir()  # of a save that was killed half-way
    assert RunFolder(tmp_path).latest_checkpoint() == (12, tmp_path / "checkpoints" / "checkpoint_12")
