"""Selection by rank, on the scores that OpenEvolve's own selection cannot tell apart."""

import itertools
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openevolve.config import DatabaseConfig
from openevolve.database import Program

from skdecide_elm.backends.openevolve.database import Database, OrderedSet, score
from skdecide_elm.backends.openevolve.randomness import GlobalRandom
from skdecide_elm.search import rank_weights

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
anything = st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=30)


@given(anything)
def test_weights_are_a_distribution(scores):
    weights = rank_weights(scores)
    assert len(weights) == len(scores)
    assert all(weight >= 0 for weight in weights)
    if scores:
        assert math.fsum(weights) == pytest.approx(1)


@given(anything)
def test_invalid_programs_have_no_weight_while_there_are_others(scores):
    weights = rank_weights(scores)
    if any(map(math.isfinite, scores)):
        assert all((weight > 0) is math.isfinite(score) for score, weight in zip(scores, weights, strict=True))
    elif scores:
        assert weights == [pytest.approx(1 / len(scores))] * len(scores)


@given(st.lists(finite, min_size=1, max_size=30))
def test_better_means_heavier_and_equal_means_equal(scores):
    by_score = sorted(zip(scores, rank_weights(scores), strict=True))
    for (worse, light), (better, heavy) in itertools.pairwise(by_score):
        assert light == heavy if worse == better else light < heavy


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=30), st.integers(-(10**6), 10**6))
def test_sign_and_offset_do_not_matter(scores, offset):
    assert rank_weights([score + offset for score in scores]) == rank_weights(scores)


@given(st.lists(finite, min_size=2, max_size=30, unique=True))
def test_the_pressure_from_best_to_worst(scores):
    weights = rank_weights(scores, pressure=3.0)
    assert max(weights) / min(weights) == pytest.approx(math.exp(3.0))


# --- the database


def database(scores, seed=0, **settings):
    """A database with programs of one island, by score."""
    made = Database(DatabaseConfig(**{"num_islands": 1, "feature_bins": 50, **settings}), GlobalRandom(seed))
    for number, value in enumerate(scores):
        metrics = {"combined_score": value, "cost": -value}
        program = Program(id=f"p{number}", code=f"x = 'program {number}'" + "\n" * number * 7, metrics=metrics)
        made.add(program, number, 0)
    return made


def drawn(made, count=2000):
    return Counter(made.sample_from_island(0)[0].id for _ in range(count))


def test_pressure_on_negative_scores():
    made = database([-40.0, -10.0, -20.0, -30.0], exploration_ratio=0.0, exploitation_ratio=0.0)
    counts = drawn(made)
    assert counts["p1"] > counts["p2"] > counts["p3"] > counts["p0"] > 0
    assert counts["p1"] > 10 * counts["p0"]


def test_invalid_programs_are_parents_by_exploration_only():
    scores = [-5.0, -math.inf, -6.0, -math.inf]
    assert set(drawn(database(scores, exploration_ratio=0.0, exploitation_ratio=0.5))) == {"p0", "p2"}
    assert "p1" in set(database(scores).programs) & set(drawn(database(scores, exploration_ratio=1.0)))


def test_elites_are_the_best():
    made = database([-3.0, -math.inf, -1.0, -2.0], exploration_ratio=0.0, exploitation_ratio=1.0)
    assert set(drawn(made)) == {"p2"}


def test_inspirations_are_valid_distinct_and_not_the_parent():
    made = database([-5.0, -math.inf, -6.0, -7.0, -8.0, -math.inf, -9.0])
    made.add(Program(id="twin", code=made.programs["p0"].code, metrics={"combined_score": -5.0}), 9, 0)
    for _ in range(50):
        parent, inspirations = made.sample_from_island(0, 3)
        codes = [program.code for program in [parent, *inspirations]]
        assert len(set(codes)) == len(codes) == 4
        assert all(math.isfinite(score(program)) for program in inspirations)
    assert made.sample_from_island(0, 0)[1] == []


@pytest.mark.parametrize("bad", [-math.inf, math.inf, math.nan])
def test_invalid_programs_touch_no_scale_no_average_and_are_never_the_best(bad):
    settings = {"feature_dimensions": ["cost", "score", "complexity"]}
    clean, poisoned = database([-1.0, -3.0], **settings), database([-1.0, bad, -3.0, bad], **settings)
    for stats in poisoned.feature_stats.values():
        assert math.isfinite(stats["min"]) and math.isfinite(stats["max"])
    assert poisoned.feature_stats["cost"] == clean.feature_stats["cost"]
    assert poisoned.feature_stats["score"] == clean.feature_stats["score"]
    [island] = poisoned.get_island_stats()
    assert (island["best_score"], island["average_score"]) == (-1.0, -2.0)
    assert poisoned.get_best_program().id == "p0"
    assert score(poisoned.best_of_island(0, 9)[0]) == -1.0
    assert len(poisoned.best_of_island(0, 9)) == 2


def test_an_invalid_first_program_gives_way():
    made = database([math.nan, -100.0])
    assert made.get_best_program().id == "p1"


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_of_equals_the_best_is_the_earliest_in_whatever_order_they_come_in(order):
    made = database([-5.0])
    for iteration in order:
        program = Program(id=f"late{iteration}", code=f"y = {iteration}", metrics={"combined_score": -1.0})
        made.add(program, iteration, 0)
    assert made.get_best_program().id == "late1"
    assert len(made.programs) == 4


def test_an_island_of_invalid_programs_has_parents():
    made = database([-math.inf, -math.inf])
    parent, inspirations = made.sample_from_island(0)
    assert parent.id in {"p0", "p1"} and inspirations == []
    assert made.get_island_stats()[0]["average_score"] == 0.0


def test_an_empty_island_borrows_from_all():
    made = database([-1.0, -2.0], num_islands=3)
    assert made.sample_from_island(2)[0].id in made.programs


def test_ordered_set_keeps_the_order_of_insertion():
    items = OrderedSet("cab")
    items.add("a")
    items.discard("c")
    items.discard("z")
    items.add("c")
    assert list(items) == ["a", "b", "c"] and "a" in items and len(items) == 3
