"""What a run has done so far, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["RunStatistics"]


@dataclass
class RunStatistics:
    """Counts of a run; part of its checkpoints.

    Attributes:
        proposals: programs asked for; each ends as a failed request, a rejected reply or an evaluation.
        llm_failures: requests that failed for good, by the name of the error.
        rejected_replies: replies without a usable child program, by kind (see `skdecide_elm.programs.REPLY_KINDS`).
        repaired: replies whose edits outside the evolve block were undone.
        evaluations: programs evaluated, the initial one included.
        invalid: evaluations that ended in −inf.
        improvements: iteration and combined score of each new best program.
    """

    proposals: int = 0
    llm_failures: Counter[str] = field(default_factory=Counter)
    rejected_replies: Counter[str] = field(default_factory=Counter)
    repaired: int = 0
    evaluations: int = 0
    invalid: int = 0
    improvements: list[tuple[int, float]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

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
            f"{self.proposals} proposals, {self.evaluations} evaluations ({self.invalid} invalid), "
            f"{failures} failed requests, rejected replies: {rejected}, {self.repaired} repaired"
        )
