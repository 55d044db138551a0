"""The search by ELM as a solver drives it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from skdecide import Domain

from skdecide_elm.backends.backend import Backend, BackendSettings
from skdecide_elm.backends.elm.checkpoint import Checkpoint, damaged, load_checkpoint, save_checkpoint
from skdecide_elm.backends.elm.proposers import ArmsProposers
from skdecide_elm.backends.repeatable import RepeatablePool
from skdecide_elm.backends.threads import run_in_loop, run_in_thread
from skdecide_elm.core import Evaluation, Program
from skdecide_elm.evaluation.tasks import Tasks
from skdecide_elm.llm.ledger import Ledger
from skdecide_elm.search.archive_base import Archive
from skdecide_elm.search.evaluating import Evaluate
from skdecide_elm.search.loop import Search
from skdecide_elm.search.map_elites import MapElites
from skdecide_elm.search.portfolio import greedy_portfolio
from skdecide_elm.search.statistics import SearchStatistics

__all__ = ["ElmBackend"]


class ElmBackend(Backend):
    """Runs a `Search`.

    Args:
        make_search: makes the search, before anything has happened.
        proposers: make proposals, and know what they may cost.
        initial_program: text of the program to start from.
    """

    def __init__(
        self,
        make_search: Callable[[], Search],
        proposers: ArmsProposers,
        tasks: Tasks,
        initial_program: str,
        settings: BackendSettings,
    ) -> None:
        super().__init__(tasks, settings)
        self._initial_program = initial_program
        self.search = make_search()
        self._make_search = make_search
        self._proposers = proposers

    @property
    def initial_program(self) -> str:
        """Text of the program that the search has started from, or will."""
        return self._initial_program

    @property
    def best_score(self) -> float | None:
        """Combined score of the best program; None before a valid one was found."""
        best = self.search.best
        return None if best is None else best.evaluation.combined_score

    @property
    def iteration(self) -> int:
        """The number of steps that are done."""
        return self.search.statistics.steps

    @property
    def ledger(self) -> Ledger:
        """What the LLM requests have cost."""
        return self._proposers.ledger

    @property
    def bandit(self) -> dict[str, Any]:
        """The state of the bandit that chooses who proposes; empty where there is none."""
        return self._proposers.to_json()

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
            evaluate = self._evaluation(self._evaluators.search_pool())
            run_in_thread(lambda: run_in_loop(self.search.run(0, self._proposers, evaluate)))
        job = self.search.next_asking_job(self._proposers)
        return self._proposers.prompt(job.proposer, job.parents, job.context, operator)

    def save(self, path: Path) -> None:
        """Write a checkpoint directory, whole or not at all."""
        proposers = {"ledger": self.ledger.to_json(), "bandit": self.bandit}
        extra = {"chosen": self._chosen, **proposers, **self._evaluators.to_json()}
        checkpoint = Checkpoint(self.search.snapshot(), extra)
        save_checkpoint(path, checkpoint, self._settings.identity, self.search.best)

    def load(self, path: Path) -> None:
        """Continue from a checkpoint directory. Raises as `Backend.load` does."""
        checkpoint = load_checkpoint(path, self._settings.identity)
        search = self._make_search()
        try:
            search.restore(checkpoint.snapshot)
            chosen = checkpoint.extra["chosen"]
            self._proposers.restore(checkpoint.extra["bandit"])
            self.ledger.restore(checkpoint.extra["ledger"])
            self._evaluators.restore(checkpoint.extra, self._settings.keeps_seed)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise damaged(path, error) from error
        self.search = search
        self._chosen = chosen

    @property
    def _found_code(self) -> str | None:
        best = self.search.best
        return None if best is None else best.code

    @property
    def _is_any_valid(self) -> bool:
        return self.search.best is not None

    def _run(self, pool: RepeatablePool, iterations: int, stop: threading.Event, after: Callable[[int], bool]) -> None:
        self._proposers.reopen()
        run_in_loop(self.search.run(iterations, self._proposers, self._evaluation(pool), stop, after))

    def _best_codes(self, count: int) -> list[str]:
        return [elite.code for elite in self.elites[:count]]

    def _evaluation(self, pool: RepeatablePool) -> Evaluate:
        def evaluate(code: str, replicate: int) -> Future[Evaluation]:
            return (self._evaluators.replicate_pool(replicate) if replicate else pool).submit(code)

        return evaluate
