"""Curves, ticks, and numbers for readers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import shown, view_of

from skdecide_elm.llm.ledger import Entry
from skdecide_elm.report.charts import budget_chart, score_chart, staircase
from skdecide_elm.report.colours import VIRIDIS, colour, shares
from skdecide_elm.report.formatting import number, percent, ticks

FINITE = st.floats(-1e12, 1e12, allow_subnormal=False)


def points_of(line):
    return [tuple(map(float, point.split(","))) for point in line.points.split(" ")]


@given(FINITE, FINITE)
def test_ticks_are_few_and_within_the_axis(low, high):
    found = ticks(min(low, high), max(low, high))
    assert 1 <= len(found) <= 8
    slack = 1e-6 * (abs(low) + abs(high))
    assert all(min(low, high) - slack <= tick <= max(low, high) + slack for tick in found)
    assert found == sorted(found)


def test_ticks_are_round():
    assert ticks(-0.9, 3.2) == [0.0, 1.0, 2.0, 3.0]
    assert ticks(0, 100) == [0, 20, 40, 60, 80, 100]


def test_the_best_score_is_a_staircase_up_to_the_last_step():
    view = view_of(shown("0", score=-3.0), shown("4", score=-1.0), shown("9", score=-2.0), steps=10)
    assert staircase(view) == [(0, -3), (4, -3), (4, -1), (10, -1)]
    [line] = score_chart(view).lines
    across, down = zip(*points_of(line), strict=True)
    assert (across[0], across[-1]) == (0, 100)
    assert list(down) == sorted(down, reverse=True), "upwards is better"


def test_a_bad_start_does_not_hide_what_comes_later():
    programs = [shown("0", score=-1e6), *(shown(str(step), score=-1.0 / step) for step in range(1, 30))]
    chart = score_chart(view_of(*programs))
    below = [dot.program for dot in chart.dots if dot.is_below]
    assert "0" in below
    heights = {dot.y for dot in chart.dots if not dot.is_below}
    assert max(heights) - min(heights) > 50


def test_programs_that_failed_and_copies_are_no_dots():
    view = view_of(shown("0"), shown("1", score=-math.inf), shown("2", parents=["0"], is_copy=True))
    assert [dot.program for dot in score_chart(view).dots] == ["0"]


def test_without_a_valid_program_there_is_no_curve():
    assert score_chart(view_of(shown("0", score=-math.inf))) is None


@pytest.mark.parametrize(("price", "axis"), [(0.25, "cost"), (0.0, "tokens")])
def test_the_budget_is_money_where_prices_are_known(price, axis):
    entries = [Entry("diff", "m", prompt_tokens=30, completion_tokens=10, cost=price * n) for n in range(4)]
    chart = budget_chart(entries)
    assert chart.y_name == axis
    across, down = zip(*points_of(chart.lines[0]), strict=True)
    assert across == pytest.approx((0, 25, 50, 75, 100))
    assert list(down) == sorted(down, reverse=True)
    assert down[0] == 100
    assert down[-1] < 10
    assert budget_chart([]) is None


def test_colours_go_from_the_worst_to_the_best():
    share = shares([-1e9, -2.0, -1.0, -2.0, 5.0])
    found = [share(score) for score in (-1e9, -2.0, -1.0, 5.0)]
    assert found == pytest.approx([0, 1 / 3, 2 / 3, 1]), "by rank, whatever the scale"
    assert (colour(0.0), colour(1.0)) == (VIRIDIS[0], VIRIDIS[-1])
    assert [colour(n / (len(VIRIDIS) - 1)) for n in range(len(VIRIDIS))] == list(VIRIDIS)
    assert shares([7.0])(7.0) == 1.0


def test_numbers():
    assert number(None) == number(math.nan) == "–"
    assert number(-math.inf) == "−∞"
    assert number(-0.12345678) == "−0.123457"
    assert (percent(0.0), percent(0.001), percent(0.5)) == ("0%", "<1%", "50%")
