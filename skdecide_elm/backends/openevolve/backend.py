"""The search by OpenEvolve as a solver drives it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skdecide_elm.backends.backend import Backend, BackendSettings
from skdecide_elm.backends.openevolve.checkpoint import load_checkpoint, save_checkpoint
from skdecide_elm.backends.openevolve.database import Database, is_valid, score
from skdecide_elm.backends.openevolve.evolution import Evolution
from skdecide_elm.backends.openevolve.loop import Loop
from skdecide_elm.backends.openevolve.statistics import RunStatistics
from skdecide_elm.backends.repeatable import RepeatablePool
from skdecide_elm.evaluation.tasks import Tasks
from skdecide_elm.llm.ledger import Ledger

__all__ = ["OpenEvolveBackend"]


class OpenEvolveBackend(Backend):
    """Runs an `Evolution`.

    Args:
        evolution: the search, before or after some iterations.
        target_score: stop when the best combined score reaches it.
    """

    def __init__(
        self, evolution: Evolution, tasks: Tasks, settings: BackendSettings, target_score: float | None
    ) -> None:
        super().__init__(tasks, settings)
        self._evolution = evolution
        self._target_score = target_score

    @property
    def initial_program(self) -> str:
        """Text of the program that the search has started from, or will; a loaded checkpoint brings its own."""
        return self._evolution.initial_program

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

    @property
    def ledger(self) -> Ledger:
        """What the LLM requests have cost."""
        return self._evolution.arms.ledger

    @property
    def bandit(self) -> dict[str, Any]:
        """The state of the bandit, as checkpoints hold it; empty where none chooses."""
        return self._evolution.arms.to_json()

    def next_prompt(self, operator: str | None = None) -> dict[str, str]:
        """The prompt that the next iteration will send (evaluates the initial program if that was not done)."""
        if self._evolution.best is None:
            self._evolution.insert_initial(self._evaluators.search_pool().evaluate)
        return self._evolution.next_prompt(operator)

    def save(self, path: Path) -> None:
        """Write a checkpoint directory, whole or not at all."""
        record = {"chosen": self._chosen, **self._evaluators.to_json()}
        save_checkpoint(self._evolution, path, self._settings.identity, record)

    def load(self, path: Path) -> None:
        """Continue from a checkpoint directory. Raises as `Backend.load` does."""
        load_checkpoint(self._evolution, path, self._settings.identity, self._restore)

    @property
    def _found_code(self) -> str | None:
        best = self._evolution.best
        return None if best is None else str(best.code)

    @property
    def _is_any_valid(self) -> bool:
        best = self._evolution.best
        return best is None or is_valid(best)

    def _run(self, pool: RepeatablePool, iterations: int, stop: threading.Event, after: Callable[[int], bool]) -> None:
        Loop(self._evolution, pool, stop, self._target_score, after).run(iterations)
        self.statistics.cache_hits = self._evaluators.train.cache.hits

    def _best_codes(self, count: int) -> list[str]:
        return self._evolution.best_codes(count)

    def _restore(self, record: dict[str, Any]) -> None:
        """Take over what `save` wrote beside the search; nothing of it is in an older checkpoint."""
        chosen = record.get("chosen")
        if not isinstance(chosen, str | None):
            raise TypeError("the chosen program is of another type")
        self._evaluators.restore(record, self._settings.keeps_seed)
        self._chosen = chosen
