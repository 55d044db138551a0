"""Ctrl-C during a search: once, it ends after an iteration; twice, it ends now."""

from __future__ import annotations

import signal
from typing import Any

from skdecide_elm.cli.reporting import say

__all__ = ["Interruption"]


class Interruption:
    """Takes Ctrl-C within a ``with`` block in the main thread; a callback of `solve`.

    Attributes:
        count: how often it came.
    """

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Interruption:
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def __call__(self, solver: Any) -> bool:
        """Whether the search shall end."""
        return self.count > 0

    def _note(self, number: int, frame: Any) -> None:
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt  # `solve` keeps what was found, and returns
        say("skdecide-elm: finishing the next iteration; Ctrl-C again stops now")
