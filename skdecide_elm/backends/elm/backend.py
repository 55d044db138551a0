"""The search by ELM as a solver drives it: start, stop, save, load, ask."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from openevolve.evaluation_result import EvaluationResult
from skdecide import Domain

from skdecide_elm.backends.elm.checkpoint import Checkpoint, damaged, load_checkpoint, save_checkpoint
from skdecide_elm.backends.elm.proposers import Proposer
from skdecide_elm.backends.evaluators import Evaluators
from skdecide_elm.backends.threads import run_in_loop, run_in_thread, run_interruptibly
from skdecide_elm.core import Evaluation, Program
from skdecide_elm.evaluation.dask_executor import Parallel
from skdecide_elm.evaluation.process import WorkerMode
from skdecide_elm.evaluation.result import SearchResult
from skdecide_elm.evaluation.tasks import Tasks
from skdecide_elm.llm.ledger import Ledger
from skdecide_elm.search.archive_base import Archive
from skdecide_elm.search.loop import Search
from skdecide_elm.search.map_elites import MapElites
from skdecide_elm.search.portfolio import greedy_portfolio
from skdecide_elm.search.statistics import SearchStatistics

__all__ = ["ElmBackend", "ElmBackendSettings"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ElmBackendSettings:
    """What a run needs beside the settings of the search.

    Attributes:
        identity: what the search is about, by name; checkpoints carry it.
        output_dir: folder for checkpoints and the best program; None: nothing is written.
        checkpoint_interval: steps from one checkpoint to the next.
        workers: evaluations at a time; None: one per core; or an executor, or where dask is.
        worker_mode: how evaluation processes are made; None: the best that the system offers.
        cached: whether the search asks the cache before it runs a program.
        candidates: how many of the best programs validation chooses from.
        keeps_seed: whether the seed of the episodes stays as it is when a checkpoint of another seed is loaded.
    """

    identity: dict[str, str]
    output_dir: Path | None = None
    checkpoint_interval: int = 50
    workers: Parallel = None
    worker_mode: WorkerMode | None = None
    cached: bool = True
    candidates: int = 5
    keeps_seed: bool = False


class ElmBackend:
    """Runs a `Search` in a thread of its own and keeps the evaluators.

    The thread makes it work inside a running event loop (a notebook) and lets Ctrl-C arrive between two outcomes.

    Args:
        make_search: makes the search, before anything has happened.
        proposer: makes proposals, and knows what they may cost.
        tasks: what programs are evaluated on.
        initial_program: text of the program to start from.
    """

    def __init__(
        self,
        make_search: Callable[[], Search],
        proposer: Proposer,
        tasks: Tasks,
        initial_program: str,
        settings: ElmBackendSettings,
    ) -> None:
        self.search = make_search()
        self._make_search = make_search
        self._proposer = proposer
        self._initial_program = initial_program
        self._settings = settings
        self._evaluators = Evaluators(tasks, settings.workers, settings.worker_mode, settings.cached)
        self._chosen: str | None = None
        self.was_interrupted = False

    @property
    def best_code(self) -> str:
        """Text of the program that validation chose, or the best so far, or the initial one."""
        best = self.search.best
        return self._chosen or (self._initial_program if best is None else best.code)

    @property
    def best_score(self) -> float | None:
        """Combined score of the best program; None before a valid one was found."""
        best = self.search.best
        return None if best is None else best.evaluation.combined_score

    @property
    def evaluator_seed(self) -> int:
        """The seed that all episodes' seeds are derived from."""
        return self._evaluators.seed

    @property
    def iteration(self) -> int:
        """The number of steps that are done."""
        return self.search.statistics.steps

    @property
    def ledger(self) -> Ledger:
        """What the LLM requests have cost."""
        return self._proposer.ledger

    @property
    def statistics(self) -> SearchStatistics:
        """Counts of the search."""
        return self.search.statistics

    @property
    def archive(self) -> Archive | None:
        """The archive; None where there is none, or not yet because the bounds of behaviour space are being learned."""
        strategy = self.search.strategy
        return strategy.archive if isinstance(strategy, MapElites) else None

    @property
    def elites(self) -> list[Program]:
        """The programs of the archive, or the best one, the best first."""
        strategy = self.search.strategy
        elites = strategy.elites if isinstance(strategy, MapElites) else []
        return elites or ([] if self.search.best is None else [self.search.best])

    @property
    def coverage(self) -> float:
        """The part of the archive's cells that is occupied; 0 without an archive."""
        return 0.0 if self.archive is None else self.archive.coverage

    def solve(self, steps: int, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Run more steps. Ctrl-C stops them; what was found is kept, and another call goes on.

        Args:
            is_enough: called after each, from the thread of the search; whether to end the run.

        Raises:
            ElmError: of a worker that cannot start, or a configuration that cannot work.
            KeyboardInterrupt: at a second Ctrl-C, while the run is being stopped.
        """
        pool = self._evaluators.search_pool()
        stop = threading.Event()

        def after(step: int) -> bool:
            self._checkpoint_if_due(step)
            return is_enough()

        def evaluate(code: str, replicate: int) -> Future[Evaluation]:
            return (self._evaluators.replicate_pool(replicate) if replicate else pool).submit(code)

        def run() -> None:
            self._evaluators.check_seeding()
            self._chosen = None
            self._proposer.reopen()
            search, may_begin = self.search, self._proposer.may_begin
            run_in_loop(search.run(steps, self._proposer, evaluate, stop, after, may_begin))
            if not stop.is_set():
                self._chosen = self._evaluators.choose(
                    [elite.code for elite in self.elites[: self._settings.candidates]]
                )

        self.was_interrupted = run_interruptibly(
            run, stop, self.close
        )  # what is being evaluated then will not be waited for
        if self._settings.output_dir is not None:
            self._write_results(self._settings.output_dir)
        logger.info("%s", self.statistics)
        if self.search.best is None:
            logger.warning("No valid program was found; the initial program is returned.")

    def held_out_score(self) -> float:
        """Combined score of the best program on the validation domains, or on those of the search without any."""
        return self._evaluators.held_out.evaluate_all([self.best_code])[0].combined_score

    def evaluate(self, code: str, cached: bool = False) -> EvaluationResult:
        """Evaluate a program as the search would; the search does not hear of it."""
        return self._evaluators.evaluate(code, cached)

    def result(self, confidence_level: float) -> SearchResult:
        """The final program beside the initial one on each set of domains; evaluates what is not known yet."""
        return self._evaluators.compare(self.best_code, self._initial_program, confidence_level)

    def portfolio(self, size: int, candidates: int) -> list[Program]:
        """Elites that complement each other on the validation domains, or on those of the search without any.

        Raises:
            ConfigError: no elite is valid there.
        """
        elites = self.elites[:candidates]
        found = zip(elites, self._evaluators.held_out.evaluate_all([elite.code for elite in elites]), strict=True)
        valid = [(elite, evaluation) for elite, evaluation in found if evaluation.is_valid]
        rows = [evaluation.scores or (evaluation.combined_score,) for _, evaluation in valid]
        return [valid[row][0] for row in greedy_portfolio(rows, size)]

    def evaluate_on(
        self, domain_factory: Callable[[], Domain], codes: list[str], num_episodes: int
    ) -> list[Evaluation]:
        """What episodes on a domain say of programs; the search does not hear of it."""
        return self._evaluators.evaluate_on(domain_factory, codes, num_episodes)

    def next_prompt(self, operator: str | None = None) -> dict[str, str]:
        """The prompt of the next step (evaluates the initial program if that was not done)."""
        if not self.search.initial_programs:
            pool = self._evaluators.search_pool()

            def evaluate(code: str, replicate: int) -> Future[Evaluation]:
                return pool.submit(code)

            run_in_thread(lambda: run_in_loop(self.search.run(0, self._proposer, evaluate)))
        return self._proposer.prompt(*self.search.next_context(self._proposer.num_parents), operator)

    def save(self, path: Path) -> None:
        """Write a checkpoint directory, whole or not at all."""
        extra = {"chosen": self._chosen, "ledger": self.ledger.to_json(), **self._evaluators.to_json()}
        checkpoint = Checkpoint(self.search.snapshot(), extra)
        save_checkpoint(path, checkpoint, self._settings.identity, self.search.best)

    def load(self, path: Path) -> None:
        """Continue from a checkpoint directory. On an error everything is left as it was.

        Raises:
            CheckpointError: there is none, it is damaged, of a newer format, or of a search for something else.
        """
        checkpoint = load_checkpoint(path, self._settings.identity)
        search = self._make_search()
        try:
            search.restore(checkpoint.snapshot)
            chosen = checkpoint.extra["chosen"]
            self.ledger.restore(checkpoint.extra["ledger"])
            self._evaluators.restore(checkpoint.extra, self._settings.keeps_seed)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise damaged(path, error) from error
        self.search = search
        self._chosen = chosen

    def close(self) -> None:
        """End all evaluation processes; a later call of `solve` starts new ones."""
        self._evaluators.close()

    def _checkpoint_if_due(self, step: int) -> None:
        folder = self._settings.output_dir
        if folder is not None and step % self._settings.checkpoint_interval == 0:
            self.save(folder / "checkpoints" / f"checkpoint_{step}")

    def _write_results(self, folder: Path) -> None:
        self.save(folder / "checkpoints" / f"checkpoint_{self.statistics.steps}")
        best = folder / "best"
        best.mkdir(parents=True, exist_ok=True)
        (best / "best_program.py").write_text(self.best_code, encoding="utf-8")
