"""Deep Grid, to the contract of pyribs' archives."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ribs.archives import AddStatus, GridArchive

from skdecide_elm.search.deep_grid import DeepGridArchive

RANGES = [(0, 1), (0, 1)]


def deep(depth=3, seed=0, **settings):
    return DeepGridArchive(solution_dim=2, dims=(2, 2), ranges=RANGES, depth=depth, seed=seed, **settings)


def add(archive, objective, measures=(0.1, 0.1)):
    return archive.add_single([objective, 0.0], objective, measures)


def test_a_cell_fills_up_whatever_the_objectives():
    archive = deep()
    infos = [add(archive, objective) for objective in (3, 1, 2)]
    assert [info["status"] for info in infos] == [AddStatus.NEW, AddStatus.IMPROVE_EXISTING, AddStatus.IMPROVE_EXISTING]
    assert [float(info["value"]) for info in infos] == [3.0, -2.0, -1.0]
    assert [int(info["index"]) for info in infos] == [0, 1, 2]
    assert sorted(archive.data("objective")) == [1, 2, 3]


def test_a_full_cell_gives_each_place_away_but_that_of_its_best():
    places = {int(add(filled, 0)["index"]) for filled in map(_full, range(30))}
    assert places == {1, 2}
    assert {int(add(filled, 9)["index"]) for filled in map(_full, range(30))} == {0, 1, 2}


def test_by_the_law_of_the_paper_the_best_may_go_too():
    assert {int(add(_full(seed, protect_best=False), 0)["index"]) for seed in range(30)} == {0, 1, 2}


def _full(seed, **settings):
    archive = deep(seed=seed, **settings)
    for objective in (5, 1, 2):
        add(archive, objective)
    return archive


def test_without_depth_a_worse_solution_finds_no_place():
    archive = deep(depth=1)
    add(archive, 5)
    info = add(archive, 4)
    assert (info["status"], info["index"], info["value"]) == (AddStatus.NOT_ADDED, -1, -1)
    assert archive.data("objective").tolist() == [5]


points = st.lists(st.tuples(st.integers(-9, 9), st.floats(0, 1), st.floats(0, 1)), max_size=40)


@settings(deadline=None, max_examples=40)
@given(points)
def test_with_depth_1_it_is_a_grid(found):
    ours, grid = deep(depth=1), GridArchive(solution_dim=2, dims=(2, 2), ranges=RANGES)
    for number, (objective, x, y) in enumerate(found):
        infos = [archive.add_single([number, 0], objective, (x, y)) for archive in (ours, grid)]
        assert infos[0]["status"] == infos[1]["status"]
        assert infos[0]["value"] == infos[1]["value"]
    for field in ("solution", "objective", "measures", "index"):
        assert ours.data(field).tolist() == grid.data(field).tolist()
    assert math.isclose(ours.stats.qd_score, grid.stats.qd_score, abs_tol=1e-9)
    assert (len(ours), ours.stats.coverage, ours.empty) == (len(grid), grid.stats.coverage, grid.empty)
    assert ours.stats.obj_max == grid.stats.obj_max


@settings(deadline=None, max_examples=40)
@given(points, st.integers(1, 4))
def test_statistics_follow_from_the_data(found, depth):
    archive = deep(depth=depth)
    for objective, x, y in found:
        add(archive, objective, (x, y))
    cells = {}
    for elite in archive:
        cells.setdefault(int(archive.index_of_single(elite["measures"])), []).append(float(elite["objective"]))
    assert all(len(held) <= depth for held in cells.values())
    stats = archive.stats
    assert stats.num_elites == len(archive) == sum(map(len, cells.values()))
    assert stats.coverage == len(cells) / 4
    assert stats.qd_score == sum(map(max, cells.values()))
    assert archive.empty is (not found)
    assert (archive.best_elite is None) is archive.empty


def test_retrieve_gives_the_best_of_a_cell():
    occupied, data = _full(0).retrieve([(0.2, 0.2), (0.9, 0.9)])
    assert occupied.tolist() == [True, False]
    assert data["objective"][0] == 5
    assert np.isnan(data["objective"][1])
    assert data["index"].tolist() == [0, -1]


def test_batches_are_added_in_order():
    batch, single = deep(), deep()
    rows = [(float(i % 4), (0.1, 0.1)) for i in range(8)]
    info = batch.add([[o, 0.0] for o, _ in rows], [o for o, _ in rows], [m for _, m in rows])
    assert info["index"].tolist() == [int(add(single, o, m)["index"]) for o, m in rows]
    assert batch.data("objective").tolist() == single.data("objective").tolist()


def test_cells_are_sampled_uniformly():
    archive = _full(0)
    add(archive, 1, (0.9, 0.9))
    drawn = archive.sample_elites(2000)
    share = float(np.mean(drawn["measures"][:, 0] > 0.5))
    assert 0.45 < share < 0.55


def test_clear():
    archive = _full(0)
    archive.clear()
    assert archive.empty and len(archive) == 0
    with pytest.raises(IndexError):
        archive.sample_elites(1)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="objective must be finite; found -inf"):
        add(deep(), -math.inf)
    with pytest.raises(ValueError, match="finite"):
        add(deep(), 0.0, (math.nan, 0))
    with pytest.raises(ValueError, match="depth must be at least 1; found 0"):
        deep(depth=0)
