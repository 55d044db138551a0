"""A task with what evaluates programs on it: a pool that starts when it is needed, and a cache that outlives it."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation.cache import CachedPool, EvaluationCache, task_digest
from skdecide_elm.evaluation.executor_pool import Pool, Workers, open_pool
from skdecide_elm.evaluation.pool import WorkerMode
from skdecide_elm.evaluation.task import RolloutTask, Task

__all__ = ["Evaluator"]


class Evaluator:
    """Evaluates programs on one task.

    Args:
        task: what is run on each program.
        workers: evaluations at a time; None: one per core; or an executor that runs them.
        mode: how the processes are made; None: the best that the system offers.
    """

    def __init__(self, task: Task, workers: Workers = None, mode: WorkerMode | None = None) -> None:
        self._task = task
        self._workers = workers
        self._mode = mode
        self._cache: EvaluationCache | None = None
        self._pool: Pool | None = None

    @property
    def is_open(self) -> bool:
        """Whether its processes run."""
        return self._pool is not None

    @property
    def pool(self) -> Pool:
        """The pool, without the cache; its processes start at the first use.

        Raises:
            ConfigError: the task cannot be carried to another process.
        """
        if self._pool is None:
            self._pool = open_pool(self._task, self._workers, self._mode)
            self._end_pool = weakref.finalize(self, self._pool.close)  # also where close() is forgotten
        return self._pool

    @property
    def cache(self) -> EvaluationCache:
        """What is known of programs. Raises as `pool` does."""
        if self._cache is None:
            self._cache = EvaluationCache(task_digest(self._task))
        return self._cache

    def cached_pool(self) -> CachedPool:
        """The pool behind the cache. Raises as `pool` does."""
        return CachedPool(self.pool, self.cache)

    def evaluate_all(self, codes: list[str]) -> list[Evaluation]:
        """The evaluations of programs; no process is started if all are in the cache.

        Raises:
            EvaluationError: a worker cannot start, or the evaluator was closed meanwhile.
        """
        known = [self.cache.get(code) for code in codes]
        missing = iter(self._run([code for code, found in zip(codes, known, strict=True) if found is None]))
        return [next(missing) if found is None else found for found in known]

    def _run(self, codes: list[str]) -> list[Evaluation]:
        return self.cached_pool().evaluate_all(codes) if codes else []

    def reseed(self, seed: int) -> None:
        """Give the episodes another seed; what is known of programs is forgotten."""
        if isinstance(self._task, RolloutTask) and self._task.seed != seed:
            self.close()
            self._task = replace(self._task, seed=seed)
            self._cache = None

    def to_json(self) -> dict[str, Any]:
        """The cache, as JSON can hold it."""
        return self.cache.to_json()

    def restore(self, record: dict[str, Any]) -> None:
        """Take over a cache; see `EvaluationCache.restore`."""
        self.cache.restore(record)

    def close(self) -> None:
        """End the processes; a later evaluation starts new ones."""
        if self._pool is not None:
            self._end_pool()
            self._pool = None
