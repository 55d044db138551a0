"""The search by OpenEvolve as a solver drives it: start, stop, save, load, ask."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openevolve.config import Config
from openevolve.evaluation_result import EvaluationResult

from skdecide_elm.backends.evaluators import Evaluators
from skdecide_elm.backends.openevolve.checkpoint import load_checkpoint, save_checkpoint
from skdecide_elm.backends.openevolve.database import Database, is_valid, score
from skdecide_elm.backends.openevolve.evolution import Evolution
from skdecide_elm.backends.openevolve.loop import Loop
from skdecide_elm.backends.openevolve.statistics import RunStatistics
from skdecide_elm.backends.threads import run_interruptibly
from skdecide_elm.evaluation.dask_executor import Parallel
from skdecide_elm.evaluation.process import WorkerMode
from skdecide_elm.evaluation.result import SearchResult
from skdecide_elm.evaluation.tasks import Tasks
from skdecide_elm.llm.ledger import Ledger

__all__ = ["BackendSettings", "OpenEvolveBackend"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BackendSettings:
    """What a run needs beside OpenEvolve's configuration.

    Attributes:
        output_dir: folder for checkpoints and the best program; None: nothing is written.
        target_score: stop when the best combined score reaches it.
        workers: evaluations at a time; None: one per core; or an executor, or where dask is.
        worker_mode: how evaluation processes are made; None: the best that the system offers.
        cached: whether the search asks the cache before it runs a program.
        candidates: how many of the best programs validation chooses from.
        keeps_seed: whether the seed of the episodes stays as it is when a checkpoint of another seed is loaded.
        identity: what the search is about, by name; checkpoints carry it.
    """

    output_dir: Path | None
    target_score: float | None
    workers: Parallel
    worker_mode: WorkerMode | None
    cached: bool
    candidates: int
    keeps_seed: bool
    identity: dict[str, str]


class OpenEvolveBackend:
    """Runs an `Evolution` in a thread of its own and keeps the evaluators: of the search, of the choice, of the report.

    The thread makes it work inside a running event loop (a notebook) and lets Ctrl-C arrive between two updates of the
    database rather than within one.
    """

    def __init__(self, evolution: Evolution, tasks: Tasks, config: Config, settings: BackendSettings) -> None:
        self._evolution = evolution
        self._config = config
        self._settings = settings
        self._evaluators = Evaluators(tasks, settings.workers, settings.worker_mode, settings.cached)
        self._chosen: str | None = None
        self.was_interrupted = False

    @property
    def best_code(self) -> str:
        """Text of the program that validation chose, or the best so far, or the initial one."""
        if self._chosen is not None:
            return self._chosen
        best = self._evolution.best
        return self._evolution.initial_program if best is None else str(best.code)

    @property
    def evaluator_seed(self) -> int:
        """The seed that all episodes' seeds are derived from."""
        return self._evaluators.seed

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
    def database(self) -> Database:
        """The programs, on their islands."""
        return self._evolution.database

    @property
    def iteration(self) -> int:
        """The last iteration whose outcome is known."""
        return self._evolution.last_iteration

    @property
    def coverage(self) -> float:
        """The part of the cells of all islands' grids that is occupied."""
        return self._evolution.database.coverage

    def solve(self, iterations: int, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Run more iterations. Ctrl-C stops them; what was found is kept, and another call goes on.

        Args:
            is_enough: called after each, from the thread of the search; whether to end the run.

        Raises:
            ElmError: of a worker that cannot start, or a configuration that cannot work.
            KeyboardInterrupt: at a second Ctrl-C, while the run is being stopped.
        """
        pool = self._evaluators.search_pool()
        stop = threading.Event()

        def after(iteration: int) -> bool:
            self._checkpoint_if_due(iteration)
            return is_enough()

        def run() -> None:
            self._evaluators.check_seeding()
            self._chosen = None
            Loop(self._evolution, pool, stop, self._settings.target_score, after).run(iterations)
            self.statistics.cache_hits = self._evaluators.train.cache.hits
            if not stop.is_set():
                self._chosen = self._evaluators.choose(self._evolution.best_codes(self._settings.candidates))

        self.was_interrupted = run_interruptibly(
            run, stop, self.close
        )  # what is being evaluated then will not be waited for
        if self._settings.output_dir is not None:
            self._write_results(self._settings.output_dir)
        logger.info("Iteration %d: %s", self.iteration, self.statistics)
        best = self._evolution.best
        if best is not None and not is_valid(best):
            logger.warning("No valid program was found; the initial program is returned.")

    def held_out_score(self) -> float:
        """Combined score of the best program on the validation domains, or on those of the search without any."""
        return self._evaluators.held_out.evaluate_all([self.best_code])[0].combined_score

    def evaluate(self, code: str, cached: bool = False) -> EvaluationResult:
        """Evaluate a program as the search would; the search does not hear of it."""
        return self._evaluators.evaluate(code, cached)

    def result(self, confidence_level: float) -> SearchResult:
        """The final program beside the initial one on each set of domains; evaluates what is not known yet."""
        return self._evaluators.compare(self.best_code, self._evolution.initial_program, confidence_level)

    @property
    def ledger(self) -> Ledger:
        """What the LLM requests have cost."""
        return self._evolution.arms.ledger

    def next_prompt(self, operator: str | None = None) -> dict[str, str]:
        """The prompt that the next iteration will send (evaluates the initial program if that was not done)."""
        if self._evolution.best is None:
            self._evolution.insert_initial(self._evaluators.train.cached_pool().evaluate)
        return self._evolution.next_prompt(operator)

    def save(self, path: Path) -> None:
        """Write a checkpoint directory, whole or not at all."""
        record = {"chosen": self._chosen, **self._evaluators.to_json()}
        save_checkpoint(self._evolution, path, self._settings.identity, record)

    def load(self, path: Path) -> None:
        """Continue from a checkpoint directory."""
        load_checkpoint(self._evolution, path, self._settings.identity, self._restore)

    def close(self) -> None:
        """End all evaluation processes and remove all temporary files; a later call of `solve` starts new ones."""
        self._evaluators.close()

    def _restore(self, record: dict[str, Any]) -> None:
        """Take over what `save` wrote beside the search; nothing of it is in an older checkpoint."""
        chosen = record.get("chosen")
        if not isinstance(chosen, str | None):
            raise TypeError("the chosen program is of another type")
        self._evaluators.restore(record, self._settings.keeps_seed)
        self._chosen = chosen

    def _checkpoint_if_due(self, iteration: int) -> None:
        folder = self._settings.output_dir
        if folder is not None and iteration % self._config.checkpoint_interval == 0:
            self.save(folder / "checkpoints" / f"checkpoint_{iteration}")

    def _write_results(self, folder: Path) -> None:
        self.save(folder / "checkpoints" / f"checkpoint_{self.iteration}")
        best = folder / "best"
        best.mkdir(parents=True, exist_ok=True)
        (best / "best_program.py").write_text(self.best_code, encoding="utf-8")
