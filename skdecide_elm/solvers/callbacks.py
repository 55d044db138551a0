"""What a user may do between two iterations of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Callback", "asked_to_stop"]

Callback = Callable[[Any], bool | None]
"""Called with the solver after each iteration, as scikit-decide's; True ends the search, None or False does not.

It runs in the thread of the search, which waits for it: ``iteration``, ``best_score``, ``statistics``, ``ledger``,
``coverage`` and ``get_best_program_code()`` are those of the same moment. What it raises ends the search and comes out
of ``solve``.
"""


def asked_to_stop(callbacks: Sequence[Callback], solver: Any) -> bool:
    """Call all of them; whether any of them ends the search."""
    answers = [callback(solver) for callback in callbacks]
    return any(answers)
