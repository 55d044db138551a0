"""What a run has done so far, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from skdecide_elm.search.statistics import Statistics

__all__ = ["RunStatistics"]


@dataclass
class RunStatistics(Statistics):
    """Counts of a run; part of its checkpoints.

    Attributes:
        proposals: programs asked for; each ends as a failed request, a rejected reply, a duplicate or an evaluation.
        tuned: those of the proposals that are a known program with other constants, for which nobody was asked.
        llm_failures: requests that failed for good, by the name of the error.
        rejected_replies: replies without a usable child program, by kind (see `skdecide_elm.programs.REPLY_KINDS`).
        repaired: replies whose edits outside the evolve block were undone.
        duplicates: proposals that were dropped before evaluation, for a program with the same normal form is known.
        evaluations: programs evaluated, the initial one included.
        invalid: evaluations that ended in −inf.
        stopped_early: evaluations that a lost race has cut short.
        cache_hits: programs that were asked for and not run, because their evaluation was known.
    """

    proposals: int = 0
    tuned: int = 0
    llm_failures: Counter[str] = field(default_factory=Counter)
    rejected_replies: Counter[str] = field(default_factory=Counter)
    repaired: int = 0
    duplicates: int = 0
    evaluations: int = 0
    invalid: int = 0
    stopped_early: int = 0
    cache_hits: int = 0

    def __str__(self) -> str:
        failures = sum(self.llm_failures.values())
        rejected = ", ".join(f"{kind} {count}" for kind, count in sorted(self.rejected_replies.items())) or "none"
        return (
            f"{self.proposals} proposals ({self.tuned} of them tuned constants), "
            f"{self.evaluations} evaluations ({self.invalid} invalid, "
            f"{self.stopped_early} stopped early, {self.cache_hits} from the cache), "
            f"{failures} failed requests, rejected replies: {rejected}, {self.repaired} repaired, "
            f"{self.duplicates} duplicates"
        )
