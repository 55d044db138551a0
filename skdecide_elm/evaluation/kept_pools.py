"""Pools of one worker that are kept in a process of somebody's executor, from one evaluation to the next.

`evaluate_kept` is what an executor's workers (threads, processes, other machines) are given to do. The isolation is
that of `EvaluationPool`, which has processes of its own: where a worker of the executor runs, no program does.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import util
from typing import TypeVar

import cloudpickle

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation.pool import EvaluationPool, WorkerMode, default_worker_count
from skdecide_elm.evaluation.racing import Bar

__all__ = ["TaskInPool", "close_kept", "evaluate_kept", "find_unseeded_kept"]

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class TaskInPool:
    """What a worker of an executor needs to know. Picklable.

    Attributes:
        digest: of the task.
        task: by cloudpickle.
        mode: how evaluation processes are made there; None: the best of that system.
    """

    digest: str
    task: bytes
    mode: WorkerMode | None


@dataclass(frozen=True)
class _Kept:
    pool: EvaluationPool
    core: socket.socket | None

    def close(self) -> None:
        self.pool.close()
        if self.core is not None:
            self.core.close()


_lock = threading.Lock()
_idle: dict[tuple[int, str], list[_Kept]] = {}
"""By process (a fork has nothing of its parent's) and task."""

_watched: set[int] = set()


def evaluate_kept(job: TaskInPool, code: str, bar: Bar | None = None) -> Evaluation:
    """Evaluate a program on a task, in this process's pool for it. Raises as `EvaluationPool.evaluate` does."""
    return _with_pool(job, lambda pool: pool.submit(code, bar).result())


def find_unseeded_kept(job: TaskInPool) -> str:
    """As `EvaluationPool.find_unseeded`."""
    return _with_pool(job, lambda pool: pool.find_unseeded())


def close_kept(digest: str | None = None) -> None:
    """Close the idle pools of this process, of one task or of all."""
    pid = os.getpid()
    with _lock:
        keys = [key for key in _idle if key[0] == pid and digest in (None, key[1])]
        closing = [kept for key in keys for kept in _idle.pop(key)]
    for kept in closing:
        kept.close()


def _with_pool(job: TaskInPool, use: Callable[[EvaluationPool], _Found]) -> _Found:
    with _lent(job) as pool:
        return use(pool)


@contextlib.contextmanager
def _lent(job: TaskInPool) -> Iterator[EvaluationPool]:
    key = os.getpid(), job.digest
    with _lock:
        waiting = _idle.get(key)
        kept = waiting.pop() if waiting else None
    kept = kept or _new(job)
    try:
        yield kept.pool
    except BaseException:
        kept.close()
        raise
    with _lock:
        _idle.setdefault(key, []).append(kept)


def _new(job: TaskInPool) -> _Kept:
    with _lock:
        if os.getpid() not in _watched:
            _watched.add(os.getpid())
            util.Finalize(None, close_kept, exitpriority=100)  # atexit says nothing to multiprocessing's children
    core, claim = _claim_core()
    return _Kept(EvaluationPool(cloudpickle.loads(job.task), workers=1, mode=job.mode, first_core=core), claim)


def _claim_core() -> tuple[int, socket.socket | None]:
    """A core that no kept pool of this machine uses; a name that the kernel forgets with its owner says so."""
    count = default_worker_count()
    if sys.platform == "linux":
        for core in range(count):
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(f"\0skdecide_elm_core_{os.getuid()}_{core}")
            except OSError:
                claim.close()
            else:
                return core, claim
    return os.getpid() % count, None
