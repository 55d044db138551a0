"""A search as a solver drives it: start, stop, save, load, ask."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openevolve.evaluation_result import EvaluationResult

from skdecide_elm.backends.evaluators import Evaluators
from skdecide_elm.backends.repeatable import RepeatablePool
from skdecide_elm.backends.threads import run_interruptibly
from skdecide_elm.evaluation.dask_executor import Parallel
from skdecide_elm.evaluation.process import WorkerMode
from skdecide_elm.evaluation.result import SearchResult
from skdecide_elm.evaluation.tasks import Tasks
from skdecide_elm.llm.ledger import Ledger
from skdecide_elm.llm.recorded import Recorder, Recording

__all__ = ["Backend", "BackendSettings"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BackendSettings:
    """What a run needs beside the settings of its search.

    Attributes:
        identity: what the search is about, by name; checkpoints carry it.
        output_dir: folder for checkpoints and the best program; None: nothing is written.
        checkpoint_interval: iterations from one checkpoint to the next.
        workers: evaluations at a time; None: one per core; or an executor, or where dask is.
        worker_mode: how evaluation processes are made; None: the best that the system offers.
        cached: whether the search asks the cache before it runs a program.
        candidates: how many of the best programs validation chooses from.
        keeps_seed: whether the seed of the episodes stays as it is when a checkpoint of another seed is loaded.
        record: of the run, written or replayed, if it is.
    """

    identity: dict[str, str]
    output_dir: Path | None
    checkpoint_interval: int
    workers: Parallel
    worker_mode: WorkerMode | None
    cached: bool
    candidates: int
    keeps_seed: bool
    record: Recorder | Recording | None


class Backend(ABC):
    """Runs a search in a thread of its own and keeps the evaluators: of the search, of the choice, of the report.

    The thread makes it work inside a running event loop (a notebook) and lets Ctrl-C arrive between two outcomes.

    Args:
        tasks: what programs are evaluated on.

    Attributes:
        was_interrupted: whether Ctrl-C has ended the last run.
    """

    def __init__(self, tasks: Tasks, settings: BackendSettings) -> None:
        self._settings = settings
        self._evaluators = Evaluators(tasks, settings.workers, settings.worker_mode, settings.cached, settings.record)
        self._chosen: str | None = None
        self.was_interrupted = False

    @property
    def best_code(self) -> str:
        """Text of the program that validation chose, or the best so far, or the initial one."""
        return self._chosen or self._found_code or self.initial_program

    @property
    def evaluator_seed(self) -> int:
        """The seed that all episodes' seeds are derived from."""
        return self._evaluators.seed

    @property
    @abstractmethod
    def initial_program(self) -> str:
        """Text of the program that the search has started from, or will."""

    @property
    @abstractmethod
    def best_score(self) -> float | None:
        """Combined score of the best program; None before anything was evaluated."""

    @property
    @abstractmethod
    def iteration(self) -> int:
        """How far the search is."""

    @property
    @abstractmethod
    def ledger(self) -> Ledger:
        """What the LLM requests have cost."""

    @property
    @abstractmethod
    def statistics(self) -> Any:
        """Counts of the run."""

    @property
    @abstractmethod
    def coverage(self) -> float:
        """The part of the cells that is occupied."""

    @property
    @abstractmethod
    def _found_code(self) -> str | None:
        """Text of the best program of the search; None before anything was evaluated."""

    @property
    @abstractmethod
    def _is_any_valid(self) -> bool:
        """Whether a valid program was found."""

    def solve(self, iterations: int, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Run more iterations. Ctrl-C stops them; what was found is kept, and another call goes on.

        Args:
            is_enough: called after each, from the thread of the search; whether to end the run.

        Raises:
            ElmError: of a worker that cannot start, or a configuration that cannot work.
            KeyboardInterrupt: at a second Ctrl-C, while the run is being stopped.
        """
        pool = self._evaluators.search_pool()  # here: one that is closed at Ctrl-C must not be opened again
        stop = threading.Event()

        def after(iteration: int) -> bool:
            self._checkpoint_if_due(iteration)
            return is_enough()

        def run() -> None:
            self._evaluators.check_seeding()
            self._chosen = None
            self._run(pool, iterations, stop, after)
            if not stop.is_set():
                self._chosen = self._evaluators.choose(self._best_codes(self._settings.candidates))

        # at Ctrl-C everything is closed: what is being evaluated then will not be waited for
        self.was_interrupted = run_interruptibly(run, stop, self.close)
        if self._settings.output_dir is not None:
            self._write_results(self._settings.output_dir)
        logger.info("Iteration %d: %s", self.iteration, self.statistics)
        if not self._is_any_valid:
            logger.warning("No valid program was found; the initial program is returned.")

    @abstractmethod
    def _run(self, pool: RepeatablePool, iterations: int, stop: threading.Event, after: Callable[[int], bool]) -> None:
        """Run the search until it is done, ``stop`` is set, or ``after``, called after each iteration, says so."""

    @abstractmethod
    def _best_codes(self, count: int) -> list[str]:
        """The best valid programs, the best first."""

    def held_out_score(self) -> float:
        """Combined score of the best program on the validation domains, or on those of the search without any."""
        return self._evaluators.held_out.evaluate_all([self.best_code])[0].combined_score

    def evaluate(self, code: str, cached: bool = False) -> EvaluationResult:
        """Evaluate a program as the search would; the search does not hear of it."""
        return self._evaluators.evaluate(code, cached)

    def simplified(self, code: str, max_trials: int) -> str:
        """A program without what makes it no better; the search does not hear of it. Raises as `Evaluators` does."""
        return self._evaluators.simplified(code, max_trials)

    def result(self, confidence_level: float) -> SearchResult:
        """The final program beside the initial one on each set of domains; evaluates what is not known yet."""
        return self._evaluators.compare(self.best_code, self.initial_program, confidence_level)

    @abstractmethod
    def next_prompt(self, operator: str | None = None) -> dict[str, str]:
        """The prompt of the next iteration (evaluates the initial program if that was not done)."""

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write a checkpoint directory, whole or not at all."""

    @abstractmethod
    def load(self, path: Path) -> None:
        """Continue from a checkpoint directory. On an error everything is left as it was.

        Raises:
            CheckpointError: there is none, it is damaged, of a newer format, or of a search for something else.
        """

    def close(self) -> None:
        """End all evaluation processes and remove all temporary files; a later call of `solve` starts new ones."""
        self._evaluators.close()

    def _checkpoint_if_due(self, iteration: int) -> None:
        folder = self._settings.output_dir
        if folder is not None and iteration % self._settings.checkpoint_interval == 0:
            self.save(folder / "checkpoints" / f"checkpoint_{iteration}")

    def _write_results(self, folder: Path) -> None:
        self.save(folder / "checkpoints" / f"checkpoint_{self.iteration}")
        best = folder / "best"
        best.mkdir(parents=True, exist_ok=True)
        (best / "best_program.py").write_text(self.best_code, encoding="utf-8")
