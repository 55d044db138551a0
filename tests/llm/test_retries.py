import asyncio
import email.utils
import time
from types import SimpleNamespace

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import Loopback, Status
from openevolve.config import LLMModelConfig

from skdecide_elm.errors import RequestError
from skdecide_elm.llm.clients import OpenAIModel
from skdecide_elm.llm.model import Prompt, Reply
from skdecide_elm.llm.retries import Retrying, asked_wait


def status_error(status, **headers):
    response = SimpleNamespace(status_code=status, headers=headers, request=None)
    return openai.APIStatusError("no", response=response, body=None)


class Failing:
    """A model that raises the errors in turn, then replies."""

    name = "failing"

    def __init__(self, *errors):
        self.errors = list(errors)

    async def ask(self, prompt):
        if self.errors:
            raise self.errors.pop(0)
        return Reply("done")


def waits(model, retries, delay):
    """The seconds that are waited between the attempts."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    reply = asyncio.run(Retrying(model, retries, delay, sleep).ask(Prompt("x")))
    assert reply.attempts == len(waited) + 1
    return waited


@given(st.integers(1, 12), st.floats(0, 100))
def test_backoff_is_exponential_jittered_and_bounded(retries, delay):
    found = waits(Failing(*[TimeoutError()] * retries), retries, delay)
    assert len(found) == retries
    assert all(0 <= wait <= min(60, delay * 2**attempt) for attempt, wait in enumerate(found))


def test_waits_differ():
    assert len(set(waits(Failing(*[TimeoutError()] * 8), 8, 1))) == 8


def test_the_server_is_waited_for():
    found = waits(Failing(status_error(429, **{"retry-after": "90"}), status_error(503)), 2, 1)
    assert 90 <= found[0] <= 91 and found[1] <= 2


def test_a_real_server_is_waited_for():
    config = LLMModelConfig(name="loopback", api_key="any", timeout=5, retries=9, retry_delay=9)
    with Loopback([Status(429, {"Retry-After": "7"}), "better"]) as server:
        config.api_base = server.url
        assert waits(OpenAIModel(config), 1, 0) == [7.0]
    assert len(server.requests) == 2


@pytest.mark.parametrize("asked", ["601", "86400", "1e300", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_server_that_asks_for_too_long_is_not_waited_for(asked):
    with pytest.raises(RequestError) as caught:
        waits(Failing(status_error(429, **{"retry-after": asked})), 5, 1)
    assert caught.value.attempts == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "7"}, 7),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "nan"}, 0),
        ({"retry-after": "inf"}, 0),
        ({"retry-after": email.utils.formatdate(time.time() - 60, usegmt=True)}, 0),
    ],
)
def test_what_a_header_asks_for(headers, seconds):
    assert asked_wait(status_error(429, **headers)) == seconds


def test_a_date_is_understood():
    date = email.utils.formatdate(time.time() + 100, usegmt=True)
    assert 90 < asked_wait(status_error(429, **{"retry-after": date})) <= 100


def test_an_error_of_the_programmer_is_not_repeated():
    with pytest.raises(KeyError):
        asyncio.run(Retrying(Failing(KeyError("x")), 3, 0).ask(Prompt("x")))


def test_the_last_error_is_the_reason():
    with pytest.raises(RequestError, match="third") as caught:
        asyncio.run(Retrying(Failing(OSError("first"), OSError("second"), ValueError("third")), 2, 0).ask(Prompt("x")))
    assert (caught.value.kind, caught.value.attempts) == ("ValueError", 3)
