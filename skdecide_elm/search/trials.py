"""What is tuned: programs that stand out, trials of them with other constants, and the name under which these go."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from skdecide_elm.core import Context, Program, Proposal

__all__ = ["TO_CHOOSE_FROM", "TUNING", "Base", "Candidate", "Trial", "Tuned", "better_half"]

TUNING = "tuning"
"""The name under which tuned programs stand among those of operators."""

TO_CHOOSE_FROM = 10
"""Programs that must be known before the first is tuned: one that is better than most of a few says little."""


@dataclass(frozen=True)
class Trial:
    """A program with other constants, on its way.

    Attributes:
        code: its text.
        search, number: where the score is to be told.
    """

    code: str
    search: int
    number: int


@dataclass(frozen=True)
class Base:
    """A program whose constants are tuned.

    Attributes:
        program: itself; the search may have dropped it.
        place: where the search has found it, in numbers of its own.
    """

    program: Program
    place: tuple[int, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A valid program whose constants may be tuned.

    Attributes:
        score: of the program.
        code: its text.
        base: makes the base of its children.
        is_tuned: it came from tuning itself.
    """

    score: float
    code: str
    base: Callable[[], Base]
    is_tuned: bool = False


def better_half(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those that are better than most and were not tuned, the best first; none as long as few are known."""
    ranked = sorted(candidates, key=lambda candidate: candidate.score, reverse=True)
    if len(ranked) < TO_CHOOSE_FROM:
        return []
    median = statistics.median(candidate.score for candidate in ranked)
    return [candidate for candidate in ranked if candidate.score > median and not candidate.is_tuned]


class Tuned:
    """The operator that proposes a trial's program."""

    name = TUNING
    num_parents = 1

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    async def propose(self, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        """The program with other constants."""
        return [Proposal(self._trial.code, TUNING, (parents[0].id,), "Other constants.")]
