"""LLM runs that are repeated: from a recording, and from a checkpoint after a kill."""

import hashlib
import json
import re
import signal
from dataclasses import replace
from functools import partial

import pytest
from loopback import Loopback, Stall, Status
from openevolve.config import Config, LLMConfig, LLMModelConfig
from processes import start, until
from searches import plain
from tiny import FAST, IDLE, Line, program

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve
from skdecide_elm.errors import ReplayError
from skdecide_elm.llm.ledger import Ledger

FAMILIES = {
    "OpenEvolve": (IntegratedOpenEvolve, {"num_islands": 2}),
    "ELM": (IntegratedELM, {"elm": {"init_steps": 5, "batch_size": 3}}),
}
OURS = ["rewrite", "crossover", "lmx", "embedded"]
OPERATORS = {"OpenEvolve": ["openevolve", *OURS], "ELM": OURS}


def number_of(request):
    """Any large number, the same for the same request."""
    return int(hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest(), 16)


def answer(request, often=7):
    """Depends on the request alone; arrives early or late, and is bad in one or another way twice in so many times."""
    number = number_of(request)
    if number % often == 0:
        return "prose"
    if number % often == 1:
        return Status(400)
    notes = f"NOTES = {number % 40}"
    code = program(["Move.left", "Move.right", "missing"][number % 3], notes)
    reply = code if "prompt" in request else f"```python\n{code}```\n"
    if "SEARCH" in str(request.get("messages")):
        old = re.findall(r"^NOTES = .*$", request["messages"][-1]["content"], re.MULTILINE)[-1]
        reply = f"<<<<<<< SEARCH\n{old}\n=======\n{notes}\n>>>>>>> REPLACE\n"
    return Stall(0.001 * (number % 60), reply)


def configuration(url, models=("one", "two")):
    configured = [LLMModelConfig(name=name, weight=1.0) for name in models]
    return Config(llm=LLMConfig(models=configured, api_base=url, timeout=20, retries=1, retry_delay=0))


def new_solver(initial, config, family="OpenEvolve", **settings):
    kind, own = FAMILIES[family]
    return kind(Line, initial, config=config, prompt_include_public_api=False, **{**FAST, **own, **settings})


def state(solver):
    backend = solver._backend
    shared = {"bandit": backend.bandit, "ledger": solver.ledger.by_operator_and_model}
    if isinstance(solver, IntegratedELM):
        return {"search": plain(backend.search.snapshot()), **shared}
    evolution = backend._evolution
    programs = [
        (p.id, p.code, p.metrics, p.parent_id, p.generation, p.metadata) for p in evolution.database.programs.values()
    ]
    return {
        "programs": programs,
        "islands": [list(island) for island in evolution.database.islands],
        "statistics": replace(solver.statistics, cache_hits=0),  # a cache may have been loaded with a checkpoint
        **shared,
        "random": evolution.rng.to_json(),
    }


@pytest.fixture
def initial(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    return tmp_path / "initial.py"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_replayed_run_is_the_recorded_one(initial, tmp_path, family):
    settings = {"operators": OPERATORS[family], "nb_iterations": 30, "evaluator_parallel": 2}
    settings["llm_prices"] = {"one": (1, 2)}
    with Loopback(partial(answer, often=4)) as server:
        config = configuration(server.url)
        with new_solver(initial, config, family, **settings, llm_record=tmp_path / "run.jsonl") as solver:
            solver.solve()
            recorded = state(solver)
    statistics = solver.statistics
    assert statistics.evaluations > 12 and statistics.rejected_replies
    assert statistics.failures if family == "ELM" else statistics.llm_failures
    assert len(recorded["bandit"]["window"]) > 12
    config.llm.api_base = "http://127.0.0.1:9/"  # where nobody answers
    for workers, seed in [(1, 42), (2, 7)]:
        settings.update(evaluator_parallel=workers, random_seed=seed, llm_replay=tmp_path / "run.jsonl")
        with new_solver(initial, config, family, **settings) as solver:
            solver.solve()
            assert state(solver) == recorded


def test_a_replay_needs_neither_key_nor_configuration(initial, tmp_path):
    with Loopback(answer) as server:
        config = configuration(server.url, ["one"])
        with new_solver(initial, config, llm_record=tmp_path / "run.jsonl", nb_iterations=8) as solver:
            solver.solve()
            recorded = state(solver)
    with new_solver(initial, None, llm_replay=tmp_path / "run.jsonl", nb_iterations=8) as solver:
        solver.solve()
        assert state(solver) == recorded


def test_another_run_is_refused_by_a_strict_replay_and_goes_on_by_best_match(initial, tmp_path):
    with (
        Loopback(answer) as server,
        new_solver(
            initial, configuration(server.url, ["one"]), llm_record=tmp_path / "run.jsonl", nb_iterations=8
        ) as solver,
    ):
        solver.solve()
    other = {"llm_replay": tmp_path / "run.jsonl", "nb_iterations": 12, "num_islands": 1, "operators": ["rewrite"]}
    with new_solver(initial, None, **other) as solver, pytest.raises(ReplayError, match="record the run anew"):
        solver.solve()
    with new_solver(initial, None, **other, llm_replay_matching="best") as solver:
        solver.solve()
        assert solver.statistics.proposals == 12


def answer_of_two(request, choices):
    """Every other program chooses its actions the other way; both may use ``time``."""
    number = number_of(request)
    notes = f"import time\nNOTES = {number % 40}"
    return f"```python\n{program(choices[number % 2], notes)}```\n"


def slow_answer(request):
    """Every other program never ends."""
    return answer_of_two(request, ["Move.right", "time.sleep(60) if observation else Move.right"])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_program_runs_out_of_time_in_the_replay_as_it_did_whatever_the_time_limit(initial, tmp_path, family):
    settings = {"operators": ["rewrite", "repair"], "nb_iterations": 30}
    record = tmp_path / "run.jsonl"
    with Loopback(slow_answer) as server:
        config = configuration(server.url, ["one"])
        with new_solver(initial, config, family, **settings, evaluator_timeout=0.5, llm_record=record) as solver:
            solver.solve()
            recorded = state(solver)
    times = "decisions took .* not made within"  # which differ from run to run
    assert sum(bool(re.search(times, request["messages"][-1]["content"])) for request in server.requests) > 1
    with new_solver(initial, None, family, **settings, llm_replay=record) as solver:
        solver.solve()
        assert state(solver) == recorded


def unhurried_answer(request):
    """Every other program takes its time."""
    return answer_of_two(request, ["Move.left", "time.sleep(0.8 * (observation == 0)) or Move.right"])


def test_a_replay_that_goes_another_way_for_want_of_time_says_so(initial, tmp_path, caplog):
    settings = {"operators": ["rewrite", "repair"], "nb_iterations": 30, "evaluator_parallel": 2}
    record = tmp_path / "run.jsonl"
    with Loopback(unhurried_answer) as server:
        config = configuration(server.url, ["one"])
        with new_solver(initial, config, **settings, evaluator_timeout=60, llm_record=record) as solver:
            solver.solve()
    remedy = "a program ran past the time limit that did not when recorded: give a longer evaluator_timeout"
    with (
        new_solver(initial, None, **settings, evaluator_timeout=0.5, llm_replay=record) as solver,
        pytest.raises(ReplayError, match=f"there is none left; {remedy}"),
    ):
        solver.solve()
    assert f"The replay of {record} may differ from here on: {remedy}" in caplog.text


SCRIPT = """
    from test_llm_replay import configuration, new_solver

    config = configuration({url!r})
    config.checkpoint_interval = 5
    run = {{"output_dir": "run", "nb_iterations": 10_000, "llm_record": "run.jsonl"}}
    with new_solver("initial.py", config, {family!r}, **run, **{settings!r}) as solver:
        solver.solve()
"""


def latest(folder):
    return max((int(path.name.rpartition("_")[2]) for path in folder.glob("checkpoint_*")), default=0)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("reply", [answer, slow_answer])
def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(initial, tmp_path, family, reply):
    checkpoints, more = tmp_path / "run" / "checkpoints", 20
    own = {"operators": ["rewrite", "repair"], "evaluator_timeout": 0.5} if reply is slow_answer else {}
    settings = {"operators": OPERATORS[family], **own}
    with Loopback(reply) as server:
        process = start(tmp_path, SCRIPT.format(url=server.url, family=family, settings=settings))
        until(lambda: latest(checkpoints) >= 10 or process.poll() is not None, 60)
        process.kill()
        _, errors = process.communicate()
        assert process.returncode == -signal.SIGKILL, errors
        done, spent = latest(checkpoints), Ledger(tmp_path / "run" / "ledger.jsonl").total
        config, record = configuration(server.url), tmp_path / "run.jsonl"
        run = {"output_dir": tmp_path / "run", "nb_iterations": more, "llm_record": record}
        with new_solver(initial, config, family, **settings, **run) as solver:
            solver.load(checkpoints / f"checkpoint_{done}")
            assert solver.iteration == done and solver.ledger.total == spent
            solver.solve()
            resumed, total = state(solver), solver.ledger.total
    assert spent.calls >= done / 2
    assert total.calls > spent.calls, "the requests that the kill has cut off were made again"
    with new_solver(initial, config, family, **settings, nb_iterations=done + more, llm_replay=record) as solver:
        solver.solve()
        straight = state(solver)
    assert straight["ledger"] != resumed["ledger"]
    assert {**straight, "ledger": None} == {**resumed, "ledger": None}
