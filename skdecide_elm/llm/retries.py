"""Requests that failed for a passing reason are made again, later and not all at once."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime

import openai

from skdecide_elm.errors import RequestError
from skdecide_elm.llm.model import Model, Prompt, Reply

__all__ = ["Retrying", "asked_wait", "is_passing"]

_LONGEST_WAIT = 60.0
"""Seconds; a server may ask for more."""

_LONGEST_ASKED = 600.0
"""Seconds; a server that asks for more is not waited for."""

_FAILURES = (openai.OpenAIError, asyncio.TimeoutError, RequestError, ValueError, OSError)
"""What a request may fail by; ValueError: a body that is no JSON."""

_PASSING_STATUS = {408, 409, 425, 429}


class Retrying:
    """A model whose failed requests are repeated, with exponential backoff and full jitter.

    The wait before retry k is uniform in [0, delay · 2^k] (M. Brooker, "Exponential backoff and jitter", AWS
    Architecture Blog, 2015), at most a minute, after the wait that the server asked for by ``Retry-After``. A server
    that asks for more than ten minutes, such as until tomorrow, has failed for good.

    Args:
        model: makes each request once.
        retries: after the first attempt.
        delay: seconds.
        sleep: waits for some seconds.
    """

    def __init__(
        self, model: Model, retries: int, delay: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.name = model.name
        self._model = model
        self._retries = retries
        self._delay = delay
        self._sleep = sleep
        self._rng = random.Random(model.name)

    async def ask(self, prompt: Prompt) -> Reply:
        """The first reply that an attempt gets."""
        for attempt in range(self._retries + 1):
            try:
                return replace(await self._model.ask(prompt), attempts=attempt + 1)
            except _FAILURES as error:
                asked = asked_wait(error)
                if attempt == self._retries or not is_passing(error) or asked > _LONGEST_ASKED:
                    raise _final(error, attempt + 1) from error
                jitter = self._rng.uniform(0, min(_LONGEST_WAIT, self._delay * 2**attempt))
                await self._sleep(asked + jitter)
        raise AssertionError("unreachable")


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed later: unless the server refused it."""
    if not isinstance(error, openai.APIStatusError):
        return True
    return error.status_code >= 500 or error.status_code in _PASSING_STATUS


def asked_wait(error: Exception) -> float:
    """Seconds that the server asked us to wait by ``retry-after-ms`` or ``Retry-After`` (seconds or a date), else 0."""
    headers = error.response.headers if isinstance(error, openai.APIStatusError) else {}
    milliseconds, after = headers.get("retry-after-ms"), headers.get("retry-after", "")
    try:
        seconds = float(milliseconds) / 1000 if milliseconds else float(after)
    except ValueError:
        seconds = _until(after)
    return max(0.0, seconds) if seconds < float("inf") else 0.0


def _until(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return 0.0


def _final(error: Exception, attempts: int) -> RequestError:
    kind = error.kind if isinstance(error, RequestError) else type(error).__name__
    return RequestError(kind, str(error), attempts)
