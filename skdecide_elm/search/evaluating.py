"""How a search has a program evaluated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from typing import Protocol, TypeAlias

from skdecide_elm.core import Evaluation
from skdecide_elm.programs.normal_form import fingerprint

__all__ = ["Evaluate", "FirstEvaluations", "awaited"]

Evaluate: TypeAlias = Callable[[str, int], Future[Evaluation] | Awaitable[Evaluation]]
"""Begins to evaluate a program on the seeds of a replicate: 0 are those of the search, 1, 2, ... are fresh ones."""


async def awaited(evaluation: Future[Evaluation] | Awaitable[Evaluation]) -> Evaluation:
    """The result of what `Evaluate` began."""
    return await (asyncio.wrap_future(evaluation) if isinstance(evaluation, Future) else evaluation)


class _Programs(Protocol):
    """Programs by their texts, up to what does not matter."""

    def __contains__(self, code: str, /) -> bool:
        """Whether it is one of them."""


class FirstEvaluations:
    """Evaluations of what is proposed.

    Args:
        known: what is not evaluated again; neither is what is being evaluated. None: everything is evaluated.
    """

    def __init__(self, known: _Programs | None) -> None:
        self._known = known
        self._begun: dict[str, asyncio.Task[Evaluation]] = {}

    async def of(self, code: str, begin: Callable[[], Future[Evaluation] | Awaitable[Evaluation]]) -> Evaluation | None:
        """The evaluation of a program, which ``begin`` begins if nobody has; None if the program is known."""
        if self._known is None:
            return await awaited(begin())
        if code in self._known:
            return None
        key = fingerprint(code)
        if key not in self._begun:
            self._begun[key] = asyncio.ensure_future(awaited(begin()))
        return await self._begun[key]

    def end(self, codes: Iterable[str]) -> None:
        """The search knows of programs what was to be known."""
        for code in codes:
            self._begun.pop(fingerprint(code), None)
