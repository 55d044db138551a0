"""The README: its examples run, its configurations load, its commands exist."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from openevolve.config import Config

from skdecide_elm.config import load_run_config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Block(NamedTuple):
    """A fenced block: the line where its text begins, the words after the fence, the text."""

    line: int
    info: str
    text: str


def fenced_blocks(markdown):
    fences = re.finditer(r"^```([^`\n]*)\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)
    return [Block(markdown[: m.start(2)].count("\n") + 1, m[1].strip(), m[2]) for m in fences]


def blocks(*infos):
    found = [block for block in fenced_blocks(README) if block.info in infos]
    return [pytest.param(block.text, id=f"line-{block.line}") for block in found]


def make_targets(markdown):
    """The targets of each ``make …`` in code: a line of a shell block, or between backticks."""
    shell = [block.text for block in fenced_blocks(markdown) if block.info in {"sh", "bash", "console"}]
    lines = [line.removeprefix("$ ") for line in "\n".join(shell).splitlines()]
    prose = re.sub(r"^```.*?^```$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    commands = [shlex.split(line, comments=True) for line in [*lines, *re.findall(r"`(make [^`]+)`", prose)]]
    return {word for words in commands if words[:1] == ["make"] for word in words[1:] if "=" not in word}


def test_blocks_and_targets_are_found_where_they_are():
    markdown = "Say `make check test`, make sure:\n```sh\n$ make demo  # or not\nls\n```\n```python no-run\nx\n```\n"
    assert fenced_blocks(markdown) == [Block(3, "sh", "$ make demo  # or not\nls\n"), Block(7, "python no-run", "x\n")]
    assert make_targets(markdown) == {"check", "test", "demo"}


def test_the_readme_has_examples_of_each_kind():
    assert blocks("python")
    assert blocks("yaml")
    assert blocks("sh run")
    assert README.count("```") == 2 * len(fenced_blocks(README)), "a fence that is not closed, or is indented"


@pytest.mark.parametrize("code", blocks("python"))
def test_example_runs(code, tmp_path):
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("commands", blocks("sh run"))
def test_commands_run(commands, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    done = subprocess.run(
        ["bash", "-ex", "-c", commands], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("code", blocks("python no-run"))
def test_example_that_is_not_run_compiles(code):
    compile(code, "README.md", "exec")


@pytest.mark.parametrize("text", blocks("yaml"))
def test_configuration_loads(text, tmp_path):
    (tmp_path / "readme.yaml").write_text(text, encoding="utf-8")
    load_run_config(tmp_path / "readme.yaml")
    config = Config.from_dict(yaml.safe_load(text))
    assert config.llm.models, "expected a block that names a model: that is what the README shows YAML for"


def test_every_make_target_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    defined = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    named = make_targets(README)
    assert {"demo", "test"} <= named, "the two commands that the README opens with"
    assert named <= defined


def test_every_file_that_the_readme_names_exists():
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    paths = re.findall(r"`((?:initial_programs|evaluators|configs|notebooks|benchmarks|tests)/[^`\s]*)`", prose)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_table_of_the_embedded_proposer_is_that_of_the_recorded_runs():
    command = [sys.executable, "benchmarks/proposer.py", "--seeds", "0", "--record", "benchmarks/proposer.csv"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 2
    assert done.stdout in README
