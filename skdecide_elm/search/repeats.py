"""Proposals of programs that a search knows already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skdecide_elm.core import Evaluation, Proposal
from skdecide_elm.programs.normal_form import Known

__all__ = ["Dropping", "Repeats"]

_IN_A_ROW = 20
"""Free repeats between two steps that count; a proposer that has nothing new to say ends its run all the same."""


@dataclass(frozen=True)
class Dropping:
    """The policy where proposals cost something: a repeat is not evaluated, its step counts, and the operator is told.

    Attributes:
        untold: names of operators that read nothing of repeats; theirs are not told to the others either.
        may_pass: whether a program with such an evaluation counts as new when it is proposed again.
    """

    untold: frozenset[str] = frozenset()
    may_pass: Callable[[Evaluation], bool] = lambda _: False


class Repeats:
    """What a search has met, and how often in a row it was proposed again."""

    def __init__(self) -> None:
        self._known = Known()
        self._in_a_row = 0
        self._by_parent: Counter[str] = Counter()

    def __contains__(self, code: str) -> bool:
        return code in self._known

    def add(self, code: str) -> None:
        """A program is known from now on."""
        self._known.add(code)
        self._in_a_row = 0

    def are_free(self, codes: Iterable[str]) -> bool:
        """Whether programs are all known, up to layout, comments and docstrings, and not too many were in a row."""
        if self._in_a_row == _IN_A_ROW or any(code not in self for code in codes):
            return False
        self._in_a_row += 1
        return True

    def are_known(self, codes: Sequence[str]) -> list[bool]:
        """For each of some programs whether it is known, or is an earlier one of them."""
        earlier = Known()
        return [not earlier.add(code) or code in self._known for code in codes]

    def count(self, proposal: Proposal, is_known: bool) -> None:
        """Take note of what was proposed from a program."""
        for parent in proposal.parents[:1]:
            if is_known:
                self._by_parent[parent] += 1
            else:
                self._by_parent.pop(parent, None)

    def from_parent(self, program_id: str) -> int:
        """How many of the last proposals from a program were known."""
        return self._by_parent[program_id]

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"known": self._known.to_json(), "in_a_row": self._in_a_row, "by_parent": dict(self._by_parent)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """The inverse of `to_json`."""
        self._known = Known(map(str, state["known"]))
        self._in_a_row = int(state["in_a_row"])
        self._by_parent = Counter({str(key): int(count) for key, count in state["by_parent"].items()})
