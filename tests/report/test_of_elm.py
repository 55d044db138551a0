"""What a report knows of a search by ELM, on every kind of archive and on the baselines."""

import math
from functools import partial

import pytest
from searches import STRATEGIES, Step, evaluate, map_elites, run, search_for

from skdecide_elm.report.of_elm import view_of_search
from skdecide_elm.search.archives import GridProgramArchive
from skdecide_elm.search.map_elites import MapElites

MAPS = [name for name, make in STRATEGIES.items() if isinstance(make(), MapElites)]


def searched(name, steps=60, **settings):
    return run(search_for(STRATEGIES[name](), **settings), steps, Step(fail_every=7))


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_numbers_are_those_of_the_search(name):
    search = searched(name, save_history=True)
    view = view_of_search(search, {})
    assert view.best == search.best.id
    assert view.steps == 60
    assert len(view.programs) == view.evaluations == search.statistics.evaluations
    assert sum(not own.is_valid for own in view.programs.values()) == view.invalid
    assert [own.step for own in view.programs.values()] == sorted(own.step for own in view.programs.values())
    assert {(own.step, own.score) for own in view.programs.values()} >= set(view.improvements)
    assert {found.kind: found.count for found in view.failures if found.group == "request"} == {"ConnectionError": 8}


@pytest.mark.parametrize("name", MAPS)
def test_every_elite_has_one_place_on_the_map(name):
    search = searched(name)
    view = view_of_search(search, {})
    [drawn] = view.maps
    placed = [program for spot in drawn.spots for program in spot.programs]
    assert sorted(placed) == sorted(elite.program.id for elite in search.strategy.archive.elites)
    assert len({(spot.x, spot.y) for spot in drawn.spots}) == len(drawn.spots)
    for spot in drawn.spots:
        scores = [view.programs[program].score for program in spot.programs]
        assert scores == sorted(scores, reverse=True)
        limits = drawn.grid or (1 + 1e-9, 1 + 1e-9)
        assert 0 <= spot.x < limits[0] and 0 <= spot.y < limits[1]


@pytest.mark.parametrize("name", [name for name in MAPS if name not in ("cvt", "proximity")])
def test_a_program_lies_between_the_edges_of_its_cell(name):
    view = view_of_search(searched(name), {})
    [drawn] = view.maps
    for axis, dimension in enumerate(drawn.dimensions):
        edges = (-math.inf, *dimension.edges[1:-1], math.inf)  # what is beyond the bounds is in the outermost cells
        assert list(edges) == sorted(edges)
        assert len(edges) == drawn.grid[axis] + 1
        for spot in drawn.spots:
            column = int((spot.x, spot.y)[axis])
            for program in spot.programs:
                value = view.programs[program].program.evaluation.metrics[dimension.name]
                assert edges[column] - 1e-6 <= value <= edges[column + 1] + 1e-6


def test_places_without_cells_keep_the_order_of_the_measures():
    view = view_of_search(searched("proximity"), {})
    [drawn] = view.maps
    assert drawn.grid is None
    by_place = sorted(drawn.spots, key=lambda spot: spot.x)
    values = [view.programs[spot.programs[0]].program.evaluation.metrics["x"] for spot in by_place]
    assert values == sorted(values)


def test_of_a_map_with_three_dimensions_two_are_shown():
    search = run(
        search_for(
            MapElites(
                partial(GridProgramArchive, dims=(3, 4, 5)),
                type(map_elites().descriptor)([*map_elites().descriptor.features, "combined_score"]),
            )
        ),
        40,
    )
    [drawn] = view_of_search(search, {}).maps
    assert drawn.grid == (3, 4)
    assert "combined_score cannot be seen" in drawn.remark
    assert sum(len(spot.programs) for spot in drawn.spots) == len(search.strategy.archive.elites)


def test_nothing_is_shown_of_a_search_that_has_not_begun():
    view = view_of_search(search_for(map_elites()), {})
    assert (view.best, view.maps, view.improvements, view.programs) == (None, (), (), {})


def test_of_a_program_with_replicates_the_last_score_is_shown():
    from skdecide_elm.search.replication import Replication

    search = run(search_for(map_elites(), replication=Replication(4)), 40, evaluate=evaluate)
    assert search.statistics.replicates > 0
    view = view_of_search(search, {})
    assert view.programs[search.best.id].program is search.best
