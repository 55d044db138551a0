import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdecide_elm.environments import Project, draw_project, read_best_known, read_psplib
from skdecide_elm.errors import ConfigError

DATA = os.environ.get("SKDECIDE_ELM_DATA")

SMALL = """************************************************************************
jobs (incl. supersource/sink ):  5
RESOURCES
  - renewable                 :  2   R
************************************************************************
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           4
   3        1          1           5
   4        1          1           5
   5        1          0
************************************************************************
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  R 2
------------------------------------------------------------------------
  1      1     0       0    0
  2      1     3       2    0
  3      1     4       1    1
  4      1     2       0    3
  5      1     0       0    0
************************************************************************
RESOURCEAVAILABILITIES:
  R 1  R 2
    2    3
************************************************************************
"""
"""A project of three activities in PSPLIB's format."""


def test_a_file_is_read_without_its_dummies(tmp_path):
    path = tmp_path / "small.sm"
    path.write_text(SMALL)
    assert read_psplib(path) == Project((3, 4, 2), ((2, 0), (1, 1), (0, 3)), ((2,), (), ()), (2, 3))


@pytest.mark.parametrize("damage", ["REQUESTS/DURATIONS", "jobs (incl", "  3      1     4       1    1"])
def test_a_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "damaged.sm"
    path.write_text(SMALL.replace(damage, ""))
    with pytest.raises(ConfigError, match="PSPLIB"):
        read_psplib(path)


def test_best_known_makespans(tmp_path):
    path = tmp_path / "best.csv"
    path.write_text("instance,best_known_makespan\na,12\nb,7\n")
    assert read_best_known(path) == {"a": 12, "b": 7}
    path.write_text("name,value\na,12\n")
    with pytest.raises(ConfigError, match="instance,best_known_makespan"):
        read_best_known(path)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(6, 40), st.sampled_from([0.0, 0.5, 1.0]))
def test_drawn_projects_keep_the_generators_laws(seed, n_activities, strength):
    project = draw_project(np.random.default_rng(seed), n_activities, strength=strength)
    demands = np.array(project.demands)
    assert len(project.durations) == n_activities
    assert all(1 <= duration <= 10 for duration in project.durations)
    assert (demands <= project.capacities).all()
    assert all(len(successors) <= 3 for successors in project.successors)
    if strength == 0:
        assert project.capacities == tuple(np.maximum(1, demands.max(axis=0)))
    assert not _redundant_arcs(project)


def _redundant_arcs(project):
    """Arcs beside which another way leads."""
    after = [set() for _ in project.durations]
    for activity in reversed(range(len(after))):
        for successor in project.successors[activity]:
            after[activity] |= {successor} | after[successor]
    return [
        (first, second)
        for first, successors in enumerate(project.successors)
        for second in successors
        if any(second in after[other] for other in successors)
    ]


def test_a_settings_share_of_resources_is_needed():
    project = draw_project(np.random.default_rng(0), n_resources=4, factor=0.5)
    assert {sum(units > 0 for units in demand) for demand in project.demands} == {2}


def test_equal_seeds_draw_equal_projects():
    first, second, other = (draw_project(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first == second != other


@pytest.mark.skipif(DATA is None, reason="needs PSPLIB's files in SKDECIDE_ELM_DATA")
def test_psplib_files_are_read():
    folder = Path(DATA) / "rcpsp"
    for name in read_best_known(folder / "j30_best_known.csv"):
        assert len(read_psplib(folder / "j30" / f"{name}.sm").durations) == 30
