import asyncio
import re

import pytest
from loopback import Loopback, Stall, Status
from openevolve.config import LLMModelConfig

from skdecide_elm.errors import ConfigError, ReplayError, RequestError
from skdecide_elm.llm.clients import open_model
from skdecide_elm.llm.model import Prompt
from skdecide_elm.llm.recorded import Recorded, Recorder, Recording, Replayed


def recorded(server, path, name="loopback", seeds=None, **settings):
    config = LLMModelConfig(
        name=name, api_base=server.url, api_key="x", timeout=5, retries=0, retry_delay=0, **settings
    )
    return Recorded(open_model(config), Recorder(path, seeds))


def ask(model, *prompts):
    async def run():
        return await asyncio.gather(*(model.ask(prompt) for prompt in prompts), return_exceptions=True)

    return [reply if isinstance(reply, Exception) else reply.text for reply in asyncio.run(run())]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs" / "recorded.jsonl"


def replayed(path, matching="strict", name="loopback"):
    return Replayed(name, Recording(path, matching))


def test_a_replay_needs_no_server(path):
    prompts = [Prompt("one", "system"), Prompt("two"), Prompt("three", kind="completion", stop=("x",))]
    with Loopback(lambda request: str(len(server.requests)), completes=True) as server:
        model = recorded(server, path)
        replies = [ask(model, prompt)[0] for prompt in prompts]
        usage = asyncio.run(model.ask(prompts[0])).usage
    assert replies == ["1", "2", "3"]
    assert ask(replayed(path), *reversed(prompts)) == ["3", "2", "1"]
    assert asyncio.run(replayed(path).ask(prompts[0])).usage == usage


def test_a_failure_is_replayed(path):
    with Loopback([Status(500)]) as server:
        ask(recorded(server, path), Prompt("one"))
    [error] = ask(replayed(path), Prompt("one"))
    assert isinstance(error, RequestError) and error.kind == "InternalServerError"


def test_the_same_request_again_is_replayed_in_order(path):
    with Loopback(["first", "second"]) as server:
        model = recorded(server, path)
        for _ in range(2):
            ask(model, Prompt("one"))
    model = replayed(path)
    found = [ask(model, Prompt("one"))[0] for _ in range(3)]
    assert found[:2] == ["first", "second"]
    assert isinstance(found[2], ReplayError)


def test_requests_of_other_seeds_find_their_own_replies_whatever_came_first(path):
    def answer(request):
        return Stall(0.1 * (3 - request["seed"]), str(request["seed"]))

    prompts = [Prompt("one", seed=seed) for seed in (1, 2, 3)]
    with Loopback(answer) as server:
        assert ask(recorded(server, path), *prompts) == ["1", "2", "3"]
    assert ask(replayed(path), *prompts) == ["1", "2", "3"]


def test_a_seed_that_was_not_recorded_does_not_matter(path):
    with Loopback(["first", "second"]) as server:
        model = recorded(server, path, random_seed=7, temperature=0.2)
        for seed in (1, 2):
            ask(model, Prompt("one", seed=seed))
    assert ask(replayed(path), Prompt("one", seed=90), Prompt("one", seed=91)) == ["first", "second"]


def test_the_newer_record_of_a_request_counts(path):
    for reply in ("lost in a crash", "kept"):
        with Loopback([reply]) as server:
            ask(recorded(server, path), Prompt("one", seed=4))
    assert ask(replayed(path), Prompt("one", seed=4)) == ["kept"]


def test_time_outs_are_told(path):
    Recorder(path, {"random_seed": 1}).add_time_out("slow", {"error": "1 s"})
    recorder = Recorder(path, {"random_seed": 1})
    assert recorder.time_outs == {"slow": {"error": "1 s"}}
    recorder.add_time_out("other", {"error": "2 s"})
    with Loopback(["reply"]) as server:
        ask(recorded(server, path), Prompt("one"))
    recording = Recording(path)
    assert recording.time_outs == recorder.time_outs == {"slow": {"error": "1 s"}, "other": {"error": "2 s"}}
    assert recording.seeds == {"random_seed": 1} and recording.models == ("loopback",)
    assert recording.reply(Prompt("one"), "loopback").text == "reply"


def test_a_strict_replay_tells_of_a_time_out_that_was_not_recorded(path, caplog):
    with Loopback(["reply"]) as server:
        ask(recorded(server, path), Prompt("one"))
    before, recording = path.read_bytes(), Recording(path)
    with pytest.raises(ReplayError, match="none left; record the run anew"):
        recording.reply(Prompt("two"), "loopback")
    for program in ("slow", "other"):
        recording.add_time_out(program, {"error": "1 s"})
    [warning] = caplog.messages
    remedy = "a program ran past the time limit .* give a longer evaluator_timeout"
    assert re.search(f"may differ from here on: {remedy}", warning)
    with pytest.raises(ReplayError, match=f"none left; {remedy}"):
        recording.reply(Prompt("two"), "loopback")
    assert path.read_bytes() == before


def test_in_a_replay_by_best_match_a_time_out_is_nothing_special(path, caplog):
    with Loopback(["reply"]) as server:
        ask(recorded(server, path), Prompt("one"))
    Recording(path, "best").add_time_out("slow", {"error": "1 s"})
    assert caplog.messages == []


@pytest.mark.parametrize("prompt", [Prompt("one!"), Prompt("one", "other"), Prompt("one", kind="completion")])
def test_strict_refuses_what_was_not_recorded(path, prompt):
    with Loopback(["reply"]) as server:
        ask(recorded(server, path), Prompt("one"))
    [error] = ask(replayed(path), prompt)
    assert isinstance(error, ReplayError)
    assert "record the run anew, or replay by best match" in str(error)
    [error] = ask(replayed(path, name="other"), Prompt("one"))
    assert isinstance(error, ReplayError)


def test_the_best_match_shares_the_most_lines(path):
    texts = ["a\nb\nc", "a\nx\ny", "p\nq"]
    with Loopback(lambda request: request["messages"][-1]["content"].upper()) as server:
        model = recorded(server, path)
        for text in texts:
            ask(model, Prompt(text))
    best = replayed(path, "best")
    assert ask(best, Prompt("a\nx\nz"), Prompt("b\nc"), Prompt("p"), Prompt("a\nb\nc")) == [
        *("A\nX\nY", "A\nB\nC", "P\nQ", "A\nB\nC")
    ]


def test_the_best_match_prefers_the_same_model(path):
    with Loopback(lambda request: request["model"]) as server:
        ask(recorded(server, path, "one"), Prompt("a\nb"))
        ask(recorded(server, path, "two"), Prompt("x"))
    assert ask(replayed(path, "best", "two"), Prompt("a\nb\nc")) == ["two"]
    assert Recording(path).models == ("one", "two")


def test_the_seeds_of_the_first_run_are_known(path):
    with Loopback(["reply"]) as server:
        for seed in (11, 12):
            ask(recorded(server, path, seeds={"random_seed": seed}), Prompt("one"))
    assert Recording(path).seeds == {"random_seed": 11}


@pytest.mark.parametrize("content", [None, "", '{"seeds": {"random_seed": 1}}\n'])
def test_nothing_recorded(path, content):
    if content is not None:
        path.parent.mkdir()
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"expected recorded LLM replies at .*; record a run there first"):
        Recording(path)


def test_a_torn_line_is_lost_alone(path):
    with Loopback(["first", "second"]) as server:
        model = recorded(server, path)
        ask(model, Prompt("one"))
        path.write_bytes(path.read_bytes()[:-5])
        ask(recorded(server, path), Prompt("two"))
    found = ask(replayed(path), Prompt("two"), Prompt("one"))
    assert found[0] == "second" and isinstance(found[1], ReplayError)
