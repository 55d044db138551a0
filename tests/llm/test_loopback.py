import asyncio
import time

import openai
import pytest
from loopback import Drop, Garbage, Loopback, Stall, Status
from openevolve.config import LLMModelConfig
from openevolve.llm.openai import OpenAILLM

QUESTION = [{"role": "user", "content": "improve this"}]
AT_ONCE = {"retry-after-ms": "1"}


def ask(server, *, retries=0, timeout=5):
    config = LLMModelConfig(
        name="loopback", api_base=server.url, api_key="any", timeout=timeout, retries=retries, retry_delay=0
    )
    client = OpenAILLM(config)
    return client, asyncio.run(client.generate_with_context("be brief", QUESTION))


def test_a_reply_and_its_usage():
    with Loopback(["one two three"]) as server:
        client, reply = ask(server)
    assert reply == "one two three"
    assert (client.last_usage["prompt_tokens"], client.last_usage["completion_tokens"]) == (4, 3)
    assert [request["messages"] for request in server.requests] == [
        [{"role": "system", "content": "be brief"}, *QUESTION]
    ]


def test_a_reply_without_content():
    with Loopback([None]) as server:
        assert ask(server)[1] is None


def test_a_function_answers_from_the_request():
    with Loopback(lambda request: request["messages"][-1]["content"].upper()) as server:
        assert ask(server)[1] == "IMPROVE THIS"


def test_the_last_behaviour_of_a_list_goes_on():
    with Loopback(["one", "two"]) as server:
        assert [ask(server)[1] for _ in range(3)] == ["one", "two", "two"]


def test_models_are_listed():
    with Loopback(["unused"]) as server, openai.OpenAI(base_url=server.url, api_key="any") as client:
        assert [model.id for model in client.models.list()] == ["loopback"]


@pytest.mark.parametrize("failure", [Status(429, AT_ONCE), Status(500, AT_ONCE), Drop(), Garbage()])
def test_one_failure_is_overcome_by_a_retry(failure):
    with Loopback([failure, "better"]) as server:
        assert ask(server, retries=1)[1] == "better"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Status(429, {"Retry-After": "0"}), openai.RateLimitError),
        (Status(500), openai.InternalServerError),
        (Drop(), openai.APIConnectionError),
        (Garbage(), ValueError),
    ],
)
def test_without_retries_a_failure_is_raised(failure, error):
    with Loopback([failure]) as server, pytest.raises(error):
        ask(server)
    assert len(server.requests) == 1


def test_a_failure_that_lasts_is_raised_after_the_retries():
    with Loopback([Status(500, AT_ONCE)]) as server, pytest.raises(openai.InternalServerError):
        ask(server, retries=1)
    assert len(server.requests) == 4  # two attempts of OpenEvolve, each of two attempts of the openai client


def test_a_stall_times_out_and_does_not_hold_up_the_server():
    start = time.monotonic()
    with Loopback([Stall(30)]) as server, pytest.raises((asyncio.TimeoutError, openai.APITimeoutError)):
        ask(server, timeout=0.3)
    assert time.monotonic() - start < 5


def test_a_short_stall_is_waited_for():
    with Loopback([Stall(0.05, reply="at last")]) as server:
        assert ask(server)[1] == "at last"


def test_leaving_frees_the_port():
    with Loopback(["one"]) as server:
        pass
    with pytest.raises(openai.APIConnectionError):
        ask(server)
