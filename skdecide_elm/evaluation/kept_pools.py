"""Pools of one worker that are kept in a process of somebody's executor, from one evaluation to the next.

`evaluate_kept` is what an executor's workers (threads, processes, other machines) are given to do. The isolation is
that of `EvaluationPool`, which has processes of its own: where a worker of the executor runs, no program does.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import util
from typing import TypeVar

import cloudpickle

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation.pool import EvaluationPool, WorkerMode
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


_lock = threading.Lock()
_idle: dict[tuple[int, str], list[EvaluationPool]] = {}
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
        closing = [pool for key in keys for pool in _idle.pop(key)]
    for pool in closing:
        pool.close()


def _with_pool(job: TaskInPool, use: Callable[[EvaluationPool], _Found]) -> _Found:
    with _lent(job) as pool:
        return use(pool)


@contextlib.contextmanager
def _lent(job: TaskInPool) -> Iterator[EvaluationPool]:
    key = os.getpid(), job.digest
    with _lock:
        waiting = _idle.get(key)
        pool = waiting.pop() if waiting else None
    pool = pool or _new(job)
    try:
        yield pool
    except BaseException:
        pool.close()
        raise
    with _lock:
        _idle.setdefault(key, []).append(pool)


def _new(job: TaskInPool) -> EvaluationPool:
    with _lock:
        if os.getpid() not in _watched:
            _watched.add(os.getpid())
            util.Finalize(None, close_kept, exitpriority=100)  # atexit says nothing to multiprocessing's children
    return EvaluationPool(cloudpickle.loads(job.task), workers=1, mode=job.mode)
