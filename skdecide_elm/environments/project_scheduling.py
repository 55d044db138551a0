"""Project scheduling with scarce resources (RCPSP) as a scikit-decide domain: which activity begins next?

Decisions follow the parallel schedule generation scheme (Kelley 1963; Kolisch 1996): time advances only when nothing
that is ready fits any more. What is observed of each activity is what the literature's priority rules are made of:
latest start and finish times (LST, LFT), successors (MIS, MTS), rank weights (GRPW), demands and work.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from operator import is_
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from skdecide import Domain, EnumerableSpace, SamplableSpace, Space, Value
from skdecide.builders.domain import (
    Actions,
    DeterministicTransitions,
    FullyObservable,
    Initializable,
    Markovian,
    PositiveCosts,
    Sequential,
    SingleAgent,
)

from skdecide_elm.environments.arrays import read_only
from skdecide_elm.environments.project import Project
from skdecide_elm.environments.project_instances import draw_project

__all__ = ["ActivitySpace", "ProjectScheduling", "ProjectState", "ProjectStates", "ReadyActivities"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_DRAWN = 1024
"""Drawn projects that are kept, 25 kB each if it has 60 activities: to draw one takes as long as to schedule it."""


class ProjectState(NamedTuple):
    """How far a schedule has come, and what is known of every activity. All arrays are read-only."""

    project: Project
    time: int
    """When the next activity begins; the makespan when all have begun."""
    start: Integers
    """When each activity began; −1: it did not yet."""
    free: Integers
    """Units of each resource that are free now."""
    ready: Integers
    """The activities that can begin now, in rising order: predecessors have ended and the resources suffice."""
    duration: Integers
    """Time that an activity takes. This and what follows is one number per activity."""
    early_start: Integers
    """Earliest start with unlimited resources."""
    late_start: Integers
    """Latest start with unlimited resources if the project is to take no longer than its longest path."""
    late_finish: Integers
    """``late_start`` + ``duration``."""
    successors: Integers
    """Number of direct successors."""
    all_successors: Integers
    """Number of direct and indirect successors."""
    rank_weight: Integers
    """Duration of an activity and of its direct successors."""
    demand: Floats
    """Share of the resources' capacity that an activity needs, on average over the resources."""
    peak_demand: Floats
    """Largest share of one resource's capacity that an activity needs."""
    work: Floats
    """``demand`` × ``duration``."""
    work_after: Floats
    """Work of all direct and indirect successors."""
    bottleneck_after: Floats
    """Time for which all direct and indirect successors would occupy the resource that they need most."""

    def __reduce__(self) -> tuple[Callable[..., ProjectState], tuple[Any, ...]]:
        if all(map(is_, self[_FIRST_MEASURE:], self.project.measures)):
            return _state, self[:_FIRST_MEASURE]
        return type(self), tuple(self)


class ReadyActivities(EnumerableSpace[int], SamplableSpace[int]):  # type: ignore[misc]
    """The activities that can begin now.

    Args:
        ready: their numbers, in rising order.
    """

    def __init__(self, ready: Integers) -> None:
        self._ready = ready

    def get_elements(self) -> Integers:
        """The activities in rising order, as a read-only array."""
        return self._ready

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is an activity that can begin now."""
        return isinstance(x, (int, np.integer)) and bool((self._ready == x).any())

    def sample(self) -> int:
        """An activity drawn uniformly with ``random``, which seeds govern."""
        return int(self._ready[random.randrange(len(self._ready))])


class ActivitySpace(Space[int]):  # type: ignore[misc]
    """All numbers of activities: 0, 1, 2, ...; how many there are, each project says."""

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a number of an activity."""
        return isinstance(x, (int, np.integer)) and bool(x >= 0)


class ProjectStates(Space[ProjectState]):  # type: ignore[misc]
    """All states of all projects."""

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a state."""
        return isinstance(x, ProjectState)


class _Observed(Domain, SingleAgent, Sequential, Markovian, FullyObservable):  # type: ignore[misc]
    """One agent that sees the state and acts one step at a time."""


class D(_Observed, DeterministicTransitions, Actions, Initializable, PositiveCosts):  # type: ignore[misc]
    """A fully observable domain with a deterministic model; only which project comes may be random."""

    T_state = ProjectState
    T_observation = ProjectState
    T_event = int
    T_value = int
    T_predicate = bool
    T_info = None


class ProjectScheduling(D):
    """Choose the activity that begins next; an episode's total cost is the makespan.

    A state holds its project, so that the model of one instance of this domain answers for the states of another.

    Args:
        project: left out, every reset draws a new one with `draw_project`.
        n_activities: of drawn projects.
        seed: of drawn projects; None: fresh entropy.
        strength: of the resources of drawn projects, from 0 (scarce: rules differ) to 1 (they do not); None: drawn for
            each.

    Raises:
        ConfigError: too few activities, or a strength beyond 0 to 1.
    """

    def __init__(
        self,
        project: Project | None = None,
        n_activities: int = 30,
        seed: int | None = None,
        strength: float | None = None,
    ) -> None:
        self._project = project
        self._drawing = n_activities, strength
        self._rng = np.random.default_rng(seed)
        if project is None:
            _drawn(0, *self._drawing)  # a wrong number shows now, not at the first reset

    def __getstate__(self) -> dict[str, Any]:
        # scikit-decide's own asks object.__getstate__, which Python 3.10 does not have
        return {name: value for name, value in vars(self).items() if not name.startswith("_lru_cache_")}

    def seed(self, seed: int) -> None:
        """Fix the projects that the next resets draw; a fixed project has nothing to seed."""
        self._rng = np.random.default_rng(seed)

    def _state_reset(self) -> ProjectState:
        project = self._project or _drawn(int(self._rng.integers(2**63)), *self._drawing)
        start = np.full(len(project.durations), -1, dtype=np.int64)
        return _state(project, *_decision(project, 0, start, np.array(project.capacities)))

    def _get_next_state(self, memory: ProjectState, action: int) -> ProjectState:
        if not ReadyActivities(memory.ready).contains(action):
            raise ValueError(
                f"Expected an activity that can begin now, got {action!r}: choose one of {memory.ready.tolist()}."
            )
        project = memory.project
        start = memory.start.copy()
        start[action] = memory.time
        held = project.demand_matrix[action] if project.durations[action] else 0  # else it has ended at once
        after = _decision(project, memory.time, start, memory.free - held)
        return ProjectState._make((project, *after, *memory[_FIRST_MEASURE:]))

    def _get_transition_value(
        self, memory: ProjectState, action: int, next_state: ProjectState | None = None
    ) -> Value[int]:
        after = self._get_next_state(memory, action) if next_state is None else next_state
        return Value(cost=after.time - memory.time)

    def _is_terminal(self, state: ProjectState) -> bool:
        return bool((state.start >= 0).all())

    def _get_applicable_actions_from(self, memory: ProjectState) -> ReadyActivities:
        return ReadyActivities(memory.ready)

    def _get_action_space_(self) -> ActivitySpace:
        return ActivitySpace()

    def _get_observation_space_(self) -> ProjectStates:
        return ProjectStates()


_FIRST_MEASURE = ProjectState._fields.index("duration")


@lru_cache(maxsize=_DRAWN)
def _drawn(seed: int, n_activities: int, strength: float | None) -> Project:
    """A project, drawn once: every program of a search is scored on the same ones."""
    return draw_project(np.random.default_rng(seed), n_activities, strength=strength)


def _state(project: Project, time: int, start: Integers, free: Integers, ready: Integers) -> ProjectState:
    """A state, whose other fields follow from the project."""
    return ProjectState._make((project, time, start, free, ready, *project.measures))


def _decision(project: Project, time: int, start: Integers, free: Integers) -> tuple[int, Integers, Integers, Integers]:
    """The fields of `ProjectState` from ``time`` to ``ready`` when the next activity can begin, or all have ended."""
    finish = start + project.duration_array
    waiting = start < 0
    fits = waiting & (project.demand_matrix <= free).all(axis=1)
    while True:
        unfinished = waiting | (finish > time)
        ready = (fits & ~(project.predecessor_matrix @ unfinished)).nonzero()[0]
        running = unfinished & ~waiting
        if ready.size or not running.any():
            return time, read_only(start), read_only(free), read_only(ready)
        time = int(finish[running].min())
        free = free + project.demand_matrix[running & (finish == time)].sum(axis=0)
        fits = waiting & (project.demand_matrix <= free).all(axis=1)
