"""Scripts run in Python processes of their own, and what they leave behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

__all__ = ["children", "read_line", "relatives", "start", "until"]

HERE = Path(__file__).parent


def start(folder: Path, script: str, **variables: str) -> subprocess.Popen[str]:
    """Run a script in ``folder``; its temporary files go to ``folder / "tmp"``."""
    (folder / "tmp").mkdir(exist_ok=True)
    (folder / "script.py").write_text(textwrap.dedent(script))
    paths = os.pathsep.join([str(HERE / "solvers"), str(HERE / "evaluation"), os.environ["PYTHONPATH"]])
    environment = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(folder / "tmp"), **variables}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "script.py"], cwd=folder, env=environment, text=True, **pipes)


def read_line(process: subprocess.Popen[str], seconds: float = 20.0) -> str:
    """The next line that a process prints; fails when there is none in time."""
    assert process.stdout is not None and process.stderr is not None
    alarm = threading.Timer(seconds, process.kill)
    alarm.start()
    line = process.stdout.readline()
    alarm.cancel()
    assert line, f"nothing printed within {seconds} s: {process.stderr.read()}"
    return line.rstrip("\n")


def children() -> set[int]:
    """The child processes of this one."""
    return {int(pid) for entry in Path("/proc/self/task").glob("*/children") for pid in entry.read_text().split()}


def relatives(folder: Path) -> list[str]:
    """The commands of the processes that were started by a script in ``folder`` and still run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(f"TMPDIR={folder}/") in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:  # it has ended meanwhile
            continue
    return found


def until(condition, seconds: float = 5.0) -> bool:
    """Whether a condition comes true within some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
