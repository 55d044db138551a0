"""What the operating system offers to keep a program within its bounds and to clean up after it.

Each function does what it can on the system at hand and nothing where the system has no such thing: Linux offers all
of them, macOS all but adopting orphans, dying with the parent and the memory limit, Windows little.

None of this keeps a program from files, the network, or other processes of the same user.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import signal
import sys
import time
import uuid
from functools import cache
from pathlib import Path
from typing import Protocol

__all__ = [
    "Process",
    "adopt_orphans",
    "become_output",
    "buffer_lines",
    "collapse_memory",
    "die_with_parent",
    "end_process",
    "exit_status",
    "kill_family",
    "kill_strays",
    "open_output",
    "pin_to_core",
    "redirect_output",
    "remove_tree",
    "scrubbed_environment",
]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_MIB = 2**20
_KILL_POLL_SECONDS = 0.0005
_REMOVALS = 20
_MADV_COLLAPSE = 25
_HUGE_PAGE = 2 * _MIB
_ERRORS = "backslashreplace"

_KEPT_VARIABLES = {
    "CONDA_PREFIX", "DISCRETE_OPTIMIZATION_DATA", "HOME", "JAVA_HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH",
    "LOGNAME", "PATH", "PATHEXT", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONNOUSERSITE",
    "PYTHONPYCACHEPREFIX", "PYTHONUSERBASE", "PYTHONUTF8", "PYTHONWARNINGS", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR",
    "TZ", "USER", "USERPROFILE", "VIRTUAL_ENV",
}  # fmt: skip
_KEPT_PREFIXES = ("DYLD_", "LC_", "MKL_", "NUMBA_", "OMP_", "OPENBLAS_")


def scrubbed_environment() -> dict[str, str]:
    """The environment of a worker: what Python and its libraries need, and no secret.

    Variables are kept by name, not dropped by name: a key may be called anything. The worker imports from the same
    places as this process, also from those that were only ever added to `sys.path`. Hashing is fixed, so that sets of
    strings have the same order in every evaluation.
    """
    kept = {k: v for k, v in os.environ.items() if k in _KEPT_VARIABLES or k.startswith(_KEPT_PREFIXES)}
    return {
        "OMP_NUM_THREADS": "1",
        **kept,
        "PYTHONPATH": os.pathsep.join(os.path.abspath(folder) for folder in sys.path),  # noqa: PTH100 - "" is the cwd
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",
    }


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none can get away."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(yes: bool = True) -> None:
    """Have the kernel kill this process when the thread that started it ends; or no longer."""
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL) if yes else 0)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _libc().prctl(option, value, 0, 0, 0)


@cache
def _libc() -> ctypes.CDLL:
    """The C library, for forked children too: loading it again costs them a hundred pages."""
    return ctypes.CDLL(None, use_errno=True)


def redirect_output(path: Path) -> None:
    """Send standard output and error to a file, line by line, and read standard input from nowhere."""
    become_output(open_output(path))
    buffer_lines()


def open_output(path: Path) -> int:
    """A descriptor for what a program prints."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def become_output(output: int) -> None:
    """Send standard output and error to a descriptor, which is closed, and read standard input from nowhere."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.close(nothing)


def buffer_lines() -> None:
    """Have standard output and error written line by line, whatever the text: what a killed process buffers is lost.

    A warm parent does it for its children.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not (stream.line_buffering and stream.errors == _ERRORS):
            stream.reconfigure(encoding="utf-8", errors=_ERRORS, line_buffering=True)


def exit_status(pid: int) -> int | None:
    """The exit code of a child (negative: the signal that ended it); None while it runs."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if ended else None


def kill_family(pid: int, spared: int | None = None) -> None:
    """Kill a child, its process group, and every process it started that has become ours, and reap them all.

    Args:
        spared: a child of ours that has nothing to do with it.
    """
    _signal(-pid)
    _signal(pid)
    with contextlib.suppress(ChildProcessError):  # raised when nobody is left
        os.waitpid(pid, 0)
    if spared is not None:
        kill_strays(spared)
        return
    with contextlib.suppress(ChildProcessError):
        while True:
            # never wait for one that is not yet killed: it may have become ours after the list was made
            ended, _ = os.waitpid(-1, os.WNOHANG)
            if not ended:
                for child in _children():
                    _signal(child)
                time.sleep(_KILL_POLL_SECONDS)


def _signal(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _children() -> list[int]:
    """The children of this process, from /proc; none where there is no /proc."""
    children: list[int] = []
    for entry in Path("/proc/self/task").glob("*/children"):
        children += [int(pid) for pid in entry.read_text().split()]
    return children


def remove_tree(folder: Path) -> None:
    """Remove a folder that a program may have filled; what cannot be removed is left.

    `shutil.rmtree` recurses, and gives up on folders without permissions. Here each sub-folder is moved to the top
    when its turn comes, so no nesting is too deep and no path too long. Another thread may be removing the same, or a
    part of it: what it takes away meanwhile is met with another attempt.
    """
    for _ in range(_REMOVALS):
        with contextlib.suppress(OSError):
            _remove_at_once(folder)
            return


def _remove_at_once(folder: Path) -> None:
    pending = _strip(folder)
    while pending:
        current = pending.pop()
        for nested in _strip(current):
            pending.append(nested.rename(folder / uuid.uuid4().hex))
        current.rmdir()
    folder.rmdir()


def _strip(folder: Path) -> list[Path]:
    """Remove the files of a folder and open up its sub-folders, which are returned."""
    folders: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                Path(entry).chmod(0o700)
                folders.append(Path(entry))
            else:
                Path(entry).unlink()
    return folders


def collapse_memory() -> None:
    """Put the memory of this process on huge pages (Linux 6.1): a fork then has few page tables to copy."""
    if sys.platform != "linux":
        return
    madvise = _libc().madvise
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, access, _, _, inode, *name = line.split(maxsplit=5)
        if access == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            begin, end = (int(address, 16) for address in addresses.split("-"))
            first, last = -(-begin // _HUGE_PAGE) * _HUGE_PAGE, end // _HUGE_PAGE * _HUGE_PAGE
            if first < last:  # where the kernel declines, nothing is lost
                madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), _MADV_COLLAPSE)


def pin_to_core(core: int, pid: int = 0) -> None:
    """Run a process (0: this one), and its later children, on one core.

    A referee and its planner take turns, and never wait for one.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {core})


class Process(Protocol):
    """A child process: what is needed of `subprocess.Popen`."""

    pid: int

    def wait(self, timeout: float | None = None) -> int:
        """How it ended; `subprocess.TimeoutExpired` if it does not in time."""

    def kill(self) -> None:
        """Kill it, if it has not ended."""


def end_process(process: Process) -> None:
    """Kill a process and its group."""
    if hasattr(os, "killpg"):
        _signal(-process.pid)
    process.kill()
    process.wait()


def kill_strays(spared: int | None = None) -> None:
    """Kill and reap all children of this process but one: what a lost process had started and left to us."""
    while strays := [child for child in _children() if child != spared]:
        for stray in strays:
            _signal(stray)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(stray, 0)
