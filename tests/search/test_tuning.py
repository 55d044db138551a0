import math
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.search.tuning import ChoiceSearch, CompassSearch, Range, RangeSearch, search_for_constants

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
    return -(values["gain"] ** 2) - math.log(max(values["step"], 1e-3) / 0.1) ** 2 - (values["depth"] - 7) ** 2


def test_it_finds_the_optimum_on_every_scale():
    score, values = _best(RangeSearch(RANGES, seed=0), _distance, 60)
    assert score > -0.05 and values["depth"] == 7


CHOICES = {name: Range(0, 3, "choice", 0) for name in ("gain", "step", "depth")}
WANTED = {"gain": 2, "step": 3, "depth": 1}


def _agreement(values):
    return -sum(values[name] != wanted for name, wanted in WANTED.items())


def test_it_finds_the_best_choices_and_is_stuck_then():
    search = ChoiceSearch(CHOICES, seed=0)
    score, values = _best(search, _agreement, 9)
    assert (score, values) == (0, WANTED)
    assert not search.is_stuck(2)
    assert search.is_stuck(3)  # 12 constants; the best has 9 variants


def test_choices_begin_with_the_start_and_vary_the_best_in_one_place_each():
    search = ChoiceSearch(CHOICES, seed=0)
    asked = [search.ask()[1] for _ in range(search.generation_size)]
    assert asked[0] == {"gain": 0, "step": 0, "depth": 0}
    assert all(list(values.values()).count(0) == 2 for values in asked[1:])
    assert len({tuple(values.items()) for values in asked}) == len(asked)
    for number, values in enumerate(asked):
        search.tell(number, 1.0 if values == asked[2] else 0.0)
    while (following := search.ask()) is not None:
        assert sum(following[1][name] != asked[2][name] for name in CHOICES) == 1


def test_what_is_as_good_takes_the_place_of_the_best():
    search = ChoiceSearch(CHOICES, seed=0)
    tables = set()
    for _ in range(30):
        for number, values in [search.ask() for _ in range(search.generation_size)]:
            search.tell(number, 0.0)
            tables.add(tuple(values.values()))
    assert max(sum(map(bool, table)) for table in tables) == 3


WHOLE = {name: Range(0, 100, "int", 50) for name in ("gain", "step", "depth")}


def _nearness(values):
    return -sum(abs(values[name] - wanted) for name, wanted in zip(WHOLE, (0, 50, 93), strict=True))


def test_whole_numbers_are_found_one_by_one_and_the_search_is_stuck_then():
    search = CompassSearch(WHOLE)
    _best(search, _nearness, 6)
    assert not search.is_stuck(0)
    score, values = _best(search, _nearness, 40)
    assert (score, values) == (0, {"gain": 0, "step": 50, "depth": 93})
    assert search.is_stuck(0)


def test_neighbours_lie_a_step_away_which_is_halved_where_neither_is_better():
    search = CompassSearch({"depth": Range(0, 40, "int", 20)}, step=0.2)
    for steps in (8, 4, 2, 1, 1):
        asked = [search.ask() for _ in range(search.generation_size)]
        assert [values["depth"] for _, values in asked] == [20, 20 + steps, 20 - steps]
        for number, values in asked:
            search.tell(number, float(values["depth"] == 20))


@pytest.mark.parametrize("search", [partial(RangeSearch, RANGES), partial(ChoiceSearch, CHOICES)])
def test_only_comparisons_of_scores_matter(search):
    plain = _best(search(seed=1), _distance, 10)
    bent = _best(search(seed=1), lambda values: 1e6 - math.exp(-_distance(values)), 10)
    assert plain[1] == bent[1]


@pytest.mark.parametrize("made", [partial(RangeSearch, RANGES), partial(ChoiceSearch, CHOICES)])
def test_the_order_of_results_does_not_matter(made):
    searches = [made(seed=2) for _ in range(2)]
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


@pytest.mark.parametrize("step", [0.01, 0.25])
@given(st.integers(-3, 3), st.integers(1, 9), st.sampled_from([-math.inf, math.nan, 0.0]))
def test_whole_numbers_stay_within_their_bounds(step, low, size, score):
    search = CompassSearch({"depth": Range(low, low + size, "int", low + size // 2)}, step)
    for _ in range(6):
        for number, values in [search.ask() for _ in range(search.generation_size)]:
            assert low <= values["depth"] <= low + size
            search.tell(number, score)
    assert search.is_stuck(0)


@pytest.mark.parametrize(("kinds", "search"), [(["int"], CompassSearch), (["int", "linear"], RangeSearch)])
def test_the_search_suits_the_constants(kinds, search):
    bounds = {f"C{number}": (1, 9, kind) for number, kind in enumerate(kinds)}
    values = "".join(f"    {name} = 2\n" for name in bounds)
    assert type(search_for_constants(f"class Planner:\n    TUNABLES = {bounds}\n{values}", seed=0)) is search


def test_numbers_are_searched_before_choices():
    code = """class Planner:
    TUNABLES = {"CHOICES": (0, 3, "choice"), "X": (0.0, 1.0)}
    X = 0.5
    CHOICES = (0, 0)
"""
    search = search_for_constants(code, seed=0)
    assert {name for _, values in [search.ask() for _ in range(3)] for name in values} == {"Planner.X"}
    search = search_for_constants(code.replace("X = 0.5", "pass"), seed=0)
    assert search.ask()[1].keys() == {"Planner.CHOICES[0]", "Planner.CHOICES[1]"}
