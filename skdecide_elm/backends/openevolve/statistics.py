"""What a run has done so far, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

__all__ = ["RunStatistics"]


@dataclass
class RunStatistics:
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
        improvements: iteration and combined score of each new best program.
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
    improvements: list[tuple[int, float]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        record = dict(vars(self))  # not asdict: before Python 3.12, it makes the items of a Counter its keys
        return {**record, "llm_failures": dict(self.llm_failures), "rejected_replies": dict(self.rejected_replies)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> RunStatistics:
        """The inverse of `to_json`."""
        return cls(
            **{
                **record,
                "llm_failures": Counter(record["llm_failures"]),
                "rejected_replies": Counter(record["rejected_replies"]),
                "improvements": [(int(iteration), float(best)) for iteration, best in record["improvements"]],
            }
        )

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
