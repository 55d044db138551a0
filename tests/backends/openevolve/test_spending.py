from skdecide_elm.backends.openevolve.spending import Budget
from skdecide_elm.llm.ledger import Entry, Limits, Spending

ENTRY = Entry("rewrite", "model", prompt_tokens=80, completion_tokens=20)


def test_proposals_under_way_count_for_what_one_costs_on_average():
    budget = Budget(Limits(max_llm_tokens=1000), Spending(5, 400, 100))
    begun = 0
    while not budget.is_spent():
        begun += 1
        budget.begin(begun, charged=True)
    assert begun == 5
    budget.begin(begun, charged=True)  # told again
    budget.settle(1, [])  # one that cost nothing, for its request failed
    assert not budget.is_spent()


def test_calls_are_limited_exactly():
    budget = Budget(Limits(max_llm_calls=3), Spending())
    for step in range(3):
        assert not budget.is_spent()
        budget.begin(step, charged=True)
    assert budget.is_spent()
    for step in range(3):
        budget.settle(step, [ENTRY])
    assert budget.is_spent()


def test_what_asks_no_llm_is_free():
    budget = Budget(Limits(max_llm_calls=1), Spending())
    for step in range(5):
        budget.begin(step, charged=False)
    assert not budget.is_spent()
    budget.begin(5, charged=True)
    assert budget.is_spent()


def test_the_end_is_told_once(caplog):
    caplog.set_level("INFO")
    budget = Budget(Limits(max_llm_calls=1), Spending())
    assert not budget.is_spent()
    budget.begin(1, charged=True)
    assert budget.is_spent() and not caplog.messages  # the one under way may fail, and cost nothing
    budget.settle(1, [ENTRY])
    assert budget.is_spent() and budget.is_spent()
    assert caplog.messages == ["max_llm_calls is reached, the search ends. LLM calls: 1, tokens: 100, cost: 0"]
