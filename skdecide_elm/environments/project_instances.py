"""Projects with scarce resources (RCPSP): generated ones, readers of PSPLIB's files."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.environments.project import Project
from skdecide_elm.errors import ConfigError

__all__ = ["draw_project", "read_best_known", "read_psplib"]

_COMPLEXITIES = (1.5, 1.8, 2.1)
_FACTORS = (0.25, 0.5, 0.75, 1.0)
_STRENGTHS = (0.2, 0.5, 0.7, 1.0)
_MOST_ARCS = 3
"""Direct successors and predecessors that an activity may have; also the activities at either end of a project."""


def draw_project(
    rng: np.random.Generator,
    n_activities: int = 30,
    n_resources: int = 4,
    complexity: float | None = None,
    factor: float | None = None,
    strength: float | None = None,
) -> Project:
    """Draw a project in the manner of ProGen (Kolisch, Sprecher & Drexl 1995), as in PSPLIB's sets j30 to j120.

    Durations and demands are 1 to 10. What is left out is drawn from the values of these sets.

    Args:
        complexity: arcs per activity, a start and an end included that every project has.
        factor: share of the resources that an activity needs.
        strength: scarcity of the resources: 0 leaves the largest demand, 1 all that the earliest schedule needs.

    Raises:
        ConfigError: too few activities, or a strength beyond 0 to 1.
    """
    if n_activities < 2 * _MOST_ARCS:
        raise ConfigError(f"expected at least {2 * _MOST_ARCS} activities; found {n_activities}")
    if strength is not None and not 0 <= strength <= 1:
        raise ConfigError(f"expected a strength from 0 to 1; found {strength}; PSPLIB's are 0.2, 0.5, 0.7 and 1")
    complexity = float(rng.choice(_COMPLEXITIES)) if complexity is None else complexity
    factor = float(rng.choice(_FACTORS)) if factor is None else factor
    strength = float(rng.choice(_STRENGTHS)) if strength is None else strength
    durations = rng.integers(1, 10, n_activities, endpoint=True)
    successors = _draw_network(rng, n_activities, round(complexity * (n_activities + 2)) - 2 * _MOST_ARCS)
    demands = _draw_demands(rng, n_activities, n_resources, factor)
    smallest, largest = demands.max(axis=0), _peak(durations, demands, successors)
    capacities = np.maximum(1, np.rint(smallest + strength * (largest - smallest))).astype(int)
    return Project(
        tuple(durations.tolist()),
        tuple(map(tuple, demands.tolist())),
        tuple(tuple(sorted(following)) for following in successors),
        tuple(capacities.tolist()),
    )


class _Network:
    """A growing acyclic network without redundant arcs; sets of activities are the bits of a number."""

    def __init__(self, size: int) -> None:
        self.successors: list[set[int]] = [set() for _ in range(size)]
        self.arcs = 0
        self._n_predecessors = [0] * size
        self._before = [1 << activity for activity in range(size)]
        self._after = [1 << activity for activity in range(size)]
        self._passed = [0] * size
        """By activity, where the arcs lead that begin at it or before it."""

    def allows(self, first: int, second: int) -> bool:
        """Whether an arc may be added: it is not redundant and makes no other redundant."""
        return not (
            self._after[first] >> second & 1
            or self._passed[first] & self._after[second]
            or len(self.successors[first]) == _MOST_ARCS
            or self._n_predecessors[second] == _MOST_ARCS
        )

    def add(self, first: int, second: int) -> None:
        self.successors[first].add(second)
        self.arcs += 1
        self._n_predecessors[second] += 1
        before, after = self._before[first], self._after[second]
        below, passed = self._after[first] | after, self._passed[first] | 1 << second
        for activity in range(len(self.successors)):
            if before >> activity & 1:
                self._after[activity] |= after
            if after >> activity & 1:
                self._before[activity] |= before
            if below >> activity & 1:
                self._passed[activity] |= passed


def _draw_network(rng: np.random.Generator, size: int, n_arcs: int) -> list[set[int]]:
    """A predecessor for each activity but the first three, a successor for each but the last, then more arcs."""
    network, ends = _Network(size), size - _MOST_ARCS
    for second in range(_MOST_ARCS, size):
        _add_one(rng, network, [(first, second) for first in range(min(second, ends))])
    for first in range(ends):
        if not network.successors[first]:
            _add_one(rng, network, [(first, second) for second in range(max(first + 1, _MOST_ARCS), size)])
    pairs = [(i, j) for i in range(ends) for j in range(max(i + 1, _MOST_ARCS), size)]
    for index in rng.permutation(len(pairs)):
        if network.arcs >= n_arcs:
            break
        if network.allows(*pairs[index]):
            network.add(*pairs[index])
    return network.successors


def _add_one(rng: np.random.Generator, network: _Network, pairs: list[tuple[int, int]]) -> None:
    allowed = [pair for pair in pairs if network.allows(*pair)]
    if allowed:
        network.add(*allowed[rng.integers(len(allowed))])


def _draw_demands(rng: np.random.Generator, size: int, n_resources: int, factor: float) -> NDArray[np.int64]:
    needed = max(1, round(factor * n_resources))
    demands = np.zeros((size, n_resources), dtype=np.int64)
    for row in demands:
        row[rng.choice(n_resources, needed, replace=False)] = rng.integers(1, 10, needed, endpoint=True)
    return demands


def _peak(
    durations: NDArray[np.int64], demands: NDArray[np.int64], successors: Sequence[set[int]]
) -> NDArray[np.int64]:
    """Units of every resource that the schedule needs in which all begin as early as they can."""
    starts = np.zeros(len(durations), dtype=np.int64)
    for activity, following in enumerate(successors):
        for successor in following:
            starts[successor] = max(starts[successor], starts[activity] + durations[activity])
    usage = np.zeros((int((starts + durations).max()), demands.shape[1]), dtype=np.int64)
    for start, duration, demand in zip(starts, durations, demands, strict=True):
        usage[start : start + duration] += demand
    return np.asarray(usage.max(axis=0))


def read_psplib(path: str | Path) -> Project:
    """Read a single-mode project from a ``.sm`` file of PSPLIB (Kolisch & Sprecher 1997), without its dummy activities.

    Raises:
        ConfigError: the file is not in this format.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    try:
        count = int(_words(lines, "jobs ")[-1])
        precedences = _table(lines, "PRECEDENCE RELATIONS", 2, count)
        requests = _table(lines, "REQUESTS/DURATIONS", 3, count)
        (capacities,) = _table(lines, "RESOURCEAVAILABILITIES", 2, 1)
    except (ValueError, StopIteration, IndexError) as error:
        raise ConfigError(
            f"expected a single-mode .sm file of PSPLIB; found {path}: damaged or another format"
        ) from error
    real = range(1, count - 1)
    return Project(
        tuple(requests[row][2] for row in real),
        tuple(tuple(requests[row][3:]) for row in real),
        tuple(tuple(job - 2 for job in precedences[row][3:] if job < count) for row in real),
        tuple(capacities),
    )


def _words(lines: Sequence[str], opening: str) -> list[str]:
    return next(line for line in lines if line.startswith(opening)).split()


def _table(lines: Sequence[str], heading: str, offset: int, count: int) -> list[list[int]]:
    """Rows of integers that begin some lines below a heading."""
    first = next(index for index, line in enumerate(lines) if line.startswith(heading)) + offset
    rows = [[int(word) for word in re.findall(r"\d+", line)] for line in lines[first : first + count]]
    if len(rows) < count or not all(rows):
        raise ValueError(f"{heading}: {count} rows expected")
    return rows


def read_best_known(path: str | Path) -> dict[str, int]:
    """Best known makespans by instance, from a file with the columns ``instance,best_known_makespan``.

    Raises:
        ConfigError: the file has other columns.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            return {row["instance"]: int(row["best_known_makespan"]) for row in csv.DictReader(file)}
    except (KeyError, ValueError, TypeError) as error:
        raise ConfigError(f"expected columns instance,best_known_makespan in {path}; found others") from error
