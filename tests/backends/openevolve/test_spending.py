from skdecide_elm.backends.openevolve.spending import Budget
from skdecide_elm.llm.ledger import Entry, Limits, Spending

ENTRY = Entry("rewrite", "model", prompt_tokens=80, completion_tokens=20)


def _begun(budget):
    """How many proposals begin before the first has ended."""
    return next(under_way for under_way in range(100) if budget.is_spent(under_way))


def test_proposals_under_way_count_for_what_one_costs_on_average():
    budget = Budget(Limits(max_llm_tokens=1000), Spending(5, 400, 100))
    assert _begun(budget) == 5
    budget.settle([])  # one that cost nothing, for its request failed
    assert not budget.is_spent(4)


def test_calls_are_limited_exactly():
    budget = Budget(Limits(max_llm_calls=3), Spending())
    assert _begun(budget) == 3
    for _ in range(3):
        budget.settle([ENTRY])
    assert _begun(budget) == 0


def test_the_end_is_told_once(caplog):
    caplog.set_level("INFO")
    budget = Budget(Limits(max_llm_calls=1), Spending())
    assert not budget.is_spent(0)
    assert budget.is_spent(1) and not caplog.messages  # the one under way may fail, and cost nothing
    budget.settle([ENTRY])
    assert budget.is_spent(0) and budget.is_spent(0)
    assert caplog.messages == ["max_llm_calls is reached, the search ends. LLM calls: 1, tokens: 100, cost: 0"]
