"""Runs with several operators and models: who proposes, what is asked, what it may cost."""

import itertools
import json
import re
import threading

import pytest
from loopback import Loopback
from openevolve.config import Config, LLMConfig, LLMModelConfig
from tiny import FAST, IDLE, STRAIGHT, Line, program

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve
from skdecide_elm.errors import ConfigError, ReplyError
from skdecide_elm.operators import OPERATORS

LOCK = threading.Lock()
FAMILIES = {"OpenEvolve": {"num_islands": 1}, "ELM": {"elm": {"batch_size": 1, "init_steps": 2}}}


class Programmer(Loopback):
    """Answers every operator with a valid program, each time another one; ``best`` models answer with a better one."""

    def __init__(self, best=(), repeat=False):
        super().__init__(self.answer)
        self.best = best
        self.numbers = itertools.repeat(1) if repeat else itertools.count(1)

    def answer(self, request):
        with LOCK:
            notes = f"NOTES = {next(self.numbers)}"
        move = "Move.right" if request["model"] in self.best else "Move.left"
        if request.get("prompt", "").startswith("<NME>"):
            old = re.search(r"NOTES = .*", request["prompt"])[0]
            return f"@@ -1,1 +1,1 @@\n-{old}\n+{notes}\n"
        if "SEARCH" in str(request.get("messages")):
            old = re.search(r"^NOTES = .*$", request["messages"][-1]["content"], re.MULTILINE)[0]
            return f"<<<<<<< SEARCH\n{old}\n=======\n{notes}\n>>>>>>> REPLACE\n"
        code = program(move, notes)
        return code if "prompt" in request else f"```python\n{code}```\n"


@pytest.fixture
def initial(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    return tmp_path / "initial.py"


def config(server, *models):
    configured = [LLMModelConfig(name=name, weight=weight) for name, weight in models or [("loopback", 1.0)]]
    return Config(llm=LLMConfig(models=configured, api_base=server.url, timeout=20, retries=1, retry_delay=0))


def solver_with(server, initial, *models, **settings):
    own = config(server, *models)
    own.prompt.system_message = "Walk."
    kind = IntegratedELM if "elm" in settings else IntegratedOpenEvolve
    return kind(Line, initial, config=own, prompt_include_public_api=False, **{**FAST, **settings})


def children(solver):
    database = solver._backend._evolution.database
    return [program for program in database.programs.values() if program.metadata.get("operator")]


def test_every_operator_takes_part(initial):
    names = [*(set(OPERATORS) - {"repair"}), "openevolve", "embedded"]
    settings = {"operators": names, "nb_iterations": 60, "tuning_share": 0}
    with Programmer() as server, solver_with(server, initial, **settings) as solver:
        solver.solve()
    arms = {name if name == "embedded" else f"{name}@loopback" for name in names}
    assert {child.metadata["operator"] for child in children(solver)} == arms
    asked = {operator for operator, _ in solver.ledger.by_operator_and_model}
    assert asked == set(names) - {"embedded"}
    assert solver.ledger.total.calls == len(server.requests)


def test_repair_waits_for_a_failure_and_is_given_it(initial, tmp_path):
    (tmp_path / "broken.py").write_text(IDLE.replace("Move.left", "missing"))
    with Programmer() as server, solver_with(server, tmp_path / "broken.py", operators=["repair"]) as solver:
        assert "NameError: name 'missing' is not defined" in solver.sample_prompt(operator="repair")["user"]
    with (
        Programmer() as server,
        solver_with(server, initial, operators=["rewrite"]) as solver,
        pytest.raises(ReplyError, match="found only valid ones"),
    ):
        solver.sample_prompt(operator="repair")
    with Programmer() as server:
        settings = {"operators": ["repair", "rewrite"], "nb_iterations": 30, "num_islands": 1}
        with solver_with(server, tmp_path / "broken.py", **settings) as solver:
            solver.solve()
            repaired = [c for c in children(solver) if c.metadata["operator"] == "repair@loopback"]
            assert repaired and all("missing" not in child.code for child in repaired)
            assert solver.statistics.rejected_replies == {}


def test_the_sampled_prompt_of_each_operator_is_what_it_sends(initial):
    for name in OPERATORS.keys() - {"repair"}:
        with Programmer() as server, solver_with(server, initial, operators=[name], nb_iterations=1) as solver:
            prompt = solver.sample_prompt()
            assert solver.sample_prompt(operator=name) == prompt
            solver.solve()
            [request] = server.requests
        if "prompt" in request:
            assert (prompt["system"], prompt["user"]) == ("", request["prompt"])
        else:
            system, user = request["messages"]
            assert prompt == {"system": system["content"], "user": user["content"]}
            assert prompt["system"].startswith("Walk.\n\nChange only what stands between")


def test_a_prompt_of_an_operator_that_the_run_does_not_use(initial):
    with Programmer() as server, solver_with(server, initial) as solver:
        assert solver.sample_prompt(operator="crossover")["user"].startswith("# Programs to combine\n")
        assert solver.sample_prompt() == solver.sample_prompt(operator="openevolve")
        with pytest.raises(ConfigError, match="asks no LLM"):
            solver.sample_prompt(operator="embedded")
        assert server.requests == []


@pytest.mark.parametrize("family", FAMILIES)
def test_the_bandit_prefers_the_model_whose_programs_are_better(initial, family):
    with Programmer(best=["good"]) as server:
        models = [("bad", 1.0), ("good", 1.0)]
        settings = {"operators": ["rewrite"], "nb_iterations": 1, "llm_concurrency": 1, **FAMILIES[family]}
        with solver_with(server, initial, *models, **settings) as solver:
            for _ in range(20):
                solver.solve()
        state = solver._backend.bandit
    assert len(state["window"]) == 20
    assert state["rates"] == {"rewrite@bad": 0.0, "rewrite@good": 1.0}


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_are_a_plain_mix(initial, family):
    with Programmer() as server:
        models = [("one", 3.0), ("two", 1.0)]
        weights = {"rewrite": 1.0, "diff": 0.0}
        settings = {"operators": weights, "nb_iterations": 60, **FAMILIES[family]}
        with solver_with(server, initial, *models, **settings) as solver:
            solver.solve()
            assert solver._backend.bandit == {}
    counts = {key: spent.calls for key, spent in solver.ledger.by_operator_and_model.items()}
    assert counts.keys() == {("rewrite", "one"), ("rewrite", "two")}
    assert counts["rewrite", "one"] > counts["rewrite", "two"] > 5


def test_the_same_program_again_is_dropped_counted_and_told(initial):
    with Programmer(repeat=True) as server:
        settings = {"operators": ["rewrite"], "nb_iterations": 1, "num_islands": 1, "llm_concurrency": 1}
        with solver_with(server, initial, **settings) as solver:
            for _ in range(6):
                solver.solve()
    statistics = solver.statistics
    assert (statistics.evaluations, statistics.duplicates, statistics.invalid) == (2, 5, 0)
    told = [request["messages"][-1]["content"] for request in server.requests]
    assert not any("repeated a program" in text for text in told[:2])
    assert any("The last proposal made from this program repeated a program" in text for text in told[2:])


def test_an_llm_is_told_of_its_own_repeats_alone(initial):
    """Who has no LLM proposes what is known, too; an LLM that always has something new is not blamed for it."""
    settings = {"operators": {"rewrite": 1.0, "embedded": 2.0}, "nb_iterations": 100, "num_islands": 1}
    with Programmer() as server, solver_with(server, initial, **settings) as solver:
        solver.solve()
    assert solver.statistics.duplicates and len(server.requests) > 5
    assert not any("repeated a program" in request["messages"][-1]["content"] for request in server.requests)


def test_who_repairs_is_told_of_its_repeats(initial):
    def answer(request):
        repairs = request["messages"][-1]["content"].startswith("# Program to repair")
        return f"```python\n{IDLE if repairs else program('1 / 0')}```\n"

    with Loopback(answer) as server:
        settings = {"operators": ["rewrite", "repair"], "nb_iterations": 1, "num_islands": 1, "llm_concurrency": 1}
        with solver_with(server, initial, **settings) as solver:
            for _ in range(12):
                solver.solve()
    asked = [request["messages"][-1]["content"] for request in server.requests]
    told = ["repeated a program" in text for text in asked if text.startswith("# Program to repair")]
    assert len(told) > 2 and told == [False] + [True] * (len(told) - 1)


def test_the_first_request_tells_what_one_costs(initial):
    settings = {"operators": ["rewrite"], "max_llm_cost": 0.01, "llm_prices": {"loopback": (1e6, 1e6)}}
    with Programmer() as server, solver_with(server, initial, **settings) as solver:
        solver.solve()
        assert solver.iteration == solver.ledger.total.calls == len(server.requests) == 1


def test_a_limit_of_calls_is_kept_exactly(initial):
    with Programmer() as server, solver_with(server, initial, max_llm_calls=13, nb_iterations=50) as solver:
        solver.solve()
        assert solver.ledger.total.calls == len(server.requests) == solver.iteration == 13
        solver.solve()
        assert len(server.requests) == 13


@pytest.mark.parametrize(
    "limits", [{"max_llm_tokens": 2000}, {"max_llm_cost": 0.5, "llm_prices": {"loopback": (250, 250)}}]
)
def test_a_limit_of_tokens_or_money_stops_the_run(initial, limits):
    with Programmer() as server, solver_with(server, initial, operators=["rewrite"], **limits) as solver:
        solver.solve()
        spent = solver.ledger.total
        one = spent.tokens / spent.calls
        assert 2000 - one <= spent.tokens <= 2000 + 4 * one
        assert 1 < solver.iteration == spent.calls == len(server.requests) < 100
        assert spent.cost == pytest.approx(spent.tokens * 250e-6 if "max_llm_cost" in limits else 0)


YAML = """
llm:
  primary_model: loopback
  api_base: {url}
llm_prices:
  loopback: {prices}
"""


def test_prices_of_the_configuration_file(initial, tmp_path):
    with Programmer() as server:
        (tmp_path / "config.yaml").write_text(YAML.format(url=server.url, prices="[1_000_000, 2_000_000]"))
        with IntegratedOpenEvolve(Line, initial, config=tmp_path / "config.yaml", **FAST, nb_iterations=3) as solver:
            solver.solve()
        spent = solver.ledger.total
        assert spent.cost == pytest.approx(spent.prompt_tokens + 2 * spent.completion_tokens) and spent.cost > 0
        (tmp_path / "config.yaml").write_text(YAML.format(url=server.url, prices="cheap"))
        with pytest.raises(ConfigError, match=r"expected llm_prices in .* to be like"):
            IntegratedOpenEvolve(Line, initial, config=tmp_path / "config.yaml", **FAST)


def test_the_ledger_of_a_folder_goes_on(initial, tmp_path):
    folder = tmp_path / "run"
    for calls in (4, 8, 10):
        settings = {"output_dir": folder, "max_llm_calls": 10, "nb_iterations": 4}
        with Programmer() as server, solver_with(server, initial, **settings) as solver:
            solver.solve()
            assert solver.ledger.total.calls == calls
    lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert len(lines) == 10 and all(line["prompt_tokens"] > 0 for line in lines)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_checkpoint_carries_bandit_and_ledger(initial, tmp_path, family):
    settings = {"operators": ["rewrite", "diff"], "nb_iterations": 8, "llm_prices": {"loopback": (1, 1)}}
    settings |= FAMILIES[family]
    with Programmer() as server, solver_with(server, initial, **settings) as solver:
        solver.solve()
        solver.save(tmp_path / "saved")
        with solver_with(server, initial, **settings) as other:
            other.load(tmp_path / "saved")
            assert other.ledger.by_operator_and_model == solver.ledger.by_operator_and_model
            assert other._backend.bandit == solver._backend.bandit
            assert len(other._backend.bandit["window"]) == 8
            assert other.sample_prompt() == solver.sample_prompt()


def test_proposals_under_way_whose_operator_is_gone_are_not_asked_for(initial, tmp_path):
    with Programmer() as server:
        with solver_with(server, initial, operators=["rewrite"], nb_iterations=4) as solver:
            solver.solve()
            evolution = solver._backend._evolution
            evolution.under_way = {n: evolution.next_job(n) for n in (5, 6)}  # as a killed run leaves them
            solver.save(tmp_path / "saved")
        for operator, asked in [("rewrite", 2), ("diff", 0)]:
            seen = len(server.requests)
            with solver_with(server, initial, operators=[operator], nb_iterations=2) as solver:
                solver.load(tmp_path / "saved")
                assert len(solver._backend._evolution.under_way) == asked
                solver.solve()
                assert solver.iteration == 6 and len(server.requests) == seen + 2
                assert solver.statistics.llm_failures == {}


def test_models_without_weight(initial):
    with Programmer() as server, pytest.raises(ConfigError, match="weights sum to more than 0; found 0"):
        solver_with(server, initial, ("one", 0.0), ("two", 0.0))


def test_embedded_alone_needs_no_llm(initial):
    with IntegratedOpenEvolve(Line, initial, **FAST, operators=["embedded"], nb_iterations=15) as solver:
        solver.solve()
        assert solver.statistics.llm_failures == {} and solver.statistics.evaluations > 5
        assert solver.ledger.entries == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"operators": ["rewrit"]}, "found 'rewrit'; did you mean 'rewrite'"),
        ({"operators": []}, "name at least one"),
        ({"operators": "rewrite"}, "expected a list of operators"),
        ({"operators": {"rewrite": -1.0}}, "expected weights"),
        ({"llm_concurrency": 0}, "expected llm_concurrency to be at least 1"),
        ({"tuning_share": 1}, "expected tuning_share to be at least 0 and less than 1; found 1"),
        ({"tuning_step": 0}, "expected tuning_step to be more than 0 and at most 1; found 0"),
        ({"max_llm_calls": 0}, "expected max_llm_calls to be above 0"),
        ({"llm_record": "a", "llm_replay": "b"}, "not both"),
    ],
)
def test_settings_that_cannot_work(initial, settings, message):
    with Programmer() as server, pytest.raises(ConfigError, match=message):
        solver_with(server, initial, **settings)


def test_an_operator_that_needs_an_llm_without_one(initial):
    with pytest.raises(ConfigError, match="expected an LLM for the operator 'rewrite'; none is configured"):
        IntegratedOpenEvolve(Line, initial, **FAST, operators=["rewrite", "embedded"])


def test_a_template_of_the_users(initial, tmp_path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "rewrite.txt").write_text("My own words.\n\n$parent\n")
    with Programmer() as server, solver_with(server, initial, operators=["rewrite"]) as solver:
        default = solver.sample_prompt()["user"]
    own = config(server)
    own.prompt.template_dir = str(tmp_path / "prompts")
    with IntegratedOpenEvolve(Line, initial, config=own, **FAST, operators=["rewrite"]) as solver:
        assert solver.sample_prompt()["user"].startswith("My own words.\n\ncombined_score: -1 ")
    assert default.startswith("# Program to improve")
    assert STRAIGHT not in default


@pytest.mark.parametrize(
    ("choice", "evaluations", "duplicates"),
    [
        # a failure that would come again is dropped; one for want of time counts as a proposal each time
        ("1 / 0", 2, 1),
        ("next(x for x in iter(int, 1) if x)", 3, 0),
    ],
    ids=["an error", "a time-out"],
)
def test_failures_that_are_proposed_again(initial, choice, evaluations, duplicates):
    with Loopback(lambda request: f"```python\n{program(choice)}```\n") as server:
        settings = {"operators": ["rewrite"], "nb_iterations": 1, "evaluator_timeout": 1}
        with solver_with(server, initial, **settings) as solver:
            for _ in range(2):
                solver.solve()
    assert (solver.statistics.evaluations, solver.statistics.duplicates) == (evaluations, duplicates)
