"""A project with scarce resources (RCPSP), and what priority rules ask about its activities."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.environments.arrays import read_only
from skdecide_elm.errors import ConfigError

__all__ = ["Project"]

Integers = NDArray[np.int64]

_KEPT = 256
"""Projects that are kept after they were read: a message about each of them comes at every step."""


@dataclass(frozen=True)
class Project:
    """Activities that must be finished, each after its predecessors, on renewable resources.

    Attributes:
        durations: by activity, 0 or more.
        demands: units of every resource that an activity needs while it lasts, by activity.
        successors: activities that may begin only when an activity has ended; their numbers are higher.
        capacities: units of every resource.

    Raises:
        ConfigError: lengths disagree, an arc leads backwards, or an activity demands more than there is.
    """

    durations: tuple[int, ...]
    demands: tuple[tuple[int, ...], ...]
    successors: tuple[tuple[int, ...], ...]
    capacities: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.durations)
        if not count or len(self.demands) != count or len(self.successors) != count:
            raise ConfigError(
                f"expected as many demands and successors as durations, one at least; found {len(self.demands)}, "
                f"{len(self.successors)} and {count}"
            )
        for activity, (demand, successors) in enumerate(zip(self.demands, self.successors, strict=True)):
            if len(demand) != len(self.capacities) or any(map(int.__gt__, demand, self.capacities)):
                raise ConfigError(f"expected demands of activity {activity} within {self.capacities}; found {demand}")
            if not all(activity < successor < count for successor in successors):
                raise ConfigError(
                    f"expected successors of activity {activity} in {activity + 1}..{count - 1}; found {successors}; "
                    "number the activities such that every arc leads to a higher number"
                )

    def __reduce__(self) -> tuple[Callable[..., Project], tuple[type[Project], bytes]]:
        return _again, (type(self), self._written)

    @cached_property
    def _written(self) -> bytes:
        # not the arrays, which are worked out where they are needed
        return pickle.dumps(tuple(getattr(self, field.name) for field in fields(self)), pickle.HIGHEST_PROTOCOL)

    @cached_property
    def duration_array(self) -> NDArray[np.int64]:
        """``durations`` as an array."""
        return read_only(np.array(self.durations, dtype=np.int64))

    @cached_property
    def demand_matrix(self) -> NDArray[np.int64]:
        """``demands`` as an array, a row per activity."""
        return read_only(np.array(self.demands, dtype=np.int64).reshape(len(self.durations), -1))

    @cached_property
    def predecessor_matrix(self) -> NDArray[np.bool_]:
        """By activity (rows), whether another one is a direct predecessor (columns)."""
        matrix = np.zeros((len(self.durations),) * 2, dtype=bool)
        for activity, successors in enumerate(self.successors):
            matrix[list(successors), activity] = True
        return read_only(matrix)

    @cached_property
    def measures(self) -> tuple[NDArray[Any], ...]:
        """What priority rules are made of: the fields of `ProjectState` from ``duration`` on."""
        duration, following = self.duration_array, self.predecessor_matrix.T
        early, late = _critical_path(self)
        all_following = _closure(self)
        shares = self.demand_matrix / np.maximum(1, self.capacities)
        demand = shares.mean(axis=1)
        work = demand * duration
        measures = (
            duration,
            early,
            late,
            late + duration,
            following.sum(axis=1),
            all_following.sum(axis=1),
            duration + following @ duration,
            demand,
            shares.max(axis=1),
            work,
            all_following @ work,
            (all_following @ (shares * duration[:, None])).max(axis=1),
        )
        return tuple(map(read_only, measures))


@lru_cache(maxsize=_KEPT)
def _again(cls: type[Project], written: bytes) -> Project:
    """The project that was written so: one object for all times that it is read, with what it has worked out."""
    return cls(*pickle.loads(written))


def _critical_path(project: Project) -> tuple[Integers, Integers]:
    """Earliest and latest start of each activity with unlimited resources."""
    durations, count = project.durations, len(project.durations)
    early = [0] * count
    for activity, following in enumerate(project.successors):
        end = early[activity] + durations[activity]
        for successor in following:
            early[successor] = max(early[successor], end)
    longest = max(map(int.__add__, early, durations))
    late = [0] * count
    for activity in reversed(range(count)):
        end = min((late[successor] for successor in project.successors[activity]), default=longest)
        late[activity] = end - durations[activity]
    return np.array(early, dtype=np.int64), np.array(late, dtype=np.int64)


def _closure(project: Project) -> NDArray[np.bool_]:
    """By activity (rows), whether another one is a direct or indirect successor (columns)."""
    closure: NDArray[np.bool_] = project.predecessor_matrix.T.copy()
    for activity in reversed(range(len(closure))):
        for successor in project.successors[activity]:
            closure[activity] |= closure[successor]
    return closure
