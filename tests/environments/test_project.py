import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from skdecide_elm.environments import Project, draw_project
from skdecide_elm.errors import ConfigError


@dataclass(frozen=True)
class NamedProject(Project):
    name: str = ""


def test_a_project_that_is_read_again_has_what_it_has_worked_out():
    project = draw_project(np.random.default_rng(3))
    first, second = (pickle.loads(pickle.dumps(project)) for _ in range(2))
    assert first == second == copy.deepcopy(project) == project
    assert first.measures is second.measures
    for read, written in zip(first.measures, project.measures, strict=True):
        np.testing.assert_array_equal(read, written)


def test_nothing_of_a_derived_project_is_lost():
    named = NamedProject((1,), ((1,),), ((),), (1,), "one")
    assert pickle.loads(pickle.dumps(named)) == named


@pytest.mark.parametrize(
    ("project", "message"),
    [
        (((1,), ((3,),), ((),), (2,)), "demands of activity 0"),
        (((1, 1), ((1,), (1,)), ((), (0,)), (2,)), "successors of activity 1"),
        (((), (), (), (1,)), "one at least"),
    ],
)
def test_impossible_projects_are_refused(project, message):
    with pytest.raises(ConfigError, match=message):
        Project(*project)
