"""What operators and models have brought, and what has failed."""

import math

from views import shown, view_of

from skdecide_elm.llm.ledger import Entry
from skdecide_elm.report.failures import counted, error_kinds
from skdecide_elm.report.yields import yields_of_models, yields_of_operators

VIEW = view_of(
    shown("0", score=-3.0, operator=""),
    shown("1", score=-2.0, parents=["0"], operator="diff@small"),
    shown("2", score=-math.inf, parents=["0"], operator="diff@small"),
    shown("3", score=-2.5, parents=["0"], operator="diff@large"),
    shown("4", score=-2.8, parents=["1"], operator="rewrite@large"),
    shown("4.1", score=-2.0, parents=["1"], operator="diff@small", is_copy=True),
)
ENTRIES = [
    Entry("diff", "small", prompt_tokens=10, completion_tokens=5, cost=0.25),
    Entry("diff", "large", prompt_tokens=10, completion_tokens=5, cost=0.5),
    Entry("diff", "large", error="Timeout"),
    Entry("rewrite", "large", prompt_tokens=20, completion_tokens=5, cost=1.0),
]


def table(found):
    return {own.name: (own.programs, own.valid, own.better, own.records, own.failed, own.spent.cost) for own in found}


def test_by_operator_and_by_model():
    assert table(yields_of_operators(VIEW, ENTRIES)) == {
        "diff": (3, 2, 2, 1, 1, 0.75),
        "rewrite": (1, 1, 0, 0, 0, 1.0),
    }
    assert table(yields_of_models(VIEW, ENTRIES)) == {
        "small": (2, 1, 1, 1, 0, 0.25),
        "large": (2, 2, 1, 0, 1, 1.5),
    }


def test_who_got_no_program_through_is_listed_too():
    entries = [*ENTRIES, Entry("lmx", "small", error="Timeout")]
    assert table(yields_of_operators(VIEW, entries))["lmx"] == (0, 0, 0, 0, 1, 0.0)


def test_insertions_are_told_where_they_are_counted():
    view = view_of(shown("0", operator=""), shown("1", operator="diff"), inserted={"initial": 1, "diff": 7, "lmx": 2})
    assert {own.name: own.inserted for own in yields_of_operators(view, [])} == {"diff": 7, "lmx": 2}
    assert {own.inserted for own in yields_of_operators(VIEW, [])} == {None}


def test_failures_that_nobody_remembers_are_counted():
    found = error_kinds(VIEW.programs.values(), invalid=4)
    assert [(own.kind, own.count) for own in found] == [("reason not kept", 3), ("ValueError", 1)]
    replies = counted("reply", {"empty": 0, "no code": 2, "too long": 5})
    assert [(own.group, own.kind, own.count) for own in replies] == [("reply", "too long", 5), ("reply", "no code", 2)]
