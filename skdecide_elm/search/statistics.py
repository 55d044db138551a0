"""What a search has done so far, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SearchStatistics", "Statistics"]


@dataclass
class Statistics:
    """Counts that JSON can hold; a base of dataclasses whose fields have defaults: numbers and counters.

    Attributes:
        improvements: step and combined score of each new best program.
    """

    improvements: list[tuple[int, float]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        # not asdict: before Python 3.12, it makes the items of a Counter its keys
        counters = {name: dict(value) for name, value in vars(self).items() if isinstance(value, Counter)}
        return {**vars(self), **counters, "improvements": [list(found) for found in self.improvements]}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        empty = vars(cls())
        counters = {name: Counter(record[name]) for name, value in empty.items() if isinstance(value, Counter)}
        improvements = [(int(step), float(score)) for step, score in record["improvements"]]
        return cls(**{**record, **counters, "improvements": improvements})


@dataclass
class SearchStatistics(Statistics):
    """Counts of a search; part of its state.

    Attributes:
        steps: calls of the operator whose outcome is known.
        failures: calls that ended in an error other than a rejected reply, by its name.
        rejected_replies: calls that ended in a `ReplyError`, by kind.
        evaluations: programs evaluated, the initial ones included.
        replicates: further evaluations of programs, on fresh seeds.
        invalid: evaluations that ended in −inf.
        repeats: proposals of known programs, where they are free, or dropped before evaluation.
        inserted: programs that the population took in.
        operators: of these, how many each operator proposed.
    """

    steps: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    rejected_replies: Counter[str] = field(default_factory=Counter)
    evaluations: int = 0
    replicates: int = 0
    invalid: int = 0
    repeats: int = 0
    inserted: int = 0
    operators: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        rejected = ", ".join(f"{kind} {count}" for kind, count in sorted(self.rejected_replies.items())) or "none"
        return (
            f"{self.steps} steps, {self.evaluations} evaluations ({self.invalid} invalid), "
            f"{self.replicates} replicates, {self.repeats} repeats, {self.inserted} inserted, "
            f"{sum(self.failures.values())} failures, rejected replies: {rejected}"
        )
