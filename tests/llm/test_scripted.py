import asyncio
import copy
import pickle
from dataclasses import asdict

import pytest
from openevolve.config import Config, LLMConfig
from openevolve.llm.ensemble import LLMEnsemble

from skdecide_elm.errors import ConfigError
from skdecide_elm.llm.scripted import Request, ScriptedLLM, as_model_config

QUESTION = [{"role": "user", "content": "improve this"}]


def ask(llm, system="be brief", messages=QUESTION):
    return asyncio.run(llm.generate_with_context(system, messages))


def test_replies_come_in_order_and_requests_are_kept():
    llm = ScriptedLLM(["one", None])
    assert [ask(llm), asyncio.run(llm.generate("again"))] == ["one", None]
    assert llm.requests == [
        Request("be brief", ({"role": "user", "content": "improve this"},)),
        Request("", ({"role": "user", "content": "again"},)),
    ]
    assert llm.requests[1].user == "again"


def test_the_end_of_the_script_is_an_error_that_says_so():
    llm = ScriptedLLM(["one"])
    ask(llm)
    with pytest.raises(ConfigError, match=r"at most 1 request\(s\).* found number 2; script more replies"):
        ask(llm)


def test_a_cycle_begins_again():
    llm = ScriptedLLM(["one", "two"], cycle=True)
    assert [ask(llm) for _ in range(5)] == ["one", "two", "one", "two", "one"]


def test_a_function_sees_the_request():
    llm = ScriptedLLM(lambda system, messages: f"{system}: {messages[-1]['content']}")
    assert ask(llm) == "be brief: improve this"


def test_a_request_does_not_change_with_the_callers_messages():
    llm, messages = ScriptedLLM(["one"]), [{"role": "user", "content": "first"}]
    ask(llm, messages=messages)
    messages[0]["content"] = "second"
    assert llm.requests[0].user == "first"


@pytest.mark.parametrize("script", [[], "one"])
def test_a_script_that_cannot_answer_is_refused(script):
    with pytest.raises(ConfigError, match="expected a list of replies or a function"):
        ScriptedLLM(script)


def test_usage_counts_words():
    llm = ScriptedLLM(["a b c"], name="model")
    assert llm.last_usage is None
    ask(llm)
    assert llm.last_usage == {"prompt_tokens": 4, "completion_tokens": 3, "total_tokens": 7, "model": "model"}


def test_an_ensemble_of_a_copied_configuration_asks_the_client_itself():
    llm = ScriptedLLM(["one", "two"])
    config = Config(llm=LLMConfig(models=[as_model_config(llm)]))
    copied = copy.deepcopy(config)
    ensemble = LLMEnsemble(copied.llm.models)
    assert ask(ensemble) == "one"
    assert ensemble.last_usage["model"] == "scripted"
    assert asdict(copied.llm.models[0])["init_client"](None) is llm
    assert len(llm.requests) == 1


def test_the_model_configuration_is_complete():
    model = as_model_config(ScriptedLLM(["one"]), name="fake")
    assert (model.name, model.weight) == ("fake", 1.0)
    assert None not in (model.timeout, model.retries, model.retry_delay)


def test_a_client_is_not_pickled_in_silence():
    with pytest.raises(TypeError, match="call the LLM in this process"):
        pickle.dumps(ScriptedLLM(["one"]))
