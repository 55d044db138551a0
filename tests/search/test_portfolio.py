"""Portfolios: the greedy choice of programs that complement each other."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.errors import ConfigError
from skdecide_elm.search.portfolio import greedy_portfolio


def value(scores, rows):
    return sum(max(scores[row][column] for row in rows) for column in range(len(scores[0])))


def test_specialists_complement_the_generalist():
    scores = [[5, 5, 5, 5], [9, 9, 0, 0], [0, 0, 7, 7], [4, 4, 4, 4]]
    assert greedy_portfolio(scores, 3) == [0, 1, 2]
    assert greedy_portfolio(scores, 1) == [0]


def test_who_adds_nothing_is_left_out():
    assert greedy_portfolio([[1, 1], [1, 1], [0, 1]], 3) == [0]


tables = st.integers(1, 4).flatmap(
    lambda columns: st.lists(st.lists(st.integers(-5, 5), min_size=columns, max_size=columns), min_size=1, max_size=6)
)


@given(tables, st.integers(1, 4))
def test_the_gain_over_the_best_single_row_is_within_the_bound(scores, size):
    chosen = greedy_portfolio(scores, size)
    assert 1 <= len(set(chosen)) == len(chosen) <= size
    single = max(sum(row) for row in scores)
    assert sum(scores[chosen[0]]) == single
    most = max(
        value(scores, (chosen[0], *rows))
        for rows in itertools.combinations(range(len(scores)), min(size, len(scores)) - 1)
    )
    assert value(scores, chosen) - single >= (1 - 1 / math.e) * (most - single) - 1e-9


@pytest.mark.parametrize(("scores", "size"), [([], 1), ([[1]], 0), ([[1], [1, 2]], 1), ([[]], 1)])
def test_what_cannot_be(scores, size):
    with pytest.raises(ConfigError, match="expected a portfolio"):
        greedy_portfolio(scores, size)
