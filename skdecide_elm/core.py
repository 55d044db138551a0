"""What every room of the package shares: the result of an evaluation and the protocols that join the rooms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

__all__ = ["COMBINED_SCORE", "Context", "Evaluation", "Operator", "Planner", "Program", "Proposal", "Seedable"]

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
        scores: per episode, in the task's order; ``combined_score`` is their sum. Empty where there are no episodes.
    """

    metrics: Mapping[str, float]
    artifacts: Mapping[str, str] = field(default_factory=dict)
    scores: tuple[float, ...] = ()

    @property
    def combined_score(self) -> float:
        """The score that search maximises."""
        return self.metrics[COMBINED_SCORE]

    @property
    def is_valid(self) -> bool:
        """Whether the program ran to the end of every episode."""
        return math.isfinite(self.combined_score)

    def gain_over(self, parent: Evaluation) -> float:
        """How much better it is than another: 0 if it is not, infinite if it is valid and the other is not."""
        if not self.is_valid:
            return 0.0
        return max(0.0, self.combined_score - parent.combined_score) if parent.is_valid else math.inf

    @classmethod
    def invalid(cls, error: str, **artifacts: str) -> Evaluation:
        """The evaluation of a program that failed: −inf and the reason."""
        return cls({COMBINED_SCORE: -math.inf}, {"error": error, **artifacts})


@dataclass(frozen=True)
class Program:
    """A program that a search knows.

    Attributes:
        id: unique in its run.
        code: its text.
        evaluation: what the task says of it.
        parents: ids of the programs that it was made from.
        operator: name of the operator that proposed it; empty for an initial program.
    """

    id: str
    code: str
    evaluation: Evaluation
    parents: tuple[str, ...] = ()
    operator: str = ""


@dataclass(frozen=True)
class Context:
    """What an operator may use besides the parents.

    Attributes:
        iteration: number of the proposal in its run, from 1.
        seed: of the operator's own draws for this proposal.
        examples: other elites worth showing, the best first.
        failures: programs that failed, the latest first, for an operator that repairs.
        duplicates: how many of the last proposals from these parents were dropped because the program is known already.
    """

    iteration: int
    seed: int
    examples: tuple[Program, ...] = ()
    failures: tuple[Program, ...] = ()
    duplicates: int = 0


@dataclass(frozen=True)
class Proposal:
    """A child that an operator proposes; nobody has run it yet.

    Attributes:
        code: text of the whole program.
        operator: name of the operator.
        parents: ids of the programs that it was made from.
        changes: what is new, in a few words.
        repaired: whether edits outside the evolve block had to be undone.
    """

    code: str
    operator: str
    parents: tuple[str, ...]
    changes: str = ""
    repaired: bool = False


class Operator(Protocol):
    """A variation: parents and context in, proposals out."""

    @property
    def name(self) -> str:
        """By which configurations, ledgers and reports call it."""

    @property
    def num_parents(self) -> int:
        """How many parents it asks for; it copes with fewer, but not with none."""

    async def propose(self, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        """Children of the parents.

        Raises:
            ReplyError: what came back is no program.
            RequestError: an LLM was asked and nothing came back, for good.
        """
