"""Threads that a search runs in, so that a notebook's event loop and Ctrl-C do not matter to it."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from skdecide_elm.llm.request_threads import RequestThreads

__all__ = ["run_in_loop", "run_in_thread", "run_interruptibly"]

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2


def run_in_loop(coroutine: Coroutine[Any, Any, None]) -> None:
    """As `asyncio.run`, which would wait for the threads of stalled requests."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(RequestThreads())
    try:
        loop.run_until_complete(coroutine)
    finally:
        loop.close()


def run_in_thread(function: Callable[[], None]) -> None:
    """Call a function where no event loop runs, and wait for it."""
    with ThreadPoolExecutor(1) as executor:
        executor.submit(function).result()


def run_interruptibly(function: Callable[[], None], stop: threading.Event, end: Callable[[], None]) -> bool:
    """Call a function in a thread of its own; Ctrl-C sets ``stop``, calls ``end`` and waits for it.

    Returns:
        Whether it was interrupted.

    Raises:
        KeyboardInterrupt: at a second Ctrl-C.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="search") as executor, _noted_interrupt() as pressed:
        try:
            future = executor.submit(function)
            while not future.done():
                wait([future], timeout=_POLL_SECONDS)
                if pressed.is_set():
                    raise KeyboardInterrupt
        except BaseException as error:
            stop.set()
            end()
            if not isinstance(error, KeyboardInterrupt):  # a signal handler of the caller's, such as a time limit
                raise
            logger.warning("Interrupted: what was found is kept. solve() goes on from here.")
            return True
    future.result()
    return False


@contextmanager
def _noted_interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; further ones raise, as all do where the caller has a handler of its own.

    Python would raise in whatever the main thread does at that moment, and ignore it in a finalizer.
    """
    pressed = threading.Event()

    def note(number: int, frame: Any) -> None:
        if pressed.is_set():
            signal.default_int_handler(number, frame)
        pressed.set()

    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield pressed
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
