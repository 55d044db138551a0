"""Rows of mazes, online bin packing and project scheduling: unseen instances, and drawn ones in the search.

Nothing of the test is seen in the search: its mazes and streams have seeds of their own, and its projects are PSPLIB's,
read from ``rcpsp`` in the folder that the environment variable ``SKDECIDE_ELM_DATA`` names (``j30``, ``j60`` and their
best known makespans), while the search draws projects. Without the folder these rows cannot be tested.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from rows import SHORT_SEARCH, Row
from skdecide import Domain, RLDomain, Space, TransitionOutcome, Value
from skdecide.builders.domain import PositiveCosts
from skdecide.hub.domain.maze import Maze

from skdecide_elm.environments import (
    OnlineBinPacking,
    Project,
    ProjectScheduling,
    ProjectState,
    draw_items,
    draw_maze,
    excess,
    l1_bound,
    read_best_known,
    read_psplib,
    shortest_path,
)
from skdecide_elm.programs.loader import load_planner_class

__all__ = ["ROWS", "RuleOnlyScheduling"]

_DATA = os.environ.get("SKDECIDE_ELM_DATA", "")
_MAZE_STEPS = 2000
_CANDIDATES = 10
"""Programs of which validation, on streams of its own, chooses the final one."""

_UNSEEN = 1_000_000
"""Seeds from here on are those of the tests."""


class D(RLDomain, PositiveCosts):  # type: ignore[misc]
    """A black box: steps can be taken, nothing can be asked."""

    T_state = ProjectState
    T_observation = ProjectState
    T_event = int
    T_value = int
    T_predicate = bool
    T_info = None


class RuleOnlyScheduling(D):
    """`ProjectScheduling` without its model: a planner must decide by what it sees of the activities.

    Args:
        project, drawing: the arguments of `ProjectScheduling`.
    """

    def __init__(self, project: Project | None = None, **drawing: Any) -> None:
        self._inner = ProjectScheduling(project, **drawing)

    def seed(self, seed: int) -> None:
        """Fix the projects that the next resets draw."""
        self._inner.seed(seed)

    def _state_reset(self) -> ProjectState:
        return self._inner.reset()

    def _state_step(self, action: int) -> TransitionOutcome:
        after = self._inner.get_next_state(self._memory, action)
        cost = after.time - self._memory.time
        return TransitionOutcome(after, Value(cost=cost), self._inner.is_terminal(after))

    def _get_observation(self, state: ProjectState, action: int | None = None) -> ProjectState:
        return state

    def _get_applicable_actions_from(self, memory: ProjectState) -> Space[int]:
        return self._inner.get_applicable_actions(memory)

    def _get_action_space_(self) -> Space[int]:
        return self._inner.get_action_space()

    def _get_observation_space_(self) -> Space[ProjectState]:
        return self._inner.get_observation_space()


def _cost(domain: Domain, own: Domain, planner_class: Callable[..., Any], max_steps: int) -> float:
    """Total cost of one episode; ``own`` is the planner's copy of the domain."""
    planner, observation, total = planner_class(domain=own), domain.reset(), 0.0
    restricted = not isinstance(domain, Maze)
    for _ in range(max_steps):
        arguments = [domain.get_applicable_actions()] if restricted else []
        outcome = domain.step(planner.sample_action(observation, *arguments))
        observation, total = outcome.observation, total + outcome.value.cost
        if outcome.termination:
            break
    return total


def _maze(seed: int, loops: float) -> Maze:
    return Maze(draw_maze(np.random.default_rng(seed), loops=loops))


def maze_detour(loops: float, code: str) -> float:
    """Cost of a program over the shortest way's, on 50 unseen mazes."""
    planner_class = load_planner_class(code)
    texts = [draw_maze(np.random.default_rng(_UNSEEN + number), loops=loops) for number in range(50)]
    costs = [_cost(Maze(text), Maze(text), planner_class, 100_000) for text in texts]
    return fmean(costs) / fmean(map(shortest_path, texts))


def packing_excess(distribution: str, capacity: int, n_items: int, n_streams: int, code: str) -> float:
    """Bins of a program above the L1 bound, in percent, on unseen streams."""
    planner_class = load_planner_class(code)
    rngs = [np.random.default_rng([_UNSEEN, number]) for number in range(n_streams)]
    streams = [draw_items(distribution, n_items, capacity, rng) for rng in rngs]
    bins = [
        int(_cost(OnlineBinPacking(capacity, items), OnlineBinPacking(capacity), planner_class, n_items))
        for items in streams
    ]
    return excess(bins, [l1_bound(items, capacity) for items in streams])


@cache
def _psplib(name: str) -> tuple[tuple[Project, int], ...]:
    """The projects of a set with their best known makespans."""
    folder = Path(_DATA) / "rcpsp"
    best = read_best_known(folder / f"{name}_best_known.csv")
    return tuple((read_psplib(folder / name / f"{instance}.sm"), makespan) for instance, makespan in best.items())


def makespan_excess(domain_class: Callable[..., Domain], name: str, code: str) -> float:
    """Makespans of a program above the best known ones, in percent, on average over a set of PSPLIB."""
    planner_class = load_planner_class(code)
    ratios = [
        _cost(domain_class(project), domain_class(), planner_class, len(project.durations)) / best
        for project, best in _psplib(name)
    ]
    return 100 * (fmean(ratios) - 1)


def _maze_row(name: str, loops: float, references: str) -> Row:
    factories = [partial(_maze, seed, loops) for seed in range(3)]
    options = {
        "evaluator_domain_factories": factories,
        "evaluator_rollout_num_episodes": 1,
        "evaluator_rollout_max_steps": _MAZE_STEPS,
        "evaluator_timeout": 10,
    }
    return Row(
        name=name,
        title=f"20 × 20 mazes {'with' if loops else 'without'} loops",
        budget=200,
        domain_factory=factories[0],
        test=partial(maze_detour, loops),
        target=1.02,
        higher_is_better=False,
        unit="× the shortest path",
        decimals=2,
        references=references,
        solver_options=options,
    )


def _packing_row(
    distribution: str,
    capacity: int,
    n_items: int,
    episodes: int,
    n_tests: int,
    target: float,
    references: str,
    validations: int = 1,
    candidates: int = _CANDIDATES,
    **options: Any,
) -> Row:
    factory = partial(OnlineBinPacking, capacity, distribution=distribution, n_items=n_items)
    return Row(
        name=f"binpacking-{distribution}",
        title=f"online packing, {distribution.title()} sizes",
        budget=400,
        domain_factory=factory,
        test=partial(packing_excess, distribution, capacity, n_items, n_tests),
        target=target,
        higher_is_better=False,
        unit="% above the L1 bound",
        decimals=2,
        references=references,
        solver_options={
            "planner_domain_factory": partial(OnlineBinPacking, capacity),
            "evaluator_rollout_num_episodes": episodes,
            "evaluator_rollout_max_steps": n_items,
            "evaluator_timeout": 10,
            "validation_domain_factories": [factory] * validations,
            "validation_candidates": candidates,
            "tuning_share": 0.3,
            **SHORT_SEARCH,
            **options,
        },
        validation_cost=candidates * validations,
    )


def _project_row(
    name: str,
    instances: str,
    domain_class: Callable[..., Domain],
    sizes: Sequence[int],
    episodes: int,
    target: float,
    strengths: Sequence[float | None] = (None,),
    validations: int = 1,
    **options: object,
) -> Row:
    lst = {"j30": 4.77, "j60": 4.85}[instances]
    factories = [partial(domain_class, n_activities=size) for size in sizes]
    searched = [partial(make, strength=strength) for make in factories for strength in strengths]
    validating = factories * len(strengths) * validations  # as many episodes as the search's, so many times
    return Row(
        name=name,
        title=f"PSPLIB {instances} {'by a rule' if domain_class is RuleOnlyScheduling else 'with the model'}",
        budget=400,
        domain_factory=factories[-1],
        test=partial(makespan_excess, domain_class, instances),
        target=target,
        higher_is_better=False,
        unit="% above best known",
        decimals=1,
        references=f"LST {lst}",
        solver_options={
            "evaluator_domain_factories": searched,
            "evaluator_rollout_num_episodes": episodes,
            "evaluator_rollout_max_steps": 100,
            "evaluator_timeout": 20,
            "validation_domain_factories": validating,
            "validation_candidates": _CANDIDATES,
            **options,
        },
        validation_cost=_CANDIDATES * validations,
        available=bool(_DATA),
    )


_SMALL_STEPS = {**SHORT_SEARCH, "tuning_share": 0.6, "tuning_step": 0.02}

_PROJECTS = (
    _project_row("rcpsp-j30", "j30", ProjectScheduling, [30], 8, 4.4),
    _project_row("rcpsp-j60", "j60", ProjectScheduling, [20, 30, 45], 3, 4.6),
    _project_row("rcpsp-j30-rule", "j30", RuleOnlyScheduling, [30], 100, 4.4, **SHORT_SEARCH),
    _project_row("rcpsp-j60-rule", "j60", RuleOnlyScheduling, [60], 65, 4.6, (0.2, 0.5, 0.7), 3, **_SMALL_STEPS),
)
"""With the domain's model, so that a program may look ahead, and without it: a priority rule and nothing else. To look
ahead in projects as large as those of j60 takes so long that this row searches on smaller ones, of several sizes: what
is good for all of them should be good for larger ones. Of rules for large projects, two hundred projects as they come
tell little: where resources are strong all rules do alike. The search of that row meets scarce ones, and projects as
they come validate; since good rules for them differ little from LST, most of it goes to constants, in small steps."""

ROWS = (
    _maze_row("maze-perfect", 0.0, "random walk 16 ×, depth-first walk 1.09 ×"),
    _maze_row("maze-loops", 0.1, "random walk 52 ×, depth-first walk 2.9 ×"),
    # the best programs differ by less than one stream can tell: three for an evaluation, as many items as of the other
    # distribution, and twice three for each of more candidates, counted as two evaluations
    _packing_row(
        "weibull",
        100,
        5000,
        3,
        5,
        0.72,
        "best fit 3.98, FunSearch 0.68, two constants 0.68–0.72",
        validations=2,
        candidates=20,
        elite_selection_ratio=0.06,
    ),
    _packing_row("uniform", 150, 500, 30, 60, 3.05, "best fit 5.37, FunSearch 3.11, two constants 2.95"),
    *_PROJECTS,
)
