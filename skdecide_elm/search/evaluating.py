"""How a search has a program evaluated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from typing import TypeAlias

from skdecide_elm.core import Evaluation
from skdecide_elm.programs.normal_form import fingerprint
from skdecide_elm.search.repeats import Repeats

__all__ = ["Evaluate", "FirstEvaluations", "awaited"]

Evaluate: TypeAlias = Callable[[str, int], Future[Evaluation] | Awaitable[Evaluation]]
"""Begins to evaluate a program on the seeds of a replicate: 0 are those of the search, 1, 2, ... are fresh ones."""


async def awaited(evaluation: Future[Evaluation] | Awaitable[Evaluation]) -> Evaluation:
    """The result of what `Evaluate` began."""
    return await (asyncio.wrap_future(evaluation) if isinstance(evaluation, Future) else evaluation)


class FirstEvaluations:
    """Evaluations of what is proposed, each on the seeds of the search.

    Args:
        evaluate: begins one.
        known: what is not evaluated again; neither is what is being evaluated. None: everything is evaluated.
    """

    def __init__(self, evaluate: Evaluate, known: Repeats | None) -> None:
        self._evaluate = evaluate
        self._known = known
        self._begun: dict[str, asyncio.Task[Evaluation]] = {}

    def of(self, code: str) -> Awaitable[Evaluation | None]:
        """The evaluation of a program; None if it is known."""
        if self._known is None:
            return awaited(self._evaluate(code, 0))
        if code in self._known:
            return _nothing()
        key = fingerprint(code)
        if key not in self._begun:
            self._begun[key] = asyncio.ensure_future(awaited(self._evaluate(code, 0)))
        return self._begun[key]

    def end(self, codes: Iterable[str]) -> None:
        """The search knows of programs what was to be known."""
        for code in codes:
            self._begun.pop(fingerprint(code), None)


async def _nothing() -> None:
    return None
