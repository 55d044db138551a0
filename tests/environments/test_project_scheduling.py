import os
import pickle
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdecide_elm.environments import Project, ProjectScheduling, draw_project, read_best_known, read_psplib
from skdecide_elm.errors import ConfigError

DATA = os.environ.get("SKDECIDE_ELM_DATA")

SMALL = Project((3, 4, 2), ((2, 0), (1, 1), (0, 3)), ((2,), (), ()), (2, 3))
"""The first two share a resource that has room for one of them; the third follows the first."""


def _makespan(domain, index):
    """The makespan when the ready activity of the least index always begins, and the last state."""
    state, total = domain.reset(), 0
    while not domain.is_terminal(state):
        ready = domain.get_applicable_actions().get_elements()
        outcome = domain.step(ready[np.argmin(index(state)[ready])])
        state, total = outcome.observation, total + outcome.value.cost
    return total, state


def test_time_advances_when_nothing_fits():
    domain = ProjectScheduling(SMALL)
    state = domain.reset()
    assert state.ready.tolist() == [0, 1]
    after = domain.get_next_state(state, 0)
    assert (after.time, after.ready.tolist(), after.free.tolist()) == (3, [1, 2], [2, 3])
    assert domain.get_transition_value(state, 0, after).cost == 3
    last = domain.get_next_state(domain.get_next_state(after, 1), 2)
    assert domain.is_terminal(last) and last.time == 9  # the third needs the unit that the second holds until 7


def test_an_activity_that_takes_no_time_holds_nothing():
    state = ProjectScheduling(Project((0, 2), ((1,), (1,)), ((1,), ()), (1,))).reset()
    domain = ProjectScheduling()
    after = domain.get_next_state(state, 0)
    assert (after.time, after.ready.tolist(), after.free.tolist()) == (0, [1], [1])
    last = domain.get_next_state(after, 1)
    assert domain.is_terminal(last) and last.time == 2 and last.free.tolist() == [1]


def test_what_priority_rules_see():
    state = ProjectScheduling(SMALL).reset()
    assert state.early_start.tolist() == [0, 0, 3]
    assert state.late_start.tolist() == [0, 1, 3]
    assert state.late_finish.tolist() == [3, 5, 5]
    assert state.successors.tolist() == state.all_successors.tolist() == [1, 0, 0]
    assert state.rank_weight.tolist() == [5, 4, 2]
    assert state.demand.tolist() == pytest.approx([1 / 2, 5 / 12, 1 / 2])
    assert state.peak_demand.tolist() == pytest.approx([1, 1 / 2, 1])
    assert state.work_after.tolist() == pytest.approx([1, 0, 0])
    assert state.bottleneck_after.tolist() == pytest.approx([2, 0, 0])


def test_an_activity_that_cannot_begin_is_refused():
    domain = ProjectScheduling(SMALL)
    with pytest.raises(ValueError, match=r"choose one of \[0, 1\]"):
        domain.get_next_state(domain.reset(), 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_schedules_are_feasible_and_cost_their_makespan(seed):
    project = draw_project(np.random.default_rng(seed), 12)
    project = replace(project, durations=tuple(max(0, duration - 3) for duration in project.durations))
    order = np.random.default_rng(seed).permutation(12)
    total, state = _makespan(ProjectScheduling(project), lambda _: order)
    finish = state.start + np.array(project.durations)
    assert total == state.time == finish.max()
    assert all(finish[i] <= state.start[j] for i, following in enumerate(project.successors) for j in following)
    for time in range(total):
        running = (state.start <= time) & (time < finish)
        assert (np.array(project.demands)[running].sum(axis=0) <= project.capacities).all()


def test_the_model_of_one_domain_answers_for_the_states_of_another():
    drawing, other = ProjectScheduling(seed=1), ProjectScheduling(seed=2)
    state = drawing.reset()
    action = int(state.ready[0])
    assert drawing.step(action).observation.time == other.get_next_state(state, action).time


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_strong_resources_delay_nothing_and_weak_ones_leave_the_largest_demand(seed):
    order = np.random.default_rng(seed).permutation(30)
    total, state = _makespan(ProjectScheduling(seed=seed, strength=1.0), lambda _: order)
    assert state.start.tolist() == state.early_start.tolist() and total == state.late_finish.max()
    project = ProjectScheduling(seed=seed, strength=0.0).reset().project
    demanded = np.array(project.demands).max(axis=0)
    assert list(project.capacities) == np.maximum(1, demanded).tolist()


@pytest.mark.parametrize("strength", [-0.1, 1.5])
def test_a_strength_that_is_none_is_refused(strength):
    with pytest.raises(ConfigError, match="from 0 to 1; found"):
        ProjectScheduling(strength=strength)


def test_seeded_resets_draw_equal_projects():
    domain = ProjectScheduling()
    projects = []
    for _ in range(2):
        domain.seed(5)
        projects.append(domain.reset().project)
    assert projects[0] == projects[1] != domain.reset().project


def test_a_state_comes_back_with_measures_of_somebodys_own():
    state = ProjectScheduling(SMALL).reset()
    changed = state._replace(late_start=state.late_start + 1)
    for written in (state, changed):
        read = pickle.loads(pickle.dumps(written))
        assert type(read) is type(state)
        assert [np.asarray(field).tolist() for field in read[1:]] == [np.asarray(f).tolist() for f in written[1:]]
        assert read.project == state.project
    after = ProjectScheduling(SMALL).get_next_state(changed, 0)
    assert after.late_start.tolist() == changed.late_start.tolist()


@pytest.mark.skipif(DATA is None, reason="needs PSPLIB's files in SKDECIDE_ELM_DATA")
@pytest.mark.parametrize(
    ("rule", "published"),
    [
        (lambda state: state.late_finish, {"j30": 4.88, "j60": 4.91}),
        (lambda state: state.late_start, {"j30": 4.77, "j60": 4.85}),
        (lambda state: -state.all_successors, {"j30": 5.21, "j60": 4.94}),
        (lambda state: -state.rank_weight, {"j30": 8.95, "j60": 8.15}),
    ],
)
def test_known_rules_reach_what_another_implementation_reached(rule, published):
    for name, expected in published.items():
        folder = Path(DATA) / "rcpsp"
        best = read_best_known(folder / f"{name}_best_known.csv")
        ratios = [
            _makespan(ProjectScheduling(read_psplib(folder / name / f"{instance}.sm")), rule)[0] / makespan
            for instance, makespan in best.items()
        ]
        assert 100 * (fmean(ratios) - 1) == pytest.approx(expected, abs=0.005)
