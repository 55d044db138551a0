"""Programs that an LLM proposes again, in a search by ELM, with the real client."""

import pytest
from loopback import Loopback
from openevolve.config import Config, LLMConfig
from tiny import FAST, IDLE, Line, program

from skdecide_elm import IntegratedELM

MAP = {"features": ["code_length", "mean_steps"], "batch_size": 1}
NOTE = "made from this program repeated a program that is known already"


@pytest.fixture
def initial(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    return tmp_path / "initial.py"


def always(choice):
    """A server that has one program to offer, each time in another layout."""

    def answer(request):
        return f"```python\n{program(choice, f'NOTES = 0  # {len(server.requests)}')}```\n"

    server = Loopback(answer)
    return server


def solver_with(server, initial, **settings):
    config = Config(llm=LLMConfig(primary_model="loopback", api_base=server.url, timeout=20, retries=1, retry_delay=0))
    own = {"operators": ["rewrite"], "llm_concurrency": 1, "evaluator_cache": False, "random_seed": 1, "elm": MAP}
    return IntegratedELM(
        Line, initial, config=config, prompt_include_public_api=False, **{**FAST, **own, "nb_iterations": 6, **settings}
    )


def contents(solver):
    return [(elite.id, elite.code, dict(elite.evaluation.metrics)) for elite in solver.get_elites()]


def asked(server):
    return [request["messages"][-1]["content"] for request in server.requests]


def counts(solver):
    statistics = solver.statistics
    return statistics.steps, statistics.evaluations, statistics.repeats


def test_the_same_program_again_is_dropped_counted_and_told(initial):
    with always("Move.right") as server, solver_with(server, initial, nb_iterations=2) as solver:
        solver.solve()
        before = contents(solver)
        assert counts(solver) == (2, 2, 1)
        for _ in range(3):
            solver.solve()
        assert counts(solver) == (8, 2, 7)
        assert contents(solver) == before
        assert solver.best_score == pytest.approx(-0.4)
    assert len(server.requests) == solver.ledger.total.calls == 8
    assert not any(NOTE in text for text in asked(server)[:2])
    assert f"The last proposal {NOTE}" in asked(server)[3]
    assert "The last 3 proposals made from this program" in asked(server)[5]


def test_what_was_proposed_again_comes_with_the_checkpoint(initial, tmp_path):
    with always("Move.right") as server, solver_with(server, initial) as solver:
        solver.solve()
        solver.save(str(tmp_path / "saved"))
        with solver_with(server, initial, nb_iterations=3) as resumed:
            resumed.load(str(tmp_path / "saved"))
            assert resumed.sample_prompt() == solver.sample_prompt()
            assert "The last 5 proposals made from this program" in resumed.sample_prompt()["user"]
            resumed.solve()
            assert counts(resumed) == (9, 2, 8)
            assert contents(resumed) == contents(solver)


def test_a_replayed_run_drops_what_the_recorded_one_dropped(initial, tmp_path):
    wide = {"llm_concurrency": 4, "nb_iterations": 12}
    with always("Move.right") as server:
        with solver_with(server, initial, llm_record=tmp_path / "run.jsonl", **wide) as solver:
            solver.solve()
        with solver_with(server, initial, llm_replay=tmp_path / "run.jsonl", evaluator_parallel=2, **wide) as replayed:
            replayed.solve()
    assert len(server.requests) == 12
    assert counts(replayed) == counts(solver) == (12, 2, 11)
    assert contents(replayed) == contents(solver)


@pytest.mark.parametrize(
    ("choice", "evaluations", "repeats"),
    [
        # a failure that would come again is dropped; one for want of time counts as a proposal each time
        ("1 / 0", 2, 1),
        ("next(x for x in iter(int, 1) if x)", 3, 0),
    ],
    ids=["an error", "a time-out"],
)
def test_failures_that_are_proposed_again(initial, choice, evaluations, repeats):
    with (
        always(choice) as server,
        solver_with(server, initial, nb_iterations=1, evaluator_timeout=1) as solver,
    ):
        for _ in range(2):
            solver.solve()
        assert counts(solver) == (2, evaluations, repeats)
