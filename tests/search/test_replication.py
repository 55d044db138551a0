"""The policy for scores that depend on luck."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.core import Evaluation, Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.replication import Replication, num_replicates, with_replicate

POLICY = Replication(count=3, z=2.0)


def evaluated(scores, **metrics):
    return Evaluation({"combined_score": math.fsum(scores), **metrics}, {}, tuple(scores))


def program(name, *scores):
    return Program(name, name, evaluated(scores))


finite = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=5))
def test_metrics_and_scores_are_means_of_all_evaluations(rows):
    found = Program("a", "", evaluated(rows[0], cost=rows[0][0]))
    for row in rows[1:]:
        found = with_replicate(found, evaluated(row, cost=row[0]))
    count = len(rows)
    assert num_replicates(found.evaluation) == count
    assert found.evaluation.metrics["cost"] == pytest.approx(sum(row[0] for row in rows) / count, abs=1e-6)
    assert found.evaluation.combined_score == pytest.approx(sum(map(sum, rows)) / count, abs=1e-6)
    assert sum(found.evaluation.scores) == pytest.approx(found.evaluation.combined_score, abs=1e-6)


def test_one_failure_makes_a_program_invalid():
    failed = with_replicate(program("a", 1.0, 2.0), Evaluation.invalid("crash"))
    assert not failed.evaluation.is_valid
    assert failed.evaluation.artifacts == {"error": "crash"}
    assert num_replicates(failed.evaluation) == 2
    assert POLICY.is_settled(failed)


def test_races_that_leave_fewer_scores_leave_none():
    assert with_replicate(program("a", 1.0, 2.0), evaluated([1.0])).evaluation.scores == ()


@pytest.mark.parametrize(
    ("challenger", "rival", "is_open"),
    [
        ((5.0, 5.1), (1.0, 1.1), False),  # far apart, hardly any spread
        ((0.0, 10.0), (1.0, 8.0), True),  # near, wide spread
        ((5.0,), (100.0,), True),  # one episode says nothing of the spread
        ((2.0, 2.0), (2.0, 2.0), True),
    ],
)
def test_close_scores_leave_a_contest_open(challenger, rival, is_open):
    assert POLICY.is_open(program("a", *challenger), program("b", *rival)) is is_open


def contest(scores, policy=POLICY, first=(0.0, 0.0)):
    """A contest in which a program's score is read from a table, by name and replicate."""
    asked = []

    async def evaluate(code, replicate):
        asked.append((code, replicate))
        return evaluated([scores[code][replicate]])

    programs = [Program(name, name, evaluated([scores[name][0]])) for name in ("a", "b")]
    decided = asyncio.run(policy.contest(*programs, evaluate))
    return decided, asked


def test_both_are_evaluated_on_the_same_fresh_seeds_until_their_scores_are_believed():
    (challenger, rival), asked = contest({"a": [9.0, 0.0, 0.0], "b": [4.0, 5.0, 6.0]})
    assert asked == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert (challenger.evaluation.combined_score, rival.evaluation.combined_score) == (3.0, 5.0)


def test_a_contest_ends_when_it_is_decided():
    clear = [Program(n, n, evaluated([v, v + 0.1])) for n, v in (("a", 9.0), ("b", 1.0))]
    assert asyncio.run(POLICY.contest(*clear, None)) == tuple(clear)  # nobody is evaluated


def test_a_rival_whose_score_is_believed_is_not_evaluated_again():
    asked = []

    async def evaluate(code, replicate):
        asked.append((code, replicate))
        return evaluated([1.0])

    believed = Program("b", "b", Evaluation({"combined_score": 1.0, "nb_replicates": 3.0}))
    challenger, rival = asyncio.run(POLICY.contest(program("a", 1.0), believed, evaluate))
    assert asked == [("a", 1), ("a", 2)]
    assert rival is believed
    assert num_replicates(challenger.evaluation) == 3
    assert asyncio.run(POLICY.settled(believed, evaluate)) is believed


@pytest.mark.parametrize("wrong", [{"count": 1}, {"z": 0.0}, {"z": math.nan}])
def test_policies_that_cannot_be(wrong):
    with pytest.raises(ConfigError, match="count at least 2 and z above 0"):
        Replication(**wrong)
