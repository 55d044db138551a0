"""Who proposes in a search, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from skdecide_elm.core import Context, Operator, Program, Proposal

__all__ = ["OneOperator", "Proposers"]


class Proposers(Protocol):
    """The operators of a search, each by a name."""

    @property
    def num_parents(self) -> int:
        """The most parents that one of them asks for."""

    def may_begin(self, under_way: Mapping[int, str]) -> bool:
        """Whether there is money for another step, given the steps under way: by number, whose turn it is."""

    def choose(self, parents: Sequence[Program], context: Context) -> tuple[str, Program]:
        """Who proposes next, and from which program; nothing changes, and equal seeds of contexts choose alike."""

    async def propose(self, name: str, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        """Children of the parents. Raises what the operator raises."""

    def learn(self, name: str, step: int, gain: float) -> None:
        """Hear by how much the best child of a step is better than its parent; 0 for none."""


class OneOperator:
    """An operator whose turn it always is."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self.num_parents = operator.num_parents

    def may_begin(self, under_way: Mapping[int, str]) -> bool:
        """Always."""
        return True

    def choose(self, parents: Sequence[Program], context: Context) -> tuple[str, Program]:
        """The operator and the first parent."""
        return self._operator.name, parents[0]

    async def propose(self, name: str, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        """Children of the parents. Raises what the operator raises."""
        return await self._operator.propose(parents, context)

    def learn(self, name: str, step: int, gain: float) -> None:
        """Nothing to learn."""
