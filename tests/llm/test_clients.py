"""Models behind OpenEvolve's configurations, asked over the loopback server."""

import asyncio
import time

import pytest
from loopback import Drop, Garbage, Loopback, Stall, Status
from openevolve.config import LLMModelConfig
from openevolve.llm.base import LLMInterface

from skdecide_elm.errors import ReplyError, RequestError
from skdecide_elm.llm.clients import open_model
from skdecide_elm.llm.model import Prompt, Reply, Usage
from skdecide_elm.llm.scripted import ScriptedLLM, as_model_config

CHAT = Prompt("improve this", "be brief")
AT_ONCE = {"retry-after-ms": "1"}


def configuration(server, **settings):
    defaults = {"name": "loopback", "api_key": "any", "timeout": 5, "retries": 0, "retry_delay": 0}
    return LLMModelConfig(**{**defaults, "api_base": server.url, **settings})


def ask(server, prompt=CHAT, **settings):
    return asyncio.run(open_model(configuration(server, **settings)).ask(prompt))


def test_a_chat_and_its_usage():
    with Loopback(["one two three"]) as server:
        assert ask(server) == Reply("one two three", Usage(4, 3))
    [request] = server.requests
    assert request["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "improve this"},
    ]


def test_no_empty_system_message_is_sent():
    with Loopback(["one"]) as server:
        ask(server, Prompt("go on"))
    assert [request["messages"] for request in server.requests] == [[{"role": "user", "content": "go on"}]]


def test_a_completion_has_the_settings_of_the_model():
    prompt = Prompt("def f():", kind="completion", stop=("\n\n",), seed=3)
    with Loopback([" return 1\n\nmore"]) as server:
        reply = ask(server, prompt, temperature=0.5, max_tokens=7)
    assert reply == Reply(" return 1", Usage(2, 3))
    assert server.requests == [
        {"model": "loopback", "prompt": "def f():", "temperature": 0.5, "max_tokens": 7, "seed": 3, "stop": ["\n\n"]}
    ]


def test_without_a_completion_endpoint_a_chat_goes_on_with_the_text():
    with Loopback(["better"], completes=False) as server:
        model = open_model(configuration(server))
        replies = [asyncio.run(model.ask(Prompt("begin", kind="completion"))) for _ in range(2)]
    assert [reply.text for reply in replies] == ["better", "better"]
    assert [request["messages"] for request in server.requests] == [[{"role": "user", "content": "begin"}]] * 2


def test_the_seed_of_a_prompt_comes_before_that_of_the_model():
    with Loopback(["one"]) as server:
        ask(server, CHAT, random_seed=1)
        ask(server, Prompt("improve this", seed=2), random_seed=1)
    assert [request["seed"] for request in server.requests] == [1, 2]


@pytest.mark.parametrize("failure", [Status(429, AT_ONCE), Status(500), Status(503), Drop(), Garbage()])
@pytest.mark.parametrize("kind", ["chat", "completion"])
def test_what_passes_is_overcome(failure, kind):
    with Loopback([failure, failure, "better"]) as server:
        reply = ask(server, Prompt("improve this", kind=kind), retries=2)
    assert (reply.text, reply.attempts) == ("better", 3)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (Status(429), "RateLimitError"),
        (Status(500), "InternalServerError"),
        (Drop(), "APIConnectionError"),
        (Garbage(), "UnreadableResponse"),
        (Garbage(b'{"choices": []}'), "UnreadableResponse"),
        (Garbage(b'{"choices": {"a": 1}}'), "UnreadableResponse"),
    ],
)
def test_what_lasts_costs_one_request_more_than_there_are_retries(failure, kind):
    with Loopback([failure]) as server, pytest.raises(RequestError) as caught:
        ask(server, retries=2)
    assert (caught.value.kind, caught.value.attempts, len(server.requests)) == (kind, 3, 3)


@pytest.mark.parametrize("body", [b'{"choices": [{}]}', b'{"choices": [{"message": null}]}'])
def test_a_completion_without_a_text_is_an_empty_reply(body):
    with Loopback([Garbage(body)]) as server:
        assert ask(server).text is None


@pytest.mark.parametrize("usage", ['"none"', "[1]", "7", "{}", '{"prompt_tokens": "many"}', '{"prompt_tokens": 1e999}'])
def test_a_count_that_cannot_be_read_is_estimated(usage):
    body = f'{{"choices": [{{"message": {{"content": "{"x" * 40}"}}}}], "usage": {usage}}}'
    with Loopback([Garbage(body.encode())]) as server:
        reply = ask(server, Prompt("y" * 80))
    assert (reply.text, reply.usage, len(server.requests)) == ("x" * 40, Usage(20, 10, estimated=True), 1)


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_what_is_refused_is_not_repeated(status):
    with Loopback([Status(status)]) as server, pytest.raises(RequestError) as caught:
        ask(server, retries=5)
    assert (caught.value.attempts, len(server.requests)) == (1, 1)


@pytest.mark.parametrize("kind", ["chat", "completion"])
def test_a_stall_is_a_failure_that_passes(kind):
    start = time.monotonic()
    with Loopback([Stall(30), "at last"]) as server:
        reply = ask(server, Prompt("improve this", kind=kind), timeout=0.3, retries=1)
    assert (reply.text, reply.attempts) == ("at last", 2)
    assert time.monotonic() - start < 10


def test_concurrent_requests_keep_their_own_usage():
    async def ask_all(model):
        return await asyncio.gather(*(model.ask(Prompt("word " * n)) for n in range(1, 17)))

    def answer(request):
        return Stall(0.01 * (len(request["messages"][0]["content"]) % 3), request["messages"][0]["content"])

    with Loopback(answer) as server:
        replies = asyncio.run(ask_all(open_model(configuration(server))))
    assert [reply.usage for reply in replies] == [Usage(n, n) for n in range(1, 17)]


class Uncounted(LLMInterface):
    """A client that does not count and may fail."""

    def __init__(self, answer):
        self.answer = answer

    async def generate(self, prompt, **kwargs):
        raise NotImplementedError

    async def generate_with_context(self, system_message, messages, **kwargs):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def foreign(client):
    return open_model(as_model_config(client, "own"))


def test_a_client_of_the_users_is_asked_and_its_count_is_taken():
    client = ScriptedLLM(["a b c"])
    assert asyncio.run(foreign(client).ask(CHAT)) == Reply("a b c", Usage(4, 3))
    assert (client.requests[0].system, client.requests[0].user) == ("be brief", "improve this")


def test_tokens_that_nobody_counts_are_estimated():
    reply = asyncio.run(foreign(Uncounted("x" * 40)).ask(Prompt("y" * 80)))
    assert reply.usage == Usage(20, 10, estimated=True)


def test_failures_of_a_users_client():
    with pytest.raises(RequestError) as caught:
        asyncio.run(foreign(Uncounted(ZeroDivisionError("boom"))).ask(CHAT))
    assert caught.value.kind == "ZeroDivisionError"
    with pytest.raises(ReplyError):
        asyncio.run(foreign(Uncounted(ReplyError("empty", "nothing"))).ask(CHAT))


def test_a_model_of_weight_zero_can_be_opened():
    config = as_model_config(ScriptedLLM(["one"]))
    config.weight = 0
    assert asyncio.run(open_model(config).ask(CHAT)).text == "one"
