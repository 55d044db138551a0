"""How a search has a program evaluated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeAlias

from skdecide_elm.core import Evaluation

__all__ = ["Evaluate", "awaited"]

Evaluate: TypeAlias = Callable[[str, int], Future[Evaluation] | Awaitable[Evaluation]]
"""Begins to evaluate a program on the seeds of a replicate: 0 are those of the search, 1, 2, ... are fresh ones."""


async def awaited(evaluation: Future[Evaluation] | Awaitable[Evaluation]) -> Evaluation:
    """The result of what `Evaluate` began."""
    return await (asyncio.wrap_future(evaluation) if isinstance(evaluation, Future) else evaluation)
