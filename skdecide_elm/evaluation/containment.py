"""What the operating system offers to keep a program within its bounds and to clean up after it.

Each function does what it can on the system at hand and nothing where the system has no such thing: Linux offers all
of them, macOS all but adopting orphans and dying with the parent, Windows none.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = [
    "adopt_orphans",
    "die_with_parent",
    "end_process",
    "exit_status",
    "kill_family",
    "kill_strays",
    "limit_resources",
    "pin_to_core",
    "redirect_output",
    "scrubbed_environment",
    "seed_unseeded_gymnasium",
]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_MAX_FILE_BYTES = 16 * 2**20
_CPU_SPARE_SECONDS = 10

_KEPT_VARIABLES = {
    "CONDA_PREFIX", "HOME", "JAVA_HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR",
    "TZ", "VIRTUAL_ENV",
}  # fmt: skip
_KEPT_PREFIXES = ("DYLD_", "LC_", "MKL_", "NUMBA_", "OMP_", "OPENBLAS_", "PYTHON", "SKDECIDE_")


def scrubbed_environment() -> dict[str, str]:
    """The environment of a worker: what Python and its libraries need, and no secret.

    Variables are kept by name, not dropped by name: a key may be called anything. Hashing is fixed, so that sets of
    strings have the same order in every evaluation.
    """
    kept = {k: v for k, v in os.environ.items() if k in _KEPT_VARIABLES or k.startswith(_KEPT_PREFIXES)}
    return {"OMP_NUM_THREADS": "1", **kept, "PYTHONHASHSEED": "0", "MPLBACKEND": "Agg"}


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none can get away."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def limit_resources(timeout: float, memory_limit_mb: int | None) -> None:
    """Limit address space, processor time, the size of files and core dumps of this process and its children."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    # the second line behind the time limit, should nobody be left to enforce it; threads share the processor time
    seconds = math.ceil(timeout * (os.cpu_count() or 1)) + _CPU_SPARE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if memory_limit_mb is not None:
        size = memory_limit_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def redirect_output(path: Path) -> None:
    """Send standard output and error to a file, and read standard input from nowhere."""
    output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.close(nothing)


def exit_status(pid: int, *, wait: bool = True) -> int | None:
    """The exit code of a child (negative: the signal that ended it); None while it runs and we do not wait."""
    try:
        ended, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if ended else None


def kill_family(pid: int) -> None:
    """Kill a child, its process group, and every process it started that has become ours, and reap them all."""
    _signal(-pid)
    try:
        while True:
            for child in [pid, *_children()]:
                _signal(child)
            os.waitpid(-1, 0)
    except ChildProcessError:
        return  # nobody is left


def _signal(pid: int) -> None:
    if hasattr(signal, "SIGKILL"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _children() -> list[int]:
    """The children of this process, from /proc; none where there is no /proc."""
    children: list[int] = []
    for entry in Path("/proc/self/task").glob("*/children"):
        children += [int(pid) for pid in entry.read_text().split()]
    return children


def seed_unseeded_gymnasium() -> None:
    """Make gymnasium's generators that nobody seeds follow `random`.

    A space whose `sample` is called, or an environment that is reset, without a seed takes one from the operating
    system; then the same program would score differently twice.
    """
    try:
        from gymnasium.utils import seeding
    except ImportError:
        return
    original = seeding.np_random

    def np_random(seed: int | None = None) -> Any:
        return original(random.getrandbits(32) if seed is None else seed)

    seeding.np_random = np_random


def pin_to_core(core: int) -> None:
    """Run this process and its children on one core: a referee and its planner take turns, so they never wait for it."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[core % len(allowed)]})


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group."""
    _signal(-process.pid)
    process.kill()
    process.wait()


def kill_strays(keep: Iterable[int]) -> None:
    """Kill and reap all children of this process but those to keep: what a lost process had started and left to us."""
    kept = set(keep)
    while strays := [child for child in _children() if child not in kept]:
        for stray in strays:
            _signal(stray)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(stray, 0)
