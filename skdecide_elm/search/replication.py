"""Scores that depend on luck: more evaluations, on fresh seeds, where a decision depends on them."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from statistics import variance

from skdecide_elm.core import COMBINED_SCORE, Evaluation, Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.evaluating import Evaluate, awaited

__all__ = ["REPLICATES", "Replication", "num_replicates", "with_replicate"]

REPLICATES = "nb_replicates"
"""The metric that says of how many evaluations, each on seeds of its own, the others are the mean."""


@dataclass(frozen=True)
class Replication:
    """The policy for scores that depend on luck.

    When a program is about to take the place of another one, and their scores are so close that luck may decide, both
    are evaluated again on fresh seeds, the same for both, until they are apart or each has ``count`` evaluations; their
    means decide. The best program has ``count`` evaluations before it is reported, and who is the best after that is
    the best.

    Close means: within ``z`` standard errors of the difference, computed from the scores of the episodes. Where
    these are not known, all scores are close.

    Attributes:
        count: evaluations after which the mean is believed.
        z: standard errors.
    """

    count: int = 3
    z: float = 2.0

    def __post_init__(self) -> None:
        if self.count < 2 or not self.z > 0:
            raise ConfigError(f"expected a replication of count at least 2 and z above 0; found {self}")

    def is_settled(self, program: Program) -> bool:
        """Whether the score of a program is believed."""
        return not program.evaluation.is_valid or num_replicates(program.evaluation) >= self.count

    def is_open(self, challenger: Program, rival: Program) -> bool:
        """Whether more evaluations are to decide between two programs."""
        if self.is_settled(challenger) and self.is_settled(rival):
            return False
        difference = challenger.evaluation.combined_score - rival.evaluation.combined_score
        return abs(difference) <= self.z * math.hypot(_error(challenger.evaluation), _error(rival.evaluation))

    async def contest(self, challenger: Program, rival: Program, evaluate: Evaluate) -> tuple[Program, Program]:
        """Both programs, as often evaluated as it takes to decide between them."""
        while self.is_open(challenger, rival):
            challenger, rival = await asyncio.gather(
                self._once_more(challenger, evaluate), self._once_more(rival, evaluate)
            )
        return challenger, rival

    async def settled(self, program: Program, evaluate: Evaluate) -> Program:
        """The program, as often evaluated as it takes to believe its score."""
        while not self.is_settled(program):
            program = await self._once_more(program, evaluate)
        return program

    async def _once_more(self, program: Program, evaluate: Evaluate) -> Program:
        if self.is_settled(program):
            return program
        return with_replicate(program, await awaited(evaluate(program.code, num_replicates(program.evaluation))))


def num_replicates(evaluation: Evaluation) -> int:
    """Of how many evaluations this is the mean."""
    return int(evaluation.metrics.get(REPLICATES, 1))


def with_replicate(program: Program, evaluation: Evaluation) -> Program:
    """The program with the mean of what was known and one more evaluation; invalid if one of them is."""
    known = program.evaluation
    count = num_replicates(known)
    if not evaluation.is_valid:
        metrics = {**evaluation.metrics, REPLICATES: float(count + 1)}
        return replace(program, evaluation=replace(evaluation, metrics=metrics))
    metrics = {
        name: (count * known.metrics[name] + value) / (count + 1)
        for name, value in evaluation.metrics.items()
        if name in known.metrics
    }
    pairs = zip(known.scores, evaluation.scores, strict=False)
    scores = tuple((count * old + new) / (count + 1) for old, new in pairs)
    same = len(known.scores) == len(evaluation.scores)
    merged = Evaluation({**metrics, REPLICATES: float(count + 1)}, known.artifacts, scores if same else ())
    return replace(program, evaluation=merged)


def _error(evaluation: Evaluation) -> float:
    """Standard error of the combined score, which is the sum of the scores of the episodes."""
    if len(evaluation.scores) < 2 or not math.isfinite(evaluation.metrics[COMBINED_SCORE]):
        return math.inf
    return math.sqrt(len(evaluation.scores) * variance(evaluation.scores))
