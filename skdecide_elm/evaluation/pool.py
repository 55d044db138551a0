"""The pool of worker processes: gives them programs, replaces those that programs have ruined."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from skdecide_elm.core import Evaluation
from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation.containment import remove_tree
from skdecide_elm.evaluation.cores import ClaimedCore
from skdecide_elm.evaluation.failure import timeout_error, traceback_from_dump
from skdecide_elm.evaluation.messages import UNSEEDED, Failure
from skdecide_elm.evaluation.planner_side import HANG_FILE, OUTPUT_FILE
from skdecide_elm.evaluation.process import WorkerMode, WorkerProcess
from skdecide_elm.evaluation.racing import Bar
from skdecide_elm.evaluation.remains import file_head, how_it_ended
from skdecide_elm.evaluation.task import RolloutTask, ScriptTask, Task, dump_task

__all__ = ["EvaluationPool", "WorkerMode", "default_worker_count", "default_worker_mode"]

_GRACE_SECONDS = 1.0


def default_worker_mode() -> WorkerMode:
    """``forkserver`` on Linux; ``single`` where forking a process with libraries loaded is unsafe or impossible."""
    return "forkserver" if sys.platform == "linux" else "single"


def default_worker_count() -> int:
    """One worker per core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class EvaluationPool:
    """Evaluates programs on one task, each in a process that is killed at the time limit with all it has started.

    Never uses `multiprocessing`, so the caller's start method does not matter and the caller's process, which may hold
    keys, is never forked. Use as a context manager, or call `close`.

    Args:
        task: what is run on each program; carried over by cloudpickle.
        workers: evaluations at a time. The first worker starts with the pool, another when none is free.
        mode: how the processes are made; None: the best that this system offers.

    Raises:
        ConfigError: no worker, a mode that this system lacks, or a task that cannot be carried to another process.
    """

    def __init__(self, task: Task, workers: int | None = None, mode: WorkerMode | None = None) -> None:
        self.workers = default_worker_count() if workers is None else workers
        if self.workers < 1:
            raise ConfigError(f"expected at least 1 evaluation worker; found {workers}")
        self._task = task
        self._mode = _checked_mode(mode or default_worker_mode())
        # a referee lives on in both modes; a user's script runs in the worker itself where that cannot fork
        self._single_use = self._mode == "single" and isinstance(task, ScriptTask)
        self._kind = "script" if isinstance(task, ScriptTask) else "rollouts"
        self._setup = dump_task(task)
        self._folder = Path(tempfile.mkdtemp(prefix="skdecide_elm_"))
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._all: set[WorkerProcess] = set()
        self._cores: list[ClaimedCore] = []
        self._idle: queue.SimpleQueue[WorkerProcess] = queue.SimpleQueue()
        # its threads start the processes, and end when the pool is closed: see WorkerProcess
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="evaluation")
        # no worker waits until what a program has left is removed
        self._cleaner = ThreadPoolExecutor(1, thread_name_prefix="cleaning")
        self._remove = weakref.finalize(self, _dispose, os.getpid(), self._all, self._folder)
        # warms up from now on, and is there for whatever comes first
        self._threads.submit(self._add_idle).result()

    def submit(self, code: str, bar: Bar | None = None) -> Future[Evaluation]:
        """Evaluate a program as soon as a worker is free; those that wait have their turns in the order they came in.

        Args:
            bar: stop it early if it is clearly worse; see `skdecide_elm.evaluation.racing`. A user's own script knows
                no such thing.

        The future raises `EvaluationError` if the pool is closed meanwhile, or if a worker cannot start (for instance
        because a domain factory raises).

        Raises:
            EvaluationError: the pool is closed.
        """
        return self._submit({"code": code} if bar is None else {"code": code, "bar": bar.to_json()})

    def find_unseeded(self) -> str:
        """In what the task's domains do not follow their seeds; empty if they do. Raises as `evaluate` does."""
        if not isinstance(self._task, RolloutTask):
            return ""
        return self._submit({"code": "", "check": "seeding"}).result().artifacts.get(UNSEEDED, "")

    def _submit(self, question: dict[str, Any]) -> Future[Evaluation]:
        self._raise_if_closed()
        try:
            return self._threads.submit(self._evaluate, question)
        except RuntimeError as error:  # closed since
            raise EvaluationError(str(error)) from error

    def evaluate(self, code: str) -> Evaluation:
        """Evaluate a program and wait for it. Raises as `submit` and its future do."""
        return self.submit(code).result()

    def close(self) -> None:
        """Kill what runs, wait for it, and remove every temporary file. May be called twice, and from any thread."""
        self._closed.set()
        self._threads.shutdown(wait=False)
        with self._lock:
            workers = set(self._all)
        _stop(workers)
        self._threads.shutdown(wait=True)
        self._cleaner.shutdown(wait=True)
        self._remove()

    def __enter__(self) -> EvaluationPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _evaluate(self, question: dict[str, Any]) -> Evaluation:
        self._raise_if_closed()
        workdir = self._new_folder()
        request = {**question, "workdir": os.fspath(workdir)}
        try:
            with self._lent_worker() as worker:
                answer = worker.request(request, self._task.timeout)
            return _evaluation(answer, workdir, self._task.timeout, question["code"])
        finally:
            self._raise_if_closed()  # else it looks as if the program, or a domain, had ended the process
            self._cleaner.submit(remove_tree, workdir)

    @contextlib.contextmanager
    def _lent_worker(self) -> Iterator[WorkerProcess]:
        worker = self._take_idle()
        if self._single_use:
            self._add_idle()  # the next one warms up meanwhile
        try:
            yield worker
        finally:
            if self._single_use:
                self._discard(worker)
            elif worker.lost:
                self._discard(worker)
                self._add_idle()
            else:
                self._idle.put(worker)

    def _take_idle(self) -> WorkerProcess:
        self._raise_if_closed()
        while True:
            try:
                worker = self._idle.get_nowait()
            except queue.Empty:
                return self._start_worker()
            if not worker.is_spoilt():
                return worker
            self._discard(worker)

    def _add_idle(self) -> None:
        with contextlib.suppress(EvaluationError):  # the next evaluation starts one itself, or says why it cannot
            self._idle.put(self._start_worker())

    def _start_worker(self) -> WorkerProcess:
        with self._lock:
            core = ClaimedCore([other.number for other in self._cores])
            self._cores.append(core)
        try:
            worker = WorkerProcess(self._mode, self._kind, core, self._setup, self._new_folder(), self._grace())
        except OSError as error:
            self._give_back(core)
            raise EvaluationError(
                f"expected to start a worker process; {error}; check the limits of this one"
            ) from error
        with self._lock:
            self._all.add(worker)
        if self._closed.is_set():
            worker.stop()
        return worker

    def _grace(self) -> float | None:
        return None if self._single_use else _GRACE_SECONDS

    def _discard(self, worker: WorkerProcess) -> None:
        worker.stop()
        self._give_back(worker.core)
        with self._lock:
            self._all.discard(worker)
        remove_tree(worker.folder)

    def _give_back(self, core: ClaimedCore) -> None:
        core.release()
        with self._lock:
            self._cores.remove(core)

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))

    def _raise_if_closed(self) -> None:
        if self._closed.is_set():
            raise EvaluationError("the evaluation pool is closed; make a new one (the solver does so in solve())")


def _checked_mode(mode: WorkerMode) -> WorkerMode:
    if mode == "single" or (mode == "forkserver" and hasattr(os, "fork")):
        return mode
    raise ConfigError(f"expected the worker mode 'single', or 'forkserver' where a process can fork; found {mode!r}")


def _dispose(owner: int, workers: set[WorkerProcess], folder: Path) -> None:
    if os.getpid() == owner:  # not in a fork of the process that made the pool
        _stop(workers)
        remove_tree(folder)


def _stop(workers: set[WorkerProcess]) -> None:
    for worker in workers:
        worker.ask_to_stop()
    for worker in workers:
        worker.stop()


def _evaluation(answer: Evaluation | Failure, workdir: Path, timeout: float, code: str) -> Evaluation:
    """From a worker's answer and what the program left in its folder to an evaluation."""
    output = file_head(workdir / OUTPUT_FILE)
    artifacts = {"output": output} if output else {}
    if isinstance(answer, Evaluation):
        return replace(answer, artifacts={**artifacts, **answer.artifacts})
    error = _what_happened(answer, timeout)
    if trace := traceback_from_dump(file_head(workdir / HANG_FILE), code, error):
        artifacts["traceback"] = trace
    if answer.failed_at:
        artifacts["failed_at"] = answer.failed_at
    if answer.decision_times:
        artifacts["decision_times"] = answer.decision_times
    return Evaluation.invalid(error, **artifacts)


def _what_happened(failure: Failure, timeout: float) -> str:
    if failure.kind == "timeout":
        return timeout_error(timeout)
    if failure.kind == "malformed":
        return "the program closed the channel of its evaluation, or wrote something else to it"
    return f"the program ended its process before it was evaluated ({how_it_ended(failure.exit_code)})"
