import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.search.tuning import Range, RangeSearch

RANGES = {
    "gain": Range(-4.0, 4.0, "linear", 3.0),
    "step": Range(1e-3, 10.0, "log", 1.0),
    "depth": Range(1, 9, "int", 2),
}


def _best(search, score, generations):
    """The best constants and their score after some generations."""
    best = (-math.inf, {})
    for _ in range(generations):
        asked = [search.ask() for _ in range(search.generation_size)]
        assert search.ask() is None
        for number, values in reversed(asked):
            best = max(best, (score(values), values), key=lambda pair: pair[0])
            search.tell(number, score(values))
    return best


def _distance(values):
    return -(values["gain"] ** 2) - math.log(values["step"] / 0.1) ** 2 - (values["depth"] - 7) ** 2


def test_it_finds_the_optimum_on_every_scale():
    score, values = _best(RangeSearch(RANGES, seed=0), _distance, 60)
    assert score > -0.05 and values["depth"] == 7


def test_only_comparisons_of_scores_matter():
    plain = _best(RangeSearch(RANGES, seed=1), _distance, 10)
    bent = _best(RangeSearch(RANGES, seed=1), lambda values: 1e6 - math.exp(-_distance(values)), 10)
    assert plain[1] == bent[1]


def test_the_order_of_results_does_not_matter():
    searches = [RangeSearch(RANGES, seed=2) for _ in range(2)]
    for order in (1, -1):
        search = searches.pop()
        asked = [search.ask() for _ in range(search.generation_size)][::order]
        for number, values in asked:
            search.tell(number, _distance(values))
        following = search.ask()
        searches.insert(0, following)
    assert searches[0] == searches[1]


@given(st.integers(0, 2**31 - 1), st.sampled_from(sorted(RANGES)), st.sampled_from([-math.inf, math.nan, 0.0]))
def test_all_constants_stay_within_their_bounds(seed, name, score):
    span = RANGES[name]
    search = RangeSearch({name: span}, seed)
    for _ in range(3):
        for number, values in [search.ask() for _ in range(search.generation_size)]:
            assert values.keys() == {name} and span.low <= values[name] <= span.high
            assert span.scale != "int" or values[name] == int(values[name])
            search.tell(number, score)
    assert search.generation == 3


@pytest.mark.parametrize("span", RANGES.values(), ids=list(RANGES))
def test_the_unit_interval_maps_to_the_bounds(span):
    assert [span.from_unit(share) for share in (0, 1)] == pytest.approx([span.low, span.high])
    assert span.from_unit(span.to_unit(span.start)) == pytest.approx(span.start)
