"""What every room of the package shares: the result of an evaluation and the protocols that join the rooms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

__all__ = ["COMBINED_SCORE", "Evaluation", "Planner", "Seedable"]

COMBINED_SCORE = "combined_score"
"""The metric that search maximises; −inf marks an invalid program."""


class Planner(Protocol):
    """What an evolved program defines.

    ``sample_action(observation)`` where every action is always applicable,
    ``sample_action(observation, applicable_actions)`` where actions are restricted.
    """

    def sample_action(self, observation: Any, *applicable_actions: Any) -> Any:
        """The action to take now."""


@runtime_checkable
class Seedable(Protocol):
    """A domain whose randomness can be fixed; ``seed`` takes effect at the next ``reset``."""

    def seed(self, seed: int) -> None:
        """Fix the randomness of the episodes to come."""


@dataclass(frozen=True)
class Evaluation:
    """What a task says of a program.

    Attributes:
        metrics: numbers by name, always with ``combined_score`` (higher is better, −inf: invalid program).
        artifacts: short texts for the reader or the LLM: ``error``, ``traceback``, ``output``, ...
    """

    metrics: Mapping[str, float]
    artifacts: Mapping[str, str] = field(default_factory=dict)

    @property
    def combined_score(self) -> float:
        """The score that search maximises."""
        return self.metrics[COMBINED_SCORE]

    @property
    def is_valid(self) -> bool:
        """Whether the program ran to the end of every episode."""
        return math.isfinite(self.combined_score)

    @classmethod
    def invalid(cls, error: str, **artifacts: str) -> Evaluation:
        """The evaluation of a program that failed: −inf and the reason."""
        return cls({COMBINED_SCORE: -math.inf}, {"error": error, **artifacts})
