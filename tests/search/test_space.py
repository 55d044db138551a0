"""Behaviour space: given, learned, chosen; and the place of a program in it."""

import json
import logging
import math
from bisect import bisect_right
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from searches import program

from skdecide_elm.core import Evaluation, Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.measures import Feature
from skdecide_elm.search.space import Descriptor, Scale

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300)


@given(VALUES, st.floats(-2e6, 2e6), st.floats(-2e6, 2e6))
def test_a_scale_keeps_the_order(values, one, other):
    scale = Scale.learned(values)
    assert 0.0 <= scale(min(one, other)) <= scale(max(one, other)) <= 1.0


@given(VALUES)
def test_a_scale_has_room_on_both_sides_and_reaches_them(values):
    scale = Scale.learned(values)
    assert scale(min(values)) == pytest.approx(0.05)
    assert scale(max(values)) == pytest.approx(0.95) or len(set(values)) == 1
    assert scale(math.nextafter(scale.knots[0], -math.inf)) == 0.0
    assert scale(math.nextafter(scale.knots[-1], math.inf)) == 1.0


@given(st.sets(st.integers(-(10**6), 10**6), min_size=2, max_size=90))
def test_different_values_are_spread_evenly_however_they_are_distributed(values):
    scale = Scale.learned([float(value) for value in values] + [float(min(values))] * 20)
    places = [scale(float(value)) for value in sorted(values)]
    steps = [right - left for left, right in pairwise(places)]
    assert steps == pytest.approx([0.9 / len(steps)] * len(steps))


def test_of_many_values_a_hundred_are_kept():
    scale = Scale.learned(map(float, range(10_000)))
    assert len(scale.knots) == 100
    assert scale(5000.0) == pytest.approx(0.5, abs=0.01)
    assert bisect_right(scale.knots, 9999.0) == 100


def test_a_place_is_made_of_metrics_code_features_and_functions():
    descriptor = Descriptor(
        [Feature("steps", (0, 9)), Feature("code_length", (0, 9)), Feature("id", (0.0, 9.0), lambda p: float(p.id))]
    )
    assert descriptor.space(program("7", 0, steps=3.5)) == (3.5, 1.0, 7.0)
    assert descriptor.space.bounds == ((0, 9), (0, 9), (0, 9))
    assert Descriptor(["steps", Feature("id", (0, 1))]).space is None


def learned(*features, programs, **settings):
    return Descriptor(features, **settings).learn(programs)


@pytest.mark.parametrize("evaluation", [Evaluation.invalid("no"), Evaluation({"combined_score": 0.0, "a": 1.0})])
def test_programs_without_a_place(evaluation):
    assert Descriptor([Feature("a", (0, 1)), Feature("b", (0, 1))]).space(Program("0", "", evaluation)) is None


def test_a_metric_that_is_no_number_gives_no_place():
    space = learned("a", "code_length", programs=[program("0", 0, a=1.0)])
    assert space(program("1", 0, a=math.inf)) is None
    assert space(program("1", 0, a=1.0)) is not None


def test_scales_are_learned_where_no_bounds_are_given_and_said(caplog):
    caplog.set_level(logging.INFO, "skdecide_elm")
    programs = [program(n, 0, a=a, b=b) for n, (a, b) in enumerate([(0.0, 5.0), (8.0, 7.0), (4.0, 6.0)])]
    space = learned("a", Feature("b", (0.0, 9.0)), programs=[*programs, Program("x", "", Evaluation.invalid("no"))])
    assert space.bounds == ((0.0, 1.0), (0.0, 9.0))
    assert space(programs[2]) == pytest.approx((0.5, 6.0))
    assert "learned from 3 programs and frozen: a 0 … 8, b 0 … 9" in caplog.text


def test_without_any_program_there_is_a_space_all_the_same():
    assert learned("a", "b", programs=[])(program("0", 0, a=0.0, b=9.0)) == (0.05, 1.0)


def test_the_two_features_are_chosen_that_vary_most_together():
    programs = [program(n, 0, same=1.0, twin=n % 3, a=n // 3, b=n % 3) for n in range(9)]
    space = learned("same", "a", "b", "twin", "missing", programs=programs, choose_two=True)
    assert [feature.name for feature in space.features] == ["a", "b"]
    assert len({space(found) for found in programs}) == 9


def test_two_features_of_the_code_do_not_make_a_behaviour():
    programs = [Program(str(n), "x\n" * n, Evaluation({"combined_score": 0.0, "a": 1.0})) for n in range(9)]
    space = learned("ast_nodes", "code_length", "a", programs=programs, choose_two=True)
    assert [feature.name for feature in space.features] == ["ast_nodes", "a"]


def test_a_space_comes_back_from_json():
    programs = [program(n, 0, a=n**2, b=-n, c=0.5) for n in range(5)]
    descriptor = Descriptor(["a", "b", Feature("c", (0, 1))], choose_two=True)
    space = descriptor.learn(programs)
    again = descriptor.restored(json.loads(json.dumps(space.to_json())))
    assert again == space
    with pytest.raises(KeyError):
        Descriptor(["b", "c"]).restored(space.to_json())


@pytest.mark.parametrize("features", [[], ["a"], ["a", "a"]])
def test_two_or_more_different_features(features):
    with pytest.raises(ConfigError, match="two or more different features"):
        Descriptor(features)
