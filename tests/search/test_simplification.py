"""Leaving out what a program does not need."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.programs.normal_form import normal_form
from skdecide_elm.search.simplification import simplified

SUM = "def value(x):\n    return {}\n"


def value(code, x):
    names = {}
    exec(code, names)
    return names["value"](x)


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=6))
def test_what_changes_nothing_goes_and_what_changes_something_stays(weights):
    code = SUM.format(" + ".join(f"{weight} * x**{power}" for power, weight in enumerate(weights)))
    asked = []

    def is_as_good(other):
        asked.append(other)
        return all(value(other, x) == value(code, x) for x in range(-3, 4))

    left = simplified(code, is_as_good, 100)
    needed = [f"{weight} * x**{power}" for power, weight in enumerate(weights) if weight] or ["0 * x**0"]
    if any(weights):
        assert normal_form(left) == normal_form(SUM.format(" + ".join(needed)))
    else:
        assert left.count("*") == 3  # one of them, whichever
    assert len(asked) <= len(weights)


@pytest.mark.parametrize("trials", [1, 2])
def test_no_more_trials_than_wanted(trials):
    asked = []
    simplified(SUM.format("x + 0 + 0 + 0"), lambda code: asked.append(code) or True, trials)
    assert len(asked) == trials
