"""What a report knows of a search by OpenEvolve."""

import math

import pytest
from openevolve.config import DatabaseConfig
from openevolve.database import Program

from skdecide_elm.backends.openevolve.database import Database
from skdecide_elm.backends.openevolve.randomness import GlobalRandom
from skdecide_elm.backends.openevolve.statistics import RunStatistics
from skdecide_elm.operators.bandit import Bandit, WeightedMix
from skdecide_elm.report.model import Arm
from skdecide_elm.report.of_openevolve import view_of_database

BINS = 5


@pytest.fixture
def database():
    """Two islands with programs of iterations 0 to 12, one of which has failed; the best one has migrated."""
    config = DatabaseConfig(num_islands=2, feature_dimensions=["x", "y"], feature_bins={"x": BINS, "y": BINS})
    database = Database(config, GlobalRandom(0))
    for n in range(13):
        score = -math.inf if n == 4 else -abs(n - 10.0)
        program = Program(
            id=f"id-{n}",
            code=f"# {n}\n",
            parent_id=f"id-{n // 2}" if n else None,
            metrics={"combined_score": score, "x": float(n), "y": float(n * n % 7)},
            metadata={"operator": "openevolve@model", "scores": [score]},
        )
        database.add(program, n, n % 2)
        database.store_artifacts(program.id, {"error": "ValueError: no"} if n == 4 else {})
    best = database.programs["id-10"]
    database.add(
        Program(
            id="copy-of-10",
            code=best.code,
            parent_id=best.id,
            metrics=dict(best.metrics),
            metadata={**best.metadata, "migrant": True},
        ),
        target_island=1,
    )
    return database


def test_programs_with_their_iterations_and_lineage(database):
    view = view_of_database(database, RunStatistics(evaluations=13, invalid=1), {})
    assert view.best == "id-10"
    assert view.programs.keys() == database.programs.keys()
    for own in (own for own in view.programs.values() if not own.is_copy):
        assert own.id == f"id-{own.step}"
        assert own.program.parents == ((f"id-{own.step // 2}",) if own.step else ())
    copy = view.programs["copy-of-10"]
    assert (copy.is_copy, copy.step, copy.program.parents) == (True, 10, ("id-10",))
    labels = [own.label for own in view.programs.values()]
    assert len(set(labels)) == len(labels)
    assert [(own.group, own.kind, own.count) for own in view.failures] == [("program", "ValueError", 1)]


def test_the_first_map_holds_all_islands_each_of_which_has_its_own(database):
    view = view_of_database(database, RunStatistics(), {})
    assert [drawn.title for drawn in view.maps] == ["All islands", "Island 1", "Island 2"]
    placed = [{(s.x, s.y): set(s.programs) for s in drawn.spots} for drawn in view.maps]
    for number, feature_map in enumerate(database.island_feature_maps, start=1):
        valid = {program for program in feature_map.values() if program != "id-4"}
        assert set().union(*placed[number].values()) == valid
        assert all(own <= placed[0][place] for place, own in placed[number].items())
    for drawn in view.maps:
        assert drawn.grid == (BINS, BINS)
        for spot in drawn.spots:
            scores = [view.programs[program].score for program in spot.programs]
            assert scores == sorted(scores, reverse=True)


def test_the_axes_span_the_values_that_were_seen(database):
    columns, _ = view_of_database(database, RunStatistics(), {}).maps[0].dimensions
    assert (columns.name, len(columns.edges)) == ("x", BINS + 1)
    assert (columns.edges[0], columns.edges[-1]) == (0.0, 12.0)


def test_a_map_with_one_dimension_is_a_row():
    database = Database(DatabaseConfig(num_islands=1, feature_dimensions=["x"], feature_bins={"x": 3}), GlobalRandom(0))
    for n in range(4):
        database.add(Program(id=str(n), code=f"# {n}", metrics={"combined_score": 1.0 * n, "x": 1.0 * n}), n, 0)
    [drawn] = view_of_database(database, RunStatistics(), {}).maps
    columns, rows = drawn.grid
    assert (columns, rows) == (3, 1)
    assert {spot.y for spot in drawn.spots} == {0}


def test_nothing_is_shown_of_an_empty_database():
    view = view_of_database(Database(DatabaseConfig(), GlobalRandom(0)), RunStatistics(), {})
    assert (view.best, view.maps, view.programs) == (None, (), {})


def test_the_arms_of_the_bandit_the_best_rate_first(database):
    bandit = Bandit(["diff@model", "embedded", "rewrite@model"])
    for arm, gain, price in [("diff@model", 0.0, 1.0), ("embedded", 1.0, 0.0), ("rewrite@model", 1.0, 1.0)]:
        bandit.update(arm, gain, price)
    bandit.update("diff@model", -1.0, 1.0)
    assert view_of_database(database, RunStatistics(), bandit.to_json()).arms == (
        Arm("embedded", outcomes=1, improved=1, rate=1.0),
        Arm("rewrite@model", outcomes=1, improved=1, rate=0.5),
        Arm("diff@model", outcomes=2, improved=0, rate=0.0),
    )


def test_a_bandit_that_knows_nothing_yet_has_its_arms_and_fixed_weights_have_none(database):
    new, fixed = Bandit(["diff@model", "embedded"]), WeightedMix({"diff@model": 1.0, "embedded": 1.0})
    assert view_of_database(database, RunStatistics(), new.to_json()).arms == (
        Arm("diff@model", outcomes=0, improved=0, rate=0.0),
        Arm("embedded", outcomes=0, improved=0, rate=0.0),
    )
    assert view_of_database(database, RunStatistics(), fixed.to_json()).arms == ()
