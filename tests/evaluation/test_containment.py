"""What keeps a process within its bounds, and cleans up after it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from skdecide_elm.evaluation.containment import exit_status, remove_tree, scrubbed_environment


def test_only_what_python_needs_is_kept(monkeypatch):
    for name in ("OPENAI_API_KEY", "PYTHON_TOKEN", "MY_LC_ALL", "AWS_SECRET_ACCESS_KEY", "PYTHONINSPECT"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("PYTHONHASHSEED", "77")
    environment = scrubbed_environment()
    assert "secret" not in environment.values()
    assert environment["PATH"] == os.environ["PATH"]
    assert (environment["LC_ALL"], environment["OMP_NUM_THREADS"]) == ("C.UTF-8", "3")
    assert environment["PYTHONHASHSEED"] == "0"


def test_modules_are_found_where_this_process_finds_them(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", "relative", "/absolute"])
    expected = [str(tmp_path), str(tmp_path / "relative"), "/absolute"]
    assert scrubbed_environment()["PYTHONPATH"].split(os.pathsep) == expected


def test_a_tree_that_is_deep_closed_and_long_is_removed(tmp_path):
    root = tmp_path / "root"
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        os.mkdir("root", dir_fd=here)
        folder = os.open("root", os.O_RDONLY, dir_fd=here)
        for _ in range(30):  # 6,000 characters: no path leads to the bottom
            os.mkdir(200 * "d", dir_fd=folder)
            os.close(os.open("file", os.O_CREAT, dir_fd=folder))
            below = os.open(200 * "d", os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = below
        os.close(folder)
    finally:
        os.close(here)
    (root / "closed").mkdir(mode=0)
    remove_tree(root)
    assert list(tmp_path.iterdir()) == []


def test_links_are_removed_and_what_they_lead_to_is_not(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    root = tmp_path / "root"
    root.mkdir()
    (root / "folder").symlink_to(precious)
    (root / "file").symlink_to(precious / "file")
    (root / "nowhere").symlink_to("/no/such/file")
    os.mkfifo(root / "fifo")
    remove_tree(root)
    assert not root.exists()
    assert (precious / "file").read_text() == "mine"


def test_what_is_not_there_needs_no_removal(tmp_path):
    remove_tree(tmp_path / "nothing")


def test_two_threads_may_remove_the_same(tmp_path):
    with ThreadPoolExecutor(2) as threads:
        for number in range(100):
            root = tmp_path / str(number)
            part = root / "part"
            for nested in range(4):
                (part / str(nested) / "deep").mkdir(parents=True)
                (part / f"file{nested}").touch()
            list(threads.map(remove_tree, [part, root]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("command", "status"), [("exit 3", 3), ("kill -9 $$", -9)])
def test_the_exit_status_of_a_child(command, status):
    child = subprocess.Popen(["sh", "-c", f"read line; {command}"], stdin=subprocess.PIPE)
    assert exit_status(child.pid) is None
    child.stdin.close()
    deadline = time.monotonic() + 5
    while (found := exit_status(child.pid)) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    child.returncode = found  # it was reaped
    assert found == status


LIMITED = """
from pathlib import Path
from skdecide_elm.evaluation.isolation import IsolationPolicy
from skdecide_elm.evaluation.isolation.limits import limit_resources
hoard = [bytearray(300 * 2**20)]
limit_resources(IsolationPolicy(writable=Path.cwd(), memory_limit_mb=64))
hoard.append(bytearray(40 * 2**20))
try:
    hoard.append(bytearray(40 * 2**20))
except MemoryError:
    print("limited")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="no limit on memory elsewhere")
def test_memory_is_limited_on_top_of_what_was_there():
    run = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    assert run.stdout == "limited\n"


def test_limits_that_are_tighter_already_are_kept():
    script = """
import resource
from pathlib import Path
from skdecide_elm.evaluation.isolation import IsolationPolicy
from skdecide_elm.evaluation.isolation.limits import limit_resources
resource.setrlimit(resource.RLIMIT_CPU, (7, 7))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 2000))
limit_resources(IsolationPolicy(writable=Path.cwd(), cpu_seconds=100))
print(resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_FSIZE))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "(7, 7) (2000, 2000)\n"
