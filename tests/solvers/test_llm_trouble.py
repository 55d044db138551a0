"""A run against a server of which seven answers in ten are bad: it finishes, counts each kind and loses nothing."""

import itertools
import threading
from collections import Counter

import pytest
from loopback import Garbage, Loopback, Stall, Status
from openevolve.config import Config, LLMConfig
from tiny import FAST, IDLE, Line, program

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve

NUMBERS = itertools.count(1)
LOCK = threading.Lock()


def good():
    """A valid program, each time another one."""
    with LOCK:
        return f"```python\n{program('Move.right', f'NOTES = {next(NUMBERS)}')}```\n"


TROUBLES = [
    ("UnreadableResponse", lambda: Garbage()),
    ("no_code", lambda: "Walk to the right, of course."),
    ("no_planner", lambda: "```python\n%%% <html> \x00\n```"),
    ("RateLimitError", lambda: Status(429, {"retry-after-ms": "1"})),
    ("RateLimitError", lambda: Status(429, {"retry-after-ms": "1"})),
    ("timeout", lambda: Stall(30)),
    ("truncated", lambda: good()[:150]),
    *[("good", good)] * 3,
]
"""Three in ten are garbage, two 429, one a stall, one cut, three good."""


class Troubled(Loopback):
    """Gives the answers in turn and counts them."""

    def __init__(self):
        super().__init__(self.answer)
        self.given = Counter()

    def answer(self, request):
        with LOCK:
            kind, make = TROUBLES[sum(self.given.values()) % len(TROUBLES)]
            self.given[kind] += 1
        return make()


def run(tmp_path, server, solver_class, **settings):
    (tmp_path / "initial.py").write_text(IDLE)
    config = Config(llm=LLMConfig(primary_model="loopback", api_base=server.url, timeout=4, retry_delay=0))
    with solver_class(Line, tmp_path / "initial.py", config=config, **FAST, **settings) as solver:
        solver.solve()
        return solver


@pytest.fixture(scope="module", params=[IntegratedOpenEvolve, IntegratedELM])
def outcome(tmp_path_factory, request):
    """100 proposals, each asked for once."""
    settings = {"nb_iterations": 100, "retries": 0, "llm_concurrency": 16}
    with Troubled() as server:
        return run(tmp_path_factory.mktemp("trouble"), server, request.param, **settings), server


def counted(solver):
    statistics = solver.statistics
    found = Counter({"good": statistics.evaluations - 1})
    failed = statistics.llm_failures if isinstance(solver, IntegratedOpenEvolve) else statistics.failures
    for kind, count in (*statistics.rejected_replies.items(), *failed.items()):
        found["timeout" if "Timeout" in kind else kind] += count
    return found


def test_each_kind_is_counted_as_often_as_it_was_given(outcome):
    solver, server = outcome
    assert server.given == {kind: 10 * count for kind, count in Counter(kind for kind, _ in TROUBLES).items()}
    assert counted(solver) == server.given


def test_nothing_is_lost(outcome):
    solver, server = outcome
    assert solver.iteration == 100
    assert solver.best_score == pytest.approx(-0.4)
    assert solver.statistics.evaluations == 1 + server.given["good"]
    if isinstance(solver, IntegratedOpenEvolve):  # whose islands keep every program
        codes = {p.code for p in solver._backend._evolution.database.programs.values()}
        assert len(codes) == 1 + server.given["good"]
        assert solver.statistics.proposals == 100


def test_the_ledger_knows_every_request(outcome):
    solver, server = outcome
    errors = Counter(entry.error for entry in solver.ledger.entries)
    failed = {kind: server.given[kind] for kind in ("UnreadableResponse", "RateLimitError")}
    assert {kind: errors[kind] for kind in failed} == failed
    assert errors[""] == sum(server.given[kind] for kind in ("good", "truncated", "no_code", "no_planner"))
    assert solver.ledger.total.calls == len(server.requests) == 100


def test_with_retries_only_what_cannot_be_read_is_lost(tmp_path):
    with Troubled() as server:
        solver = run(tmp_path, server, IntegratedOpenEvolve, nb_iterations=30, retries=6, llm_concurrency=8)
    found = counted(solver)
    assert found.keys() <= {"good", "no_code", "no_planner", "truncated"}
    assert {kind: found[kind] for kind in found} == {kind: server.given[kind] for kind in found}
    assert sum(entry.attempts for entry in solver.ledger.entries) == len(server.requests) > 30
    assert solver.ledger.total.calls == solver.statistics.proposals == 30
