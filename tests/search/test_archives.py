"""What every archive promises, and the laws of insertion of each."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ribs.archives import ArchiveBase
from searches import program

from skdecide_elm.errors import ConfigError
from skdecide_elm.search.archives import (
    ARCHIVES,
    CVTProgramArchive,
    DeepGridProgramArchive,
    GridProgramArchive,
    ProximityProgramArchive,
)
from skdecide_elm.search.sliding import SlidingProgramArchive
from skdecide_elm.search.snapshot import Snapshot, program_from_json, program_to_json

BOUNDS = ((0.0, 1.0), (-2.0, 2.0))

FACTORIES = {
    "grid": lambda **kw: GridProgramArchive(BOUNDS, dims=(3, 4), **kw),
    "cvt": lambda **kw: CVTProgramArchive(BOUNDS, cells=8, samples=200, seed=1, **kw),
    "deep grid": lambda **kw: DeepGridProgramArchive(BOUNDS, dims=(3, 4), depth=3, seed=1, **kw),
    "deep grid as in the paper": lambda **kw: DeepGridProgramArchive(
        BOUNDS, dims=(3, 4), depth=3, protect_best=False, seed=1, **kw
    ),
    "proximity": lambda **kw: ProximityProgramArchive(BOUNDS, novelty_threshold=0.2, **kw),
    "sliding": lambda **kw: SlidingProgramArchive(BOUNDS, dims=(3, 4), remap_frequency=7, buffer_capacity=20, **kw),
}
WITH_FIXED_CELLS = ["grid", "cvt", "deep grid", "deep grid as in the paper"]
ELITIST_CELLS = ["grid", "cvt", "deep grid"]

every_archive = pytest.mark.parametrize("make", FACTORIES.values(), ids=FACTORIES)

points = st.lists(
    st.tuples(
        st.integers(-5, 5).map(float),
        st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.5]), st.sampled_from([-3.0, -1.0, 0.2, 0.4, 2.0])),
    ),
    max_size=40,
)


def fill(archive, found, prefix=""):
    for number, (score, measures) in enumerate(found):
        archive.add(program(f"{prefix}{number}", score), measures)
    return archive


def contents(archive):
    """All that can be observed of an archive's elites."""
    return [
        (e.program.id, e.score, e.measures, e.slot, e.cell, e.curiosity, [p.id for p in e.history])
        for e in archive.elites
    ]


def as_pyribs_has_it(archive):
    data = archive.ribs.data()
    return sorted(zip(data["index"], data["id"], data["solution"], data["objective"].tolist(), strict=True))


# ---- every archive


def test_every_archive_is_tested():
    assert {type(make()) for make in FACTORIES.values()} == set(ARCHIVES.values())


@every_archive
def test_an_empty_archive(make):
    archive = make()
    assert isinstance(archive.ribs, ArchiveBase)
    assert (len(archive.elites), archive.coverage, archive.qd_score()) == (0, 0.0, 0.0)
    assert archive.elites.best is None
    assert archive.rival((0.5, 0.5)) is None


@every_archive
def test_the_first_program_becomes_an_elite_with_its_lineage(make):
    archive = make()
    first = program("first", -3)
    assert archive.add(first, (0.5, 0.5))
    assert [elite.program for elite in archive.elites] == [first]
    data = archive.ribs.data()
    assert (data["solution"][0], data["id"][0], data["objective"][0]) == ("# first\n", "first", -3.0)
    assert archive.qd_score(offset=-10) == 7.0


@every_archive
@settings(deadline=None, max_examples=25)
@given(found=points)
def test_the_index_agrees_with_pyribs(make, found):
    archive = fill(make(), found)
    assert as_pyribs_has_it(archive) == sorted((e.slot, e.program.id, e.program.code, e.score) for e in archive.elites)
    assert len(archive.elites) == len(archive.ribs)
    if found:
        best = archive.elites.best
        assert best.score == max(archive.ribs.data("objective"))
        assert 0 < archive.coverage <= 1


@every_archive
@settings(deadline=None, max_examples=25)
@given(before=points, after=points)
def test_a_restored_archive_goes_on_as_if_nothing_had_happened(make, before, after):
    archive = fill(make(history_length=3), before)
    for elite in archive.elites:
        elite.curiosity = 0.5
    saved = archive.snapshot()
    restored = make(history_length=3)
    restored.restore(
        Snapshot(
            json.loads(json.dumps(saved.state)),
            {i: program_from_json(json.loads(json.dumps(program_to_json(p)))) for i, p in saved.programs.items()},
            saved.arrays,
        )
    )
    assert contents(restored) == contents(archive)
    assert as_pyribs_has_it(restored) == as_pyribs_has_it(archive)
    fill(archive, after, "later ")
    fill(restored, after, "later ")
    assert contents(restored) == contents(archive)
    assert as_pyribs_has_it(restored) == as_pyribs_has_it(archive)


@every_archive
@settings(deadline=None, max_examples=25)
@given(found=points.filter(bool), choice=st.integers(0, 1000), score=st.integers(-9, 9).map(float))
def test_a_new_evaluation_takes_the_place_of_the_old_one(make, found, choice, score):
    archive = fill(make(), found)
    elite = list(archive.elites)[choice % len(archive.elites)]
    others = {e.program.id for e in archive.elites} - {elite.program.id}
    archive.update(elite, program(elite.program.id, score), elite.measures)
    updated = archive.elites.find(elite.program.id)
    assert {e.program.id for e in archive.elites} - {elite.program.id} <= others
    if updated is not None:
        assert updated.score == score
    else:  # it may have moved into the cell of a better one, or near one
        assert archive.rival(elite.measures).score >= score
        assert isinstance(archive, SlidingProgramArchive | ProximityProgramArchive)
    assert len(archive.ribs) == len(archive.elites)


@every_archive
def test_an_elite_that_turns_out_to_be_invalid_leaves(make):
    archive = fill(make(), [(1.0, (0.1, -1.0)), (2.0, (0.9, 2.0))])
    archive.update(archive.elites.best, program("1", -math.inf), None)
    assert [e.program.id for e in archive.elites] == ["0"]
    assert archive.ribs.data("id").tolist() == ["0"]


@every_archive
def test_no_history_can_be_asked_for(make):
    with pytest.raises(ConfigError, match="history_length of at least 1; found 0"):
        make(history_length=0)


# ---- laws of insertion


@pytest.mark.parametrize("kind", ELITIST_CELLS)
@settings(deadline=None, max_examples=40)
@given(found=points)
def test_the_best_of_a_cell_is_never_lost(kind, found):
    archive = FACTORIES[kind]()
    best = {}
    for number, (score, measures) in enumerate(found):
        archive.add(program(number, score), measures)
        cell = int(archive.ribs.index_of_single(measures))
        best[cell] = max(score, best.get(cell, score))
    assert {c: max(e.score for e in archive.elites.in_cell(c)) for c in best} == best


@pytest.mark.parametrize("kind", ELITIST_CELLS)
@settings(deadline=None, max_examples=40)
@given(found=points)
def test_the_qd_score_of_scores_above_the_offset_never_falls(kind, found):
    archive = FACTORIES[kind]()
    seen = [0.0]
    for number, (score, measures) in enumerate(found):
        archive.add(program(number, score), measures)
        seen.append(archive.qd_score(offset=-5))
    assert seen == sorted(seen)


@pytest.mark.parametrize("kind", WITH_FIXED_CELLS)
@settings(deadline=None, max_examples=40)
@given(found=points)
def test_coverage_never_falls_and_is_that_of_the_cells_met(kind, found):
    archive = FACTORIES[kind]()
    met, seen = set(), [0.0]
    for number, (score, measures) in enumerate(found):
        archive.add(program(number, score), measures)
        met.add(int(archive.ribs.index_of_single(measures)))
        seen.append(archive.coverage)
    assert seen == sorted(seen)
    assert archive.coverage == len(met) / archive.ribs.cells


@settings(deadline=None, max_examples=40)
@given(found=points)
def test_elites_of_a_proximity_archive_never_get_fewer_and_the_best_stays(found):
    archive = FACTORIES["proximity"]()
    sizes = [0]
    for number, (score, measures) in enumerate(found):
        archive.add(program(number, score), measures)
        sizes.append(len(archive.elites))
    assert sizes == sorted(sizes)
    if found:
        assert archive.elites.best.score == max(score for score, _ in found)


@settings(deadline=None, max_examples=40)
@given(found=points.filter(bool))
def test_sliding_boundaries_never_lose_the_best_of_all(found):
    archive = fill(FACTORIES["sliding"](), found)
    assert archive.elites.best.score == max(score for score, _ in found)


def test_sliding_boundaries_slide():
    archive = fill(FACTORIES["sliding"](), [(float(i), (0.01 * i, 0.0)) for i in range(6)])
    before = [bounds.tolist() for bounds in archive.ribs.boundaries]
    cells = len(archive.elites)
    archive.add(program("last", 6), (0.06, 0.0))
    assert [bounds.tolist() for bounds in archive.ribs.boundaries] != before
    assert len(archive.elites) > cells  # the boundaries lie closer together where the programs are
    assert {e.program.id for e in archive.elites} <= {"0", "1", "2", "3", "4", "5", "last"}


@pytest.mark.parametrize("kind", ["grid", "cvt", "sliding"])
def test_an_equal_score_does_not_replace(kind):
    archive = fill(FACTORIES[kind](), [(1.0, (0.5, 0.5))])
    assert archive.rival((0.5, 0.5)).program.id == "0"
    assert not archive.add(program("equal", 1), (0.5, 0.5))
    assert archive.add(program("better", 1.5), (0.5, 0.5))


def test_the_rival_in_a_proximity_archive_is_the_nearest_neighbour():
    archive = fill(FACTORIES["proximity"](), [(1.0, (0.0, -2.0)), (2.0, (1.0, 2.0))])
    assert archive.rival((0.5, 0.0)) is None  # novel
    assert archive.rival((0.05, -1.9)).program.id == "0"


def test_history_is_circular_and_the_latest_comes_first():
    archive = fill(GridProgramArchive(BOUNDS, history_length=3), [(float(i), (0.5, 0.5)) for i in range(6)])
    (elite,) = archive.elites
    assert [elite.program.id, *(p.id for p in elite.history)] == ["5", "4", "3"]


@pytest.mark.parametrize("dims", [(3,), (3, 0), (2, 2, 2)])
def test_dims_fit_the_behaviour_space(dims):
    with pytest.raises(ConfigError, match="for each of the 2 features"):
        GridProgramArchive(BOUNDS, dims=dims)


def test_centroids_are_part_of_the_state():
    saved = fill(FACTORIES["cvt"](), [(1.0, (0.2, 0.2))]).snapshot()
    other = CVTProgramArchive(BOUNDS, cells=8, samples=200, seed=2)
    other.restore(saved)
    assert other.ribs.centroids.tolist() == saved.arrays["centroids"].tolist()
