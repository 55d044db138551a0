"""What may begin near a limit."""

from types import SimpleNamespace

import pytest

from skdecide_elm.backends.elm.proposers import ArmsProposers
from skdecide_elm.llm.ledger import Entry, Ledger, Limits

ENTRY = Entry("rewrite", "one", prompt_tokens=80, completion_tokens=20)


@pytest.fixture
def proposers():
    """Of a run that may ask three times, and has asked once."""
    ledger = Ledger()
    ledger.record(ENTRY)
    arms = SimpleNamespace(
        names=["rewrite@one", "embedded"],
        asks_llm=True,
        ledger=ledger,
        num_parents=lambda arm: 1,
        is_charged=lambda arm: "@" in arm,
        reopen=lambda calls: None,
    )
    made = ArmsProposers(arms, Limits(max_llm_calls=3))
    made.reopen()
    return made


def test_steps_that_ask_nobody_leave_room(proposers):
    assert proposers.may_begin({1: "rewrite@one", 2: "embedded", 3: "embedded", 4: "embedded"})


@pytest.mark.parametrize("other", ["rewrite@one", "crossover@gone", "gone"])
def test_steps_that_ask_or_may_ask_take_it(proposers, other):
    assert not proposers.may_begin({1: "rewrite@one", 2: other})


def test_a_step_that_has_ended_without_a_request_gives_its_room_back(proposers):
    assert not proposers.may_begin({1: "rewrite@one", 2: "rewrite@one"})
    assert proposers.may_begin({2: "rewrite@one"})
