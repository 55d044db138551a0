"""What a solver needs of the search behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from openevolve.evaluation_result import EvaluationResult

from skdecide_elm.evaluation.result import SearchResult
from skdecide_elm.llm.ledger import Ledger

__all__ = ["Backend"]


class Backend(Protocol):
    """A search, as a solver drives it.

    Attributes:
        was_interrupted: whether Ctrl-C has ended the last run.
    """

    was_interrupted: bool

    @property
    def best_code(self) -> str:
        """Text of the program that validation chose, or the best so far, or the initial one."""

    @property
    def best_score(self) -> float | None:
        """Combined score of the best program; None before anything was evaluated."""

    @property
    def evaluator_seed(self) -> int:
        """The seed that all episodes' seeds are derived from."""

    @property
    def iteration(self) -> int:
        """How far the search is."""

    @property
    def ledger(self) -> Ledger:
        """What the LLM requests have cost."""

    @property
    def statistics(self) -> Any:
        """Counts of the run."""

    @property
    def coverage(self) -> float:
        """The part of the cells that is occupied."""

    def solve(self, iterations: int, is_enough: Callable[[], bool]) -> None:
        """Run more iterations.

        Args:
            is_enough: called after each, from the thread of the search; whether to end the run.
        """

    def held_out_score(self) -> float:
        """Combined score of the best program on the validation domains, or on those of the search without any."""

    def evaluate(self, code: str, cached: bool = False) -> EvaluationResult:
        """Evaluate a program as the search would; the search does not hear of it."""

    def result(self, confidence_level: float) -> SearchResult:
        """The final program beside the initial one on each set of domains."""

    def next_prompt(self, operator: str | None = None) -> dict[str, str]:
        """The prompt of the next iteration."""

    def save(self, path: Path) -> None:
        """Write a checkpoint directory, whole or not at all."""

    def load(self, path: Path) -> None:
        """Continue from a checkpoint directory."""

    def close(self) -> None:
        """End all evaluation processes; a later call of `solve` starts new ones."""
