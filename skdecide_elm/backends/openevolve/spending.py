"""Whether there is money left for another request."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from skdecide_elm.llm.ledger import Entry, Limits, Spending

__all__ = ["Budget"]

logger = logging.getLogger(__name__)


class Budget:
    """Limits against what is spent, and what the proposals under way are expected to spend.

    What is under way is awaited when a limit is reached, so a limit of tokens or money may be passed by as much as
    these proposals cost more than the mean. What one costs is known when the first has ended, which therefore is alone.

    Args:
        spent: before this run.

    Attributes:
        under_way: the steps whose proposals are awaited and will cost something.
    """

    def __init__(self, limits: Limits, spent: Spending) -> None:
        self._limits = limits
        self._spent = spent
        self.under_way: set[int] = set()
        self._is_told = False

    def begin(self, step: int, charged: bool) -> None:
        """A step's proposal is on its way, maybe since long."""
        if charged:
            self.under_way.add(step)

    def settle(self, step: int, entries: Sequence[Entry]) -> None:
        """It is done and has cost this."""
        self.under_way.discard(step)
        self._spent = sum((entry.spending for entry in entries), self._spent)

    def is_spent(self) -> bool:
        """Whether no other proposal may begin now."""
        reached = self._limits.reached(self._spent, len(self.under_way))
        if reached is not None and not self.under_way and not self._is_told:
            spent = self._spent
            logger.info(
                "%s is reached, the search ends. LLM calls: %d, tokens: %d, cost: %.4g",
                *(reached, spent.calls, spent.tokens, spent.cost),
            )
            self._is_told = True
        return reached is not None
