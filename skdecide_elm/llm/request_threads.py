"""Threads for blocking requests, which nobody has to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["RequestThreads"]


class RequestThreads(ThreadPoolExecutor):
    """An executor for an event loop that gives each call a daemon thread of its own.

    A blocking client takes a thread per request and abandons it at its time limit. In a pool such a thread would
    keep a later request waiting, and the end of Python too, until the server closes the connection.
    """

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call ``function`` in a new thread."""
        future: Future[Any] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - not handled here: whoever asks for the result gets it
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run, name="llm", daemon=True).start()
        return future
