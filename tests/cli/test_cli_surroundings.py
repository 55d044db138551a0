"""``doctor``, ``--help``, ``--version``, the console script, the progress line and Ctrl-C."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points, version

import pytest
from loopback import Loopback
from processes import relatives, until

from skdecide_elm.cli import main
from skdecide_elm.cli.progress import Progress
from skdecide_elm.config import load_run_config

COMMANDS = ["init", "run", "resume", "evaluate", "rollout", "prompt", "report", "tune", "doctor"]


def test_doctor_without_an_llm(command):
    record = command("doctor", "--json").record
    assert record["versions"]["skdecide-elm"] == version("skdecide-elm")
    assert {"rlimits", "landlock", "seccomp"} <= record["isolation"].keys()
    assert record["llm"][0]["model"] == "embedded-proposer"
    assert "isolated by" in command("doctor").stdout


def test_doctor_asks_the_endpoint(project, command):
    def say_so(server):
        return f"llm: {{primary_model: loopback, api_base: '{server}'}}\n"

    with Loopback(lambda request: "unused") as server:
        (project / "llm.yaml").write_text(say_so(server.url))
        [found] = command("doctor", "llm.yaml", "--json").record["llm"]
        assert found["ok"]
        assert found["status"].startswith("reached")
    [found] = command("doctor", "llm.yaml", "--json", exit_code=1).record["llm"]
    assert not found["ok"]
    assert "APIConnectionError" in found["status"]


def test_doctor_misses_the_key(project, command):
    (project / "llm.yaml").write_text("llm: {primary_model: some-model}\n")
    [found] = command("doctor", "llm.yaml", "--json", exit_code=1).record["llm"]
    assert "OPENAI_API_KEY" in found["status"]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples(command, name):
    text = command(name, "--help").stdout
    assert f"skdecide-elm {name} " in text.partition("Examples:")[2]


def test_usage(command):
    assert all(name in command("--help").stdout for name in COMMANDS)
    assert command("--version").stdout.strip() == version("skdecide-elm")
    command("run", exit_code=2)
    command("dance", exit_code=2)


def test_the_console_script_is_this_one():
    [script] = entry_points(group="console_scripts", name="skdecide-elm")
    assert script.load() is main


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_progress_line(project):
    config = load_run_config("line.yaml")
    for stream in (Terminal(), io.StringIO()):
        with config.make_solver() as solver, Progress(solver, 4, stream) as progress:
            solver.solve(callbacks=progress)
        shown = stream.getvalue()
        assert f"best {solver.best_score:.6g}, " in shown
        assert "0 LLM calls" in shown
        assert "evaluations/s" in shown
        if stream.isatty():
            assert shown.count("\n") == 1, "one line, which is overwritten"
            assert "4/4 [" in shown
        else:
            assert "\r" not in shown
            assert shown.splitlines()[-1].startswith("step 4/4: best")


STICKY = """
import time
from pathlib import Path

from tiny import Line

STUCK = Path(__file__).with_name("stuck")


class Sticky(Line):
    def _get_initial_state_(self):
        while STUCK.exists():
            time.sleep(0.01)
        return 0
"""


class Run:
    """A run in a process of its own, of programs that never end while there is a file ``stuck``."""

    def __init__(self, folder, *arguments):
        (folder / "tmp").mkdir(exist_ok=True)
        self.folder = folder
        self.stuck = folder / "stuck"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "skdecide_elm.cli", *arguments],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def interrupt(self):
        os.killpg(self.process.pid, signal.SIGINT)  # as a terminal does: all processes of the group get it

    def wait_for(self, condition):
        assert until(lambda: condition() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.end()

    def has_begun(self):
        log = self.folder / "first" / "run.log"
        return log.exists() and "new best program" in log.read_text()

    def end(self):
        try:
            output, errors = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, errors = self.process.communicate()
        return self.process.returncode, output, errors


@pytest.fixture
def sticky(project):
    """A project whose evaluations can be made to hang."""
    (project / "sticky.py").write_text(STICKY)
    config = (
        (project / "line.yaml").read_text().replace("tiny:Line", "sticky:Sticky").replace("timeout: 5", "timeout: 60")
    )
    (project / "line.yaml").write_text(config.replace("max_iterations: 4", "max_iterations: 100000"))
    return project


def test_ctrl_c_once_finishes_and_saves(sticky):
    run = Run(sticky, "run", "line.yaml", "-o", "first", "--json")
    run.wait_for(run.has_begun)
    run.interrupt()
    code, output, errors = run.end()
    assert code == 130, errors
    assert "'skdecide-elm resume first'" in errors
    record = json.loads(output)
    assert record["interrupted"] is True
    assert (sticky / "first" / "checkpoints" / f"checkpoint_{record['iteration']}").is_dir()
    assert until(lambda: not relatives(sticky)), relatives(sticky)


def test_ctrl_c_twice_stops_now_and_the_run_goes_on_later(sticky, command):
    run = Run(sticky, "run", "line.yaml", "-o", "first", "--json")
    run.wait_for(run.has_begun)
    run.stuck.touch()  # from now on no iteration ends
    time.sleep(0.3)
    run.interrupt()
    time.sleep(0.3)
    assert run.process.poll() is None, "it waits for what is under way"
    run.interrupt()
    code, output, errors = run.end()
    assert code == 130, errors
    assert until(lambda: not relatives(sticky)), relatives(sticky)
    run.stuck.unlink()
    iteration = json.loads(output)["iteration"]
    assert command("resume", "first", "-n", 2, "--json").record["iteration"] == iteration + 2


def test_a_killed_run_goes_on_later(sticky, command):
    run = Run(sticky, "run", "line.yaml", "-o", "first")
    checkpoints = sticky / "first" / "checkpoints"
    run.wait_for(lambda: checkpoints.is_dir() and any(checkpoints.glob("checkpoint_*")))
    run.process.kill()
    run.end()
    assert command("resume", "first", "-n", 2, "--json").record["iteration"] >= 4
