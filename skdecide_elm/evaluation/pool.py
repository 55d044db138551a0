"""The pool of worker processes: starts them, gives them programs, kills what runs too long."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import cloudpickle

from skdecide_elm.core import Evaluation
from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation.containment import scrubbed_environment
from skdecide_elm.evaluation.frames import read_frame, write_frame
from skdecide_elm.evaluation.planner_side import HANG_FILE, OUTPUT_FILE
from skdecide_elm.evaluation.task import ScriptTask, Task

__all__ = ["EvaluationPool", "WorkerMode", "default_worker_count", "default_worker_mode"]

WorkerMode = Literal["forkserver", "single"]
"""``forkserver``: a warm process per worker forks a child per evaluation; ``single``: a fresh process for each."""

_GRACE_SECONDS = 1.0
_START_SECONDS = 20.0
_MAX_OUTPUT_CHARS = 2000


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
        workers: evaluations at a time.
        mode: how the processes are made; None: the best that this system offers.

    Raises:
        ConfigError: no worker, or a task that cannot be carried to another process.
    """

    def __init__(self, task: Task, workers: int | None = None, mode: WorkerMode | None = None) -> None:
        self.workers = default_worker_count() if workers is None else workers
        if self.workers < 1:
            raise ConfigError(f"expected at least 1 evaluation worker; found {workers}")
        self._task = task
        self._mode: WorkerMode = mode or default_worker_mode()
        # the referee of rollouts lives on in both modes; a user's script runs in the worker itself where that cannot fork
        self._single_use = self._mode == "single" and isinstance(task, ScriptTask)
        self._setup = _dump(task)
        self._folder = Path(tempfile.mkdtemp(prefix="skdecide_elm_"))
        self._closed = threading.Event()
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self._cores = itertools.cycle(range(self.workers))
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="evaluation")
        for _ in range(self.workers):
            self._idle.put(self._start_worker())

    def submit(self, code: str) -> Future[Evaluation]:
        """Evaluate a program as soon as a worker is free.

        The future raises `EvaluationError` if the pool is closed meanwhile, or if a worker cannot start (for instance
        because a domain factory raises).

        Raises:
            EvaluationError: the pool is closed.
        """
        self._raise_if_closed()
        return self._threads.submit(self._evaluate, code)

    def evaluate(self, code: str) -> Evaluation:
        """Evaluate a program and wait for it. Raises as `submit` and its future do."""
        return self.submit(code).result()

    def close(self) -> None:
        """Kill what runs, wait for it, and remove every temporary file. May be called twice, and from any thread."""
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            workers = list(self._all)
        for worker in workers:
            worker.stop()
        self._threads.shutdown(wait=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> EvaluationPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _evaluate(self, code: str) -> Evaluation:
        worker = self._idle.get()
        if self._single_use:
            self._idle.put(self._start_worker())  # the next one warms up meanwhile
        try:
            return self._evaluate_with(worker, code)
        finally:
            if self._single_use:
                self._discard(worker)
            elif worker.lost:
                self._discard(worker)
                self._idle.put(self._start_worker())
            else:
                self._idle.put(worker)

    def _evaluate_with(self, worker: _Worker, code: str) -> Evaluation:
        self._raise_if_closed()
        workdir = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            reply = worker.request({"code": code, "workdir": os.fspath(workdir)}, self._task.timeout)
            self._raise_if_closed()
            return _evaluation(reply, workdir, self._task.timeout)
        finally:
            shutil.rmtree(workdir, ignore_errors=True)

    def _raise_if_closed(self) -> None:
        if self._closed.is_set():
            raise EvaluationError("the evaluation pool is closed; make a new one (the solver does so in solve())")

    def _discard(self, worker: _Worker) -> None:
        worker.stop()
        with self._lock:
            self._all.discard(worker)

    def _start_worker(self) -> _Worker:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        worker = _Worker(self._mode, next(self._cores), self._setup, folder)
        with self._lock:
            self._all.add(worker)
        if self._closed.is_set():
            worker.stop()
        return worker


def _dump(task: Task) -> bytes:
    try:
        return bytes(cloudpickle.dumps((sys.path, cloudpickle.dumps(task))))
    except (TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"expected domain factories and converters that cloudpickle can carry to another process; found {error!r}; "
            "make them functions that build what they need rather than closures over open files, locks or environments"
        ) from error


def _evaluation(reply: dict[str, Any], workdir: Path, timeout: float) -> Evaluation:
    """From a worker's reply and what the program left in its folder to an evaluation."""
    output = _head(workdir / OUTPUT_FILE)
    artifacts = {"output": output} if output else {}
    if reply["status"] == "done":
        result = reply["evaluation"]
        return Evaluation(result["metrics"], {**result["artifacts"], **artifacts})
    if "failed_at" in reply:
        artifacts["failed_at"] = reply["failed_at"]
    if reply["status"] == "timeout":
        error = f"TimeoutError: the evaluation took longer than {timeout:g} s"
        hang = _head(workdir / HANG_FILE)
        return Evaluation.invalid(error, **({"traceback": hang} if hang else {}), **artifacts)
    return Evaluation.invalid(f"the program ended its process ({_how_it_ended(reply['exit'])})", **artifacts)


def _how_it_ended(status: int | None) -> str:
    if status is None:
        return "for an unknown reason"
    return f"killed by signal {-status}" if status < 0 else f"exit code {status}"


def _head(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(4 * _MAX_OUTPUT_CHARS)
    except OSError:  # never written, or removed by the program
        return ""
    return raw.decode("utf-8", "replace")[:_MAX_OUTPUT_CHARS]


class _Worker:
    """One worker process, started at once and warm when the first request comes."""

    def __init__(self, mode: WorkerMode, core: int, setup: bytes, folder: Path) -> None:
        self._mode = mode
        self._errors = folder / "stderr.txt"
        self._replies: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._stop_lock = threading.Lock()
        self._ready = False
        self.lost = False
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "skdecide_elm.evaluation.worker", mode, str(core)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=scrubbed_environment(),
                cwd=folder,
                start_new_session=True,
            )
        threading.Thread(target=self._read_replies, daemon=True).start()
        self._send(setup)

    def request(self, request: dict[str, str], timeout: float) -> dict[str, Any]:
        """Send one request and wait for its reply; what does not answer in time is killed."""
        if not self._ready:
            self._await_ready()
        self._send(json.dumps(request).encode())
        try:
            # the worker keeps the time limit itself; this is for a worker that hangs, or a process that has to start
            start = _START_SECONDS if self._mode == "single" else 0.0
            reply = self._replies.get(timeout=timeout + _GRACE_SECONDS + start)
        except queue.Empty:
            reply = {"status": "timeout"}
            self.lost = True
        if reply is None:
            reply = {"status": "died", "exit": self._process.wait()}
            self.lost = True
        return reply

    def stop(self) -> None:
        """End the process and all that runs below it."""
        with self._stop_lock:
            if self._process.poll() is None:
                _close_quietly(self._process.stdin)  # a fork server kills its child's family and ends
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_GRACE_SECONDS)
            _kill_group(self._process)
            self._process.wait()
            _close_quietly(self._process.stdin)

    def _await_ready(self) -> None:
        if self._replies.get() is None:
            self.lost = True
            raise EvaluationError(
                "expected the worker process to build the domains; it ended instead: check that each domain factory "
                f"works in a fresh Python process.\n{_tail(self._errors)}"
            )
        self._ready = True

    def _send(self, content: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended: the reader says so
            write_frame(self._process.stdin, content)

    def _read_replies(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while (frame := read_frame(stream)) is not None:
                self._replies.put(json.loads(frame))
        self._replies.put(None)


def _tail(path: Path, characters: int = 3000) -> str:
    return path.read_text("utf-8", "replace")[-characters:] if path.exists() else ""


def _close_quietly(stream: Any) -> None:
    with contextlib.suppress(BrokenPipeError):
        stream.close()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):  # also when its leader has ended: a group outlives it
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
