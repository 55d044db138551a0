"""A pool of somebody else's: evaluations on any executor that has `submit`, with the isolation of `EvaluationPool`."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Protocol, TypeAlias

from skdecide_elm.core import Evaluation
from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation.kept_pools import TaskInPool, close_kept, evaluate_kept, find_unseeded_kept
from skdecide_elm.evaluation.pool import EvaluationPool, WorkerMode, default_worker_count
from skdecide_elm.evaluation.racing import Bar
from skdecide_elm.evaluation.task import Task, dump_task

__all__ = ["ExecutorLike", "ExecutorPool", "Pool", "Workers", "open_pool"]

logger = logging.getLogger(__name__)

_MAX_LOSSES = 3
"""In a row; then the executor is left alone."""


class ExecutorLike(Protocol):
    """What runs a function somewhere: `concurrent.futures.Executor`, loky's, a ``Client`` of dask."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Have it called; the answer has `add_done_callback` and `result`, as a `concurrent.futures.Future`."""


Workers: TypeAlias = "int | ExecutorLike | None"
"""Evaluations at a time, None: one per core; or an executor that runs them."""


class ExecutorPool:
    """Evaluates programs on the workers of an executor, which stays its owner's: it is neither asked to stop nor shut.

    Each process in which the executor has workers keeps a warm `EvaluationPool` of one worker per task and worker. An
    evaluation whose worker is lost is tried once more, and then made by a pool of our own, as is every further one if
    the executor is broken: the run goes on, and a warning says so.

    Args:
        task: what is run on each program; carried over by cloudpickle.
        executor: where.
        mode: how the evaluation processes are made there.

    Raises:
        ConfigError: no executor, or a task that cannot be carried to another process.
    """

    def __init__(self, task: Task, executor: ExecutorLike, mode: WorkerMode | None = None) -> None:
        if not callable(getattr(executor, "submit", None)):
            raise ConfigError(f"expected a number of workers or an executor with submit(); found {executor!r}")
        self.workers = _count_workers(executor)
        self._task = task
        self._mode = mode
        self._executor = executor
        pickled = dump_task(task)
        self._job = TaskInPool(hashlib.sha256(pickled).hexdigest(), pickled, mode)
        self._lock = threading.Lock()
        self._pending: set[Future[Any]] = set()
        self._closed = False
        self._losses = 0
        self._own: EvaluationPool | None = None
        # not in the executor's own thread, which may hold a lock that submit() needs
        self._mender = ThreadPoolExecutor(1, thread_name_prefix="mender")

    def submit(self, code: str, bar: Bar | None = None) -> Future[Evaluation]:
        """As `EvaluationPool.submit`."""
        return self._submit(evaluate_kept, lambda pool: pool.submit(code, bar), code, bar)

    def evaluate(self, code: str) -> Evaluation:
        """As `EvaluationPool.evaluate`."""
        return self.submit(code).result()

    def find_unseeded(self) -> str:
        """As `EvaluationPool.find_unseeded`."""
        found: Future[str] = self._submit(find_unseeded_kept, _find_unseeded_here)
        return found.result()

    def close(self) -> None:
        """Give up what is not done, and end our processes in this process.

        What runs in other processes of the executor ends by itself, at the time limit at the latest, and the pools
        there stay warm until the executor ends.
        """
        with self._lock:
            self._closed = True
            pending, own = set(self._pending), self._own
        for future in pending:
            _fail(future, _closed_error())
        if own is not None:
            own.close()
        self._mender.shutdown(wait=False)
        close_kept(self._job.digest)

    def __enter__(self) -> ExecutorPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _submit(
        self, function: Callable[..., Any], here: Callable[[EvaluationPool], Future[Any]], *arguments: Any
    ) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            if self._closed:
                raise _closed_error()
            self._pending.add(future)
        future.add_done_callback(self._forget)
        _Attempt(self, future, function, here, arguments).start()
        return future

    def _forget(self, future: Future[Any]) -> None:
        with self._lock:
            self._pending.discard(future)

    def _own_pool(self) -> EvaluationPool:
        with self._lock:
            if self._closed:
                raise _closed_error()
            if self._own is None:
                self._own = EvaluationPool(self._task, None, self._mode)
            return self._own


class _Attempt:
    """One evaluation on its way: on the executor, once more there, at last here."""

    def __init__(
        self,
        pool: ExecutorPool,
        future: Future[Any],
        function: Callable[..., Any],
        here: Callable[[EvaluationPool], Future[Any]],
        arguments: tuple[Any, ...],
    ) -> None:
        self._pool = pool
        self._future = future
        self._function = function
        self._here = here
        self._arguments = arguments
        self._tries = 0

    def start(self) -> None:
        pool = self._pool
        if self._tries == 2 or pool._losses >= _MAX_LOSSES:
            self._start_here()
            return
        self._tries += 1
        try:
            running = pool._executor.submit(self._function, pool._job, *self._arguments)
        except Exception as error:  # noqa: BLE001 - whatever somebody's executor raises when it is broken
            self._lost(error, for_good=True)
        else:
            running.add_done_callback(self._ended)

    def _ended(self, running: Any) -> None:
        try:
            result = running.result()
        except EvaluationError as error:  # ours: another worker would say the same
            _fail(self._future, error)
        except BaseException as error:  # noqa: BLE001 - whatever somebody's executor raises when a worker is lost
            self._mend(partial(self._lost, error))
        else:
            self._pool._losses = 0
            _finish(self._future, result)
        if self._pool._closed:
            self._mend(partial(close_kept, self._pool._job.digest))

    def _mend(self, deed: Callable[[], None]) -> None:
        try:
            self._pool._mender.submit(deed)
        except RuntimeError:  # closed, which the future knows
            close_kept(self._pool._job.digest)

    def _lost(self, error: BaseException, for_good: bool = False) -> None:
        pool = self._pool
        pool._losses = _MAX_LOSSES if for_good else pool._losses + 1
        if pool._losses == 1 or for_good:
            logger.warning(
                "An evaluation was lost with its worker of %s (%r). It is made again%s.",
                type(pool._executor).__name__,
                error,
                ", here, as all that follow" if for_good else "",
            )
        self.start()

    def _start_here(self) -> None:
        try:
            self._here(self._pool._own_pool()).add_done_callback(self._ended_here)
        except EvaluationError as error:
            _fail(self._future, error)

    def _ended_here(self, running: Future[Any]) -> None:
        error = running.exception()
        if error is None:
            _finish(self._future, running.result())
        else:
            _fail(self._future, error)


def _find_unseeded_here(pool: EvaluationPool) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(pool.find_unseeded())
    return future


def _finish(future: Future[Any], result: Any) -> None:
    with contextlib.suppress(InvalidStateError):  # the pool was closed meanwhile
        future.set_result(result)


def _fail(future: Future[Any], error: BaseException) -> None:
    with contextlib.suppress(InvalidStateError):
        future.set_exception(error)


def _closed_error() -> EvaluationError:
    return EvaluationError("the evaluation pool is closed; make a new one (the solver does so in solve())")


def _count_workers(executor: Any) -> int:
    """Evaluations that it runs at a time: of the standard library's and loky's, or dask's; one per core if untold."""
    count = getattr(executor, "_max_workers", None)
    if not isinstance(count, int) and callable(getattr(executor, "nthreads", None)):
        count = sum(executor.nthreads().values())
    return count if isinstance(count, int) and count > 0 else default_worker_count()


Pool: TypeAlias = EvaluationPool | ExecutorPool


def open_pool(task: Task, workers: Workers = None, mode: WorkerMode | None = None) -> Pool:
    """A pool of our own, or one on an executor. Raises as they do."""
    if workers is None or isinstance(workers, int):
        return EvaluationPool(task, workers, mode)
    return ExecutorPool(task, workers, mode)
