"""A time limit that also ends a blocking read, in whatever thread, on every system."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from types import TracebackType

__all__ = ["Watchdog"]


class Watchdog:
    """Does something, once, in a thread of its own when a call, or all of them together, take too long.

    Use as a context manager. A call costs two assignments: `begin` and `end`.

    Args:
        seconds: from the beginning to the end.
        call_seconds: for each call; None: no limit of its own.
        expire: what to do; the blocking read must end by it.

    Attributes:
        expired: the number of seconds that were exceeded; None while nothing was.
    """

    def __init__(self, seconds: float, call_seconds: float | None, expire: Callable[[], None]) -> None:
        self._seconds = seconds
        self._call_seconds = math.inf if call_seconds is None else call_seconds
        self._expire = expire
        self._call_end = math.inf
        self._end = math.inf
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self.expired: float | None = None

    def begin(self) -> None:
        """A call begins."""
        self._call_end = time.monotonic() + self._call_seconds

    def end(self) -> None:
        """The call has ended."""
        self._call_end = math.inf

    def __enter__(self) -> Watchdog:
        self._end = time.monotonic() + self._seconds
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(self._pause()):
            now = time.monotonic()
            if now >= min(self._end, self._call_end):
                self.expired = self._seconds if now >= self._end else self._call_seconds
                self._expire()
                return

    def _pause(self) -> float:
        """Until the next limit, and never longer than a call may take: one may begin meanwhile."""
        now = time.monotonic()
        return max(0.0, min(self._end - now, self._call_end - now, self._call_seconds))
