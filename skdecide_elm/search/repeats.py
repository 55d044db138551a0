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
    """What a search has met, up to layout, comments and docstrings, and how often in a row it was proposed again.

    Args:
        free: whether a step that proposes only what is known does not count, as proposals cost nothing.
        dropping: what to do with repeats as proposals cost something; None: nothing.
    """

    def __init__(self, free: bool = False, dropping: Dropping | None = None) -> None:
        self._free = free
        self._dropping = dropping
        self._known = Known()
        self._in_a_row = 0
        self._by_parent: Counter[str] = Counter()

    def __contains__(self, code: str) -> bool:
        return code in self._known

    def learn(self, code: str, evaluation: Evaluation) -> None:
        """Know a program when it is proposed again, if repeats are looked for."""
        dropping = self._dropping
        looked_for = self._free if dropping is None else not dropping.may_pass(evaluation)
        if looked_for:
            self._known.add(code)
            self._in_a_row = 0

    def are_free(self, codes: Sequence[str]) -> bool:
        """Whether a step does not count: all its programs are known, and not too many were so in a row."""
        if not self._free or not codes or self._in_a_row == _IN_A_ROW or any(code not in self for code in codes):
            return False
        self._in_a_row += 1
        return True

    def dropped(self, codes: Sequence[str]) -> list[bool]:
        """For each of a step's programs whether it is dropped, as it is known or an earlier one of them."""
        if self._dropping is None:
            return [False] * len(codes)
        earlier = Known()
        return [not earlier.add(code) or code in self._known for code in codes]

    def count(self, proposals: Iterable[Proposal], dropped: Iterable[bool]) -> None:
        """Remember by parent what operators are to be told."""
        if self._dropping is None:
            return
        for proposal, is_dropped in zip(proposals, dropped, strict=True):
            if proposal.operator not in self._dropping.untold:
                self._count(proposal, is_dropped)

    def _count(self, proposal: Proposal, is_dropped: bool) -> None:
        for parent in proposal.parents[:1]:
            if is_dropped:
                self._by_parent[parent] += 1
            else:
                self._by_parent.pop(parent, None)

    def from_parent(self, program_id: str) -> int:
        """How many of the last proposals from a program were dropped."""
        return self._by_parent[program_id]

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"known": self._known.to_json(), "in_a_row": self._in_a_row, "by_parent": dict(self._by_parent)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """The inverse of `to_json`."""
        self._known = Known(map(str, state["known"]))
        self._in_a_row = int(state["in_a_row"])
        self._by_parent = Counter({str(key): int(count) for key, count in state["by_parent"].items()})
