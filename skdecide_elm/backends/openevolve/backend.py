"""The search by OpenEvolve as a solver drives it: start, stop, save, load, ask."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from openevolve.config import Config
from openevolve.evaluation_result import EvaluationResult

from skdecide_elm.backends.openevolve.checkpoint import load_checkpoint, save_checkpoint
from skdecide_elm.backends.openevolve.database import is_valid, score
from skdecide_elm.backends.openevolve.evolution import Evolution
from skdecide_elm.backends.openevolve.statistics import RunStatistics
from skdecide_elm.evaluation.pool import EvaluationPool, WorkerMode
from skdecide_elm.evaluation.task import Task

__all__ = ["BackendSettings", "OpenEvolveBackend"]

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class BackendSettings:
    """What a run needs beside OpenEvolve's configuration.

    Attributes:
        output_dir: folder for checkpoints and the best program; None: nothing is written.
        target_score: stop when the best combined score reaches it.
        workers: evaluations at a time; None: one per core.
        worker_mode: how evaluation processes are made; None: the best that the system offers.
        identity: what the search is about, by name; checkpoints carry it.
    """

    output_dir: Path | None
    target_score: float | None
    workers: int | None
    worker_mode: WorkerMode | None
    identity: dict[str, str]


class OpenEvolveBackend:
    """Runs an `Evolution` in a thread of its own and keeps its pool of evaluation processes.

    The thread makes it work inside a running event loop (a notebook) and lets Ctrl-C arrive between two updates of the
    database rather than within one.
    """

    def __init__(self, evolution: Evolution, task: Task, config: Config, settings: BackendSettings) -> None:
        self._evolution = evolution
        self._task = task
        self._config = config
        self._settings = settings
        self._pool: EvaluationPool | None = None

    @property
    def best_code(self) -> str:
        """Text of the best program so far; of the initial one before anything was evaluated."""
        best = self._evolution.best
        return self._evolution.initial_program if best is None else str(best.code)

    @property
    def best_score(self) -> float | None:
        """Combined score of the best program; None before anything was evaluated."""
        best = self._evolution.best
        return None if best is None else score(best)

    @property
    def statistics(self) -> RunStatistics:
        """Counts of the run."""
        return self._evolution.statistics

    @property
    def iteration(self) -> int:
        """The last iteration whose outcome is known."""
        return self._evolution.last_iteration

    def solve(self, iterations: int) -> None:
        """Run more iterations. Ctrl-C stops them; what was found is kept, and another call goes on.

        Raises:
            ElmError: of a worker that cannot start, or a configuration that cannot work.
            KeyboardInterrupt: at a second Ctrl-C, while the run is being stopped.
        """
        pool = self._open_pool()
        stop = threading.Event()
        self._in_thread(
            lambda: self._evolution.run(iterations, pool, stop, self._settings.target_score, self._checkpoint_if_due),
            stop,
        )
        if self._settings.output_dir is not None:
            self._write_results(self._settings.output_dir)
        logger.info("Iteration %d: %s", self.iteration, self.statistics)
        best = self._evolution.best
        if best is not None and not is_valid(best):
            logger.warning("No valid program was found; the initial program is returned.")

    def evaluate(self, code: str) -> EvaluationResult:
        """Evaluate a program as the search would; the search does not hear of it."""
        evaluation = self._open_pool().evaluate(code)
        return EvaluationResult(metrics=dict(evaluation.metrics), artifacts=dict(evaluation.artifacts))

    def next_prompt(self) -> dict[str, str]:
        """The prompt that the next iteration will send (evaluates the initial program if that was not done)."""
        if self._evolution.best is None:
            self._evolution.insert_initial(self._open_pool().evaluate)
        return self._evolution.next_prompt()

    def save(self, path: Path) -> None:
        """Write a checkpoint directory, whole or not at all."""
        save_checkpoint(self._evolution, path, self._settings.identity)

    def load(self, path: Path) -> None:
        """Continue from a checkpoint directory."""
        load_checkpoint(self._evolution, path, self._settings.identity)

    def close(self) -> None:
        """End all evaluation processes and remove all temporary files; a later call of `solve` starts new ones."""
        if self._pool is not None:
            self._end_pool()
            self._pool = None

    def _open_pool(self) -> EvaluationPool:
        if self._pool is None:
            self._pool = EvaluationPool(self._task, self._settings.workers, self._settings.worker_mode)
            self._end_pool = weakref.finalize(self, self._pool.close)  # also where close() is forgotten
        return self._pool

    def _in_thread(self, function: Callable[[], None], stop: threading.Event) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="evolution") as executor:
            future = executor.submit(function)
            try:
                while not future.done():
                    wait([future], timeout=_POLL_SECONDS)
            except BaseException as error:
                stop.set()
                self.close()  # what is being evaluated will not be waited for
                if not isinstance(error, KeyboardInterrupt):  # a signal handler of the caller's, such as a time limit
                    raise
                logger.warning("Interrupted: what was found is kept. solve() goes on from here.")
                return
        future.result()

    def _checkpoint_if_due(self, iteration: int) -> None:
        folder = self._settings.output_dir
        if folder is not None and iteration % self._config.checkpoint_interval == 0:
            self.save(folder / "checkpoints" / f"checkpoint_{iteration}")

    def _write_results(self, folder: Path) -> None:
        self.save(folder / "checkpoints" / f"checkpoint_{self.iteration}")
        best = folder / "best"
        best.mkdir(parents=True, exist_ok=True)
        (best / "best_program.py").write_text(self.best_code, encoding="utf-8")
