"""Who is a parent and who stays, by strategy."""

import math
import random

import pytest
from searches import program

from skdecide_elm.core import Evaluation, Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.archives import GridProgramArchive
from skdecide_elm.search.baselines import BestOfN, OnePlusOne, RandomSearch
from skdecide_elm.search.genetic import GeneticAlgorithm
from skdecide_elm.search.map_elites import MapElites
from skdecide_elm.search.measures import Feature
from skdecide_elm.search.space import Descriptor

RNG = random.Random(0)


def ids(programs):
    return [found.id for found in programs]


def scores(programs):
    return sorted(found.evaluation.combined_score for found in programs)


def invalid(name):
    return Program(name, "", Evaluation.invalid("no"))


STRATEGIES = {
    "map": lambda: MapElites(GridProgramArchive, Descriptor([Feature("x", (0.0, 1.0)), Feature("y", (0.0, 1.0))])),
    "learning map": lambda: MapElites(GridProgramArchive, Descriptor(["x", "y"])),
    "genetic": lambda: GeneticAlgorithm(4),
    "(1+1)": OnePlusOne,
    "best of n": BestOfN,
    "random": RandomSearch,
}
every_strategy = pytest.mark.parametrize("make", STRATEGIES.values(), ids=STRATEGIES)


@every_strategy
def test_the_best_is_the_best_valid_one(make):
    strategy = make()
    assert strategy.best is None
    assert not strategy.insert(invalid("a"))
    assert strategy.best is None
    for name, score in [("b", -5), ("c", -3), ("d", -4)]:
        strategy.insert(program(name, score, x=0.5, y=0.5))
    assert strategy.best.id == "c"


@every_strategy
def test_a_best_that_turns_out_worse_is_known_as_such(make):
    strategy = make()
    strategy.insert(program("a", 1, x=0.1, y=0.1))
    strategy.update(program("a", -1, x=0.1, y=0.1))
    assert strategy.best.evaluation.combined_score == -1
    strategy.update(program("unknown", 5, x=0.1, y=0.1))
    assert strategy.best.id == "a"
    strategy.update(invalid("a"))
    assert strategy.best is None
    assert strategy.parents(2, RNG) in ([], [None]) or isinstance(strategy, RandomSearch)


def test_a_map_keeps_the_best_of_each_cell():
    found = STRATEGIES["map"]()
    for name, score, x in [("a", 1, 0.1), ("b", 2, 0.1), ("c", 0, 0.9), ("d", 9, math.nan)]:
        found.insert(program(name, score, x=x, y=0.5))
    assert ids(found.elites) == ["b", "c"]
    assert found.best.id == "d"  # it has no place, and is the best all the same
    assert set(ids(found.parents(5, RNG))) == {"b", "c"}
    assert found.rival(program("e", 0, x=0.1, y=0.5)).id == "b"
    assert found.rival(program("e", 0, x=0.5, y=0.5)) is None
    found.update(program("b", -1, x=0.9, y=0.5))  # behaves otherwise, and is worse there
    assert ids(found.elites) == ["c"]


def test_curiosity_follows_the_fate_of_children():
    found = STRATEGIES["map"]()
    found.insert(program("a", 1, x=0.1, y=0.5))

    def child(name, x):
        return Program(name, "", Evaluation({"combined_score": 0.0, "x": x, "y": 0.5}), ("a", "gone"))

    assert found.insert(child("b", 0.9))
    assert not found.insert(child("c", 0.1))
    assert not found.insert(child("d", 0.1))
    assert found.archive.elites.find("a").curiosity == 1.0 - 0.5 - 0.5


def test_a_learning_map_waits_for_the_end_of_the_initial_phase():
    found = STRATEGIES["learning map"]()
    for name, x in [("a", 0.0), ("b", 10.0)]:
        assert found.insert(program(name, 1, x=x, y=x))
    assert (found.archive, found.elites, found.parents(1, RNG), found.examples(3, RNG)) == (None, [], [], [])
    assert found.rival(program("c", 0, x=0.0, y=0.0)) is None
    found.end_initial_phase()
    assert found.archive.bounds == ((0.0, 1.0), (0.0, 1.0))
    assert found.archive.elites.find("b").measures == pytest.approx((0.95, 0.95))
    assert ids(found.elites) == ["a", "b"]
    archive = found.archive
    found.end_initial_phase()
    assert found.archive is archive


def test_a_genetic_algorithm_replaces_the_worst():
    found = GeneticAlgorithm(3, tournament_size=2)
    for name, score in [("a", 1), ("b", 2), ("c", 3)]:
        assert found.rival(program("z", 0)) is None
        assert found.insert(program(name, score))
    assert found.rival(program("z", 0)).id == "a"
    assert not found.insert(program("d", 1))
    assert found.insert(program("e", 2.5))
    assert scores(found.population) == [2, 2.5, 3]
    assert len(set(ids(found.parents(3, RNG)))) == 3
    assert ids(found.examples(2, RNG)) == ["c", "e"]


@pytest.mark.parametrize("wrong", [{"population_size": 1}, {"tournament_size": 0}])
def test_a_genetic_algorithm_needs_a_population(wrong):
    with pytest.raises(ConfigError, match="population_size of at least 2"):
        GeneticAlgorithm(**wrong)


def test_one_plus_one_drifts_over_plateaus_and_never_falls():
    found = OnePlusOne()
    assert [found.insert(program(name, score)) for name, score in [("a", 1), ("b", 1), ("c", 0)]] == [True, True, False]
    assert ids(found.parents(2, RNG)) == ["b"]


def test_best_of_n_has_no_parents_but_the_initial_programs():
    found = BestOfN()
    found.insert(program("a", 1))
    assert found.parents(2, RNG) == []


def test_random_search_does_not_care_for_scores():
    found = RandomSearch()
    for name, score in [("a", 1), ("b", -9)]:
        found.insert(program(name, score))
    assert {found.parents(1, random.Random(seed))[0].id for seed in range(20)} == {"a", "b"}
