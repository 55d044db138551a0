"""A run with the real OpenEvolve client against a server that answers well, badly, late or not at all."""

import itertools
import re
import time

import pytest
from loopback import Drop, Garbage, Loopback, Stall, Status
from openevolve.config import Config, LLMConfig
from tiny import FAST, IDLE, STRAIGHT, Line, child_of, program

from skdecide_elm import IntegratedOpenEvolve


def note(request):
    """The line of the current program that each reply of these tests edits."""
    current = request["messages"][-1]["content"].partition("# Current Program\n")[2]
    return re.search(r"^NOTES = \d+$", current, re.MULTILINE)[0]


class Server(Loopback):
    """Answers the next request with what a test puts into ``answers``; its last one goes on."""

    def __init__(self):
        super().__init__(self.answer)
        self.answers = []

    def answer(self, request):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request) if callable(answer) else answer


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def solver(server, tmp_path_factory):
    """Makes one proposal per ``solve()``."""
    path = tmp_path_factory.mktemp("llm") / "initial.py"
    path.write_text(IDLE)
    with make_solver(server, path, nb_iterations=1, num_islands=1) as solver:
        yield solver


def make_solver(server, path, **kwargs):
    return IntegratedOpenEvolve(
        Line,
        path,
        config=Config(llm=LLMConfig(primary_model="loopback", api_base=server.url)),
        prompt_include_public_api=False,
        **{"timeout": 20, "retries": 1, "retry_delay": 0, **FAST, **kwargs},
    )


def propose(solver, server, *answers):
    """One iteration; what it added to the statistics."""
    server.answers = list(answers)
    before = counts(solver)
    iteration = solver.iteration
    before["evaluations"] += iteration == 0  # of the initial program, in whichever test comes first
    solver.solve()
    assert solver.iteration == iteration + 1
    assert solver.statistics.proposals == iteration + 1
    after = counts(solver)
    return {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}


def counts(solver):
    statistics = solver.statistics
    return {
        "evaluations": statistics.evaluations,
        "invalid": statistics.invalid,
        "repaired": statistics.repaired,
        **statistics.rejected_replies,
        **statistics.llm_failures,
    }


NUMBERS = itertools.count(1)


def edit_note(request):
    """A valid diff, each time another one."""
    return child_of(note(request), note(request), f"NOTES = {next(NUMBERS)}")


def test_the_request_is_the_sampled_prompt(solver, server):
    prompt = solver.sample_prompt()
    assert prompt == solver.sample_prompt()
    seen = len(server.requests)
    propose(solver, server, edit_note)
    [request] = server.requests[seen:]
    assert request["model"] == "loopback"
    assert request["messages"] == [
        {"role": "system", "content": prompt["system"]},
        {"role": "user", "content": prompt["user"]},
    ]
    assert solver.sample_prompt() != prompt


def test_valid_diff(solver, server):
    assert propose(solver, server, edit_note) == {"evaluations": 1}


def test_full_rewrite_though_a_diff_was_asked_for(solver, server):
    assert propose(solver, server, f"All new:\n\n```python\n{STRAIGHT}```\n") == {"evaluations": 1}
    assert solver.get_best_program_code() == STRAIGHT
    assert solver.best_score == pytest.approx(-0.4)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("I would go to the right.", "no_code"),
        ("", "empty"),
        (None, "empty"),
        ("```python\nclass Planner:\n    def sample_action(self, observ", "truncated"),
        ("<<<<<<< SEARCH\nNOTES = 0\n=======\nNOTES =", "truncated"),
        ("<<<<<<< SEARCH\nNOTHING = 0\n=======\nNOTES = 0\n>>>>>>> REPLACE", "no_match"),
        ("<<<<<<< SEARCH\nclass Planner:\n=======\nclass Planner\n>>>>>>> REPLACE", "syntax"),
    ],
)
def test_unusable_reply_is_counted_by_kind(solver, server, answer, kind):
    assert propose(solver, server, answer) == {kind: 1}


def test_edit_outside_the_block_is_undone_and_counted(solver, server):
    def reply(request):
        outside = child_of(IDLE, "from tiny import Move", "from tiny import Move, Line")
        return outside + edit_note(request)

    best = solver.get_best_program_code()
    assert propose(solver, server, reply) == {"evaluations": 1, "repaired": 1}
    children = solver._backend._evolution.database.programs.values()
    assert all("Line" not in child.code for child in children)
    assert solver.get_best_program_code() == best


def test_program_that_raises_is_invalid_and_never_the_best(solver, server):
    best = solver.get_best_program_code()
    assert propose(solver, server, f"```python\n{program('missing')}```") == {"evaluations": 1, "invalid": 1}
    assert solver.get_best_program_code() == best


@pytest.mark.parametrize("trouble", [Status(429), Status(500), Drop()])
def test_trouble_that_passes_costs_nothing(solver, server, trouble):
    seen = len(server.requests)
    assert propose(solver, server, trouble, edit_note) == {"evaluations": 1}
    assert len(server.requests) == seen + 2


def test_trouble_that_stays_costs_the_proposal(solver, server):
    assert propose(solver, server, Status(500)) == {"InternalServerError": 1}
    assert propose(solver, server, Status(401)) == {"AuthenticationError": 1}
    [(name, count)] = propose(solver, server, Garbage()).items()
    assert count == 1 and name not in {"evaluations", "invalid", "repaired"}


def test_the_run_goes_on_after_all_that(solver, server):
    assert propose(solver, server, edit_note) == {"evaluations": 1}
    statistics = solver.statistics
    assert statistics.proposals == (
        statistics.evaluations - 1 + sum(statistics.rejected_replies.values()) + sum(statistics.llm_failures.values())
    )


def test_stalled_requests_hold_up_neither_the_others_nor_the_end(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)

    def answer(request):
        stalls = len(server.requests) <= 2  # as many as requests may be in flight
        return Stall(30) if stalls else edit_note(request)

    with (
        Loopback(answer) as server,
        make_solver(
            server, tmp_path / "initial.py", nb_iterations=8, llm_concurrency=2, timeout=3, retries=0
        ) as solver,
    ):
        start = time.monotonic()
        solver.solve()
        assert time.monotonic() - start < 10
        assert solver.statistics.proposals == 8
        assert sum(solver.statistics.llm_failures.values()) == 2
        assert all("Timeout" in name for name in solver.statistics.llm_failures)
        assert solver.statistics.evaluations == 1 + 6


def test_a_request_in_the_queue_does_not_lose_its_time(tmp_path):
    """Eight requests of 1.2 s, two at a time: the later ones wait longer for their turn than a request may take."""
    (tmp_path / "initial.py").write_text(IDLE)
    with (
        Loopback([Stall(1.2, "prose")]) as server,
        make_solver(
            server, tmp_path / "initial.py", nb_iterations=8, llm_concurrency=2, timeout=3, retries=0
        ) as solver,
    ):
        solver.solve()
        assert solver.statistics.rejected_replies == {"no_code": 8}
        assert len(server.requests) == 8
