"""What an ELM run may spend, and that it is the same when the run is repeated."""

import pytest
from loopback import Loopback
from test_llm_replay import answer, configuration
from tiny import FAST, IDLE, Line

from skdecide_elm import IntegratedELM

PRICES = {"one": (1e3, 1e3), "two": (3e3, 3e3)}


@pytest.fixture
def initial(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    return tmp_path / "initial.py"


def run(initial, url, **settings):
    own = {"operators": ["rewrite", "crossover", "lmx", "embedded"], "random_seed": 1, "llm_prices": PRICES}
    config = configuration(url)
    with IntegratedELM(
        Line, initial, config=config, prompt_include_public_api=False, **{**FAST, **own, **settings}
    ) as solver:
        solver.solve()
        elites = [(elite.id, elite.code, dict(elite.evaluation.metrics)) for elite in solver.get_elites()]
        spent = {key: (sums.calls, sums.tokens) for key, sums in solver.ledger.by_operator_and_model.items()}
        return solver, (solver.iteration, elites, spent)


@pytest.mark.parametrize("limits", [{"max_llm_calls": 21}, {"max_llm_tokens": 9000}, {"max_llm_cost": 10.0}])
def test_a_run_that_a_limit_ends_is_repeated(initial, tmp_path, limits):
    settings = {**limits, "nb_iterations": 300}
    with Loopback(answer) as server:
        solver, recorded = run(initial, server.url, llm_record=tmp_path / "run.jsonl", **settings)
        spent = solver.ledger.total
    assert 1 < solver.iteration < 300
    assert spent.calls == 21 or "max_llm_calls" not in limits
    replay = {"llm_replay": tmp_path / "run.jsonl", "evaluator_parallel": 2}
    assert run(initial, "http://127.0.0.1:9/", **replay, **settings)[1] == recorded


def test_the_first_request_tells_what_one_costs(initial, caplog):
    caplog.set_level("INFO", "skdecide_elm")
    with Loopback(["prose"]) as server:
        solver, _ = run(initial, server.url, operators=["rewrite"], max_llm_cost=0.01, nb_iterations=50)
        assert solver.ledger.total.calls == len(server.requests) == 1
    assert sum(message.startswith("max_llm_cost is reached") for message in caplog.messages) == 1
