import asyncio
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.errors import CheckpointError, ConfigError, RequestError
from skdecide_elm.llm.ledger import Accounted, Entry, Ledger, Limits, Spending
from skdecide_elm.llm.model import Prompt, Reply, Usage

PRICES = {"big": (2.0, 10.0)}


class Counting:
    """A model of that name whose replies cost 1000 and 500 tokens; it fails for the prompt ``fail``."""

    def __init__(self, name):
        self.name = name

    async def ask(self, prompt):
        await asyncio.sleep(0)
        if prompt.user == "fail":
            raise RequestError("RateLimitError", "no", attempts=4)
        return Reply("text", Usage(1000, 500), attempts=2)


def ask(ledger, model="big", operator="rewrite", text="x"):
    return asyncio.run(Accounted(Counting(model), ledger, PRICES, operator).ask(Prompt(text)))


def test_sums_per_operator_and_model():
    ledger = Ledger()
    for model, operator in [("big", "rewrite"), ("big", "rewrite"), ("small", "rewrite"), ("big", "diff")]:
        assert ask(ledger, model, operator).text == "text"
    assert ledger.by_operator_and_model == {
        ("rewrite", "big"): Spending(2, 2000, 1000, pytest.approx(0.014)),
        ("rewrite", "small"): Spending(1, 1000, 500, 0.0),
        ("diff", "big"): Spending(1, 1000, 500, pytest.approx(0.007)),
    }
    assert ledger.total == Spending(4, 4000, 2000, pytest.approx(0.021))
    assert ledger.total.tokens == 6000


ENTRIES = st.builds(
    Entry, st.sampled_from(["rewrite", "diff"]), st.sampled_from(["big", "small"]), cost=st.floats(0, 1e3)
)


@given(st.lists(ENTRIES, max_size=8).flatmap(lambda entries: st.tuples(st.just(entries), st.permutations(entries))))
def test_the_sums_do_not_depend_on_the_order_in_which_replies_come(orders):
    first, second = Ledger(), Ledger()
    for ledger, entries in zip((first, second), orders, strict=True):
        for entry in entries:
            ledger.record(entry)
    assert first.by_operator_and_model == second.by_operator_and_model
    assert first.total == second.total
    assert first.total.cost == math.fsum(entry.cost for entry in orders[0])


def test_a_failure_is_a_call():
    ledger = Ledger()
    with pytest.raises(RequestError):
        ask(ledger, text="fail")
    assert ledger.entries == [Entry("rewrite", "big", attempts=4, error="RateLimitError")]
    assert ledger.total == Spending(1)


def test_a_request_that_nobody_waits_for_any_more_is_paid_for():
    class Slow:
        name = "big"

        async def ask(self, prompt):
            await asyncio.sleep(60)

    async def run():
        request = asyncio.ensure_future(Accounted(Slow(), ledger, PRICES, "rewrite").ask(Prompt("x" * 4000)))
        await asyncio.sleep(0)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        return request.cancelled()

    ledger = Ledger()
    assert asyncio.run(run())
    assert ledger.entries == [Entry("rewrite", "big", 1, 1000, 0, 0.002, estimated=True, error="cancelled")]


def test_each_request_is_written_at_once_and_the_next_ledger_goes_on(tmp_path):
    path = tmp_path / "new" / "ledger.jsonl"
    ledger = Ledger(path)
    for lines in (1, 2):
        ask(ledger)
        assert len(path.read_text().splitlines()) == lines
    path.write_text(path.read_text() + '{"operator": "rew')  # the next line, cut by a kill
    later = Ledger(path)
    assert later.entries == ledger.entries
    ask(later)
    assert [json.loads(line)["calls"] for line in path.read_text().splitlines()] == [1, 1, 1]
    assert Ledger(path).total == Spending(3, 3000, 1500, pytest.approx(0.021))


def test_a_damaged_ledger_is_not_taken_for_an_empty_one(tmp_path):
    (tmp_path / "ledger.jsonl").write_text("nonsense\n")
    with pytest.raises(CheckpointError, match="line 1"):
        Ledger(tmp_path / "ledger.jsonl")


def test_a_checkpoint_opens_an_empty_ledger_and_no_other():
    first, second = Ledger(), Ledger()
    for _ in range(3):
        ask(first)
    saved = json.loads(json.dumps(first.to_json()))
    second.restore(saved)
    assert second.by_operator_and_model == first.by_operator_and_model
    ask(second)
    second.restore(saved)
    assert second.total.calls == 4


def test_concurrent_tasks_have_tallies_of_their_own():
    ledger = Ledger()

    async def task(number):
        model = Accounted(Counting("big"), ledger, PRICES, f"operator {number}")
        with ledger.tally() as entries:
            await asyncio.gather(*(model.ask(Prompt("x")) for _ in range(number)))
        return [entry.operator for entry in entries]

    async def run():
        return await asyncio.gather(*(task(number) for number in range(1, 5)))

    assert asyncio.run(run()) == [[f"operator {n}"] * n for n in range(1, 5)]
    assert ledger.total.calls == 10


@pytest.mark.parametrize(
    ("limits", "spent", "under_way", "reached"),
    [
        (Limits(), Spending(10**6, 10**9, 10**9, 1e9), 100, None),
        (Limits(max_llm_calls=3), Spending(2), 0, None),
        (Limits(max_llm_calls=3), Spending(2), 1, "max_llm_calls"),
        (Limits(max_llm_calls=3), Spending(3), 0, "max_llm_calls"),
        (Limits(max_llm_tokens=100), Spending(1, 60, 39), 0, None),
        (Limits(max_llm_tokens=100), Spending(1, 60, 40), 0, "max_llm_tokens"),
        # those under way cost what one has cost on average
        (Limits(max_llm_tokens=100), Spending(10, 60, 20), 2, None),
        (Limits(max_llm_tokens=100), Spending(10, 60, 20), 3, "max_llm_tokens"),
        (Limits(max_llm_cost=1.0), Spending(2, 2, 2, 0.5), 1, None),
        (Limits(max_llm_cost=1.0), Spending(2, 2, 2, 0.5), 2, "max_llm_cost"),
        # as long as nobody knows what a request costs, one is made at a time
        (Limits(max_llm_cost=1e9), Spending(), 0, None),
        (Limits(max_llm_cost=1e9), Spending(), 1, "max_llm_cost"),
        (Limits(max_llm_tokens=10**9), Spending(calls=2), 1, "max_llm_tokens"),
        (Limits(max_llm_calls=10**9), Spending(), 99, None),
    ],
)
def test_limits(limits, spent, under_way, reached):
    assert limits.reached(spent, under_way) == reached


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
@pytest.mark.parametrize("name", ["max_llm_calls", "max_llm_tokens", "max_llm_cost"])
def test_a_limit_that_leaves_nothing_is_refused(name, limit):
    with pytest.raises(ConfigError, match=f"expected {name} to be above 0"):
        Limits(**{name: limit})
