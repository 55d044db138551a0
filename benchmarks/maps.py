"""Maps of planners beside the baselines, at the same number of evaluations, with no LLM.

    python benchmarks/maps.py [--seeds 10] [--steps 1000] [--rows Maze,...] [--arms map,...] [--workers 1]

Each seed is one run of `IntegratedELM` from the generated random sampler. Arms: ``map`` (MAP-Elites, defaults, so that
half of the steps tune constants), ``untuned`` (the same, all steps for structure), and with no tuning ``ga`` (a genetic
algorithm), ``random`` (variation without selection) and ``best-of-n`` (proposals that all start from the initial
program).

All arms of a seed are measured by the same grid of 10 × 10 cells. On Maze a cell is where the walk is after 150 steps,
a descriptor of the user's with which the literature began (Lehman and Stanley 2011); elsewhere nothing is said, and the
map's run chooses two features and learns their scales from its initial phase. Every program that an arm has evaluated
is offered to the grid afterwards, so that a baseline is not punished for keeping nothing. Coverage is the share of
occupied cells; the QD score is the sum over cells of the best score, minus that of the worst program that any arm of
the seed has found. Best scores are of the search's own episodes.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

from skdecide import Domain
from skdecide.hub.domain.maze import Maze

from skdecide_elm import IntegratedELM
from skdecide_elm.core import Program
from skdecide_elm.environments import GymnasiumDomain, OnlineBinPacking
from skdecide_elm.evaluation.rollout import Episode
from skdecide_elm.search.archives import GridProgramArchive
from skdecide_elm.search.map_elites import MapElites
from skdecide_elm.search.space import Space

ARMS: dict[str, tuple[str, dict[str, Any]]] = {
    "map": ("map_elites", {}),
    "untuned": ("map_elites", {"tuning_share": 0.0}),
    "ga": ("genetic", {"tuning_share": 0.0}),
    "random": ("random", {"tuning_share": 0.0}),
    "best-of-n": ("best_of_n", {"tuning_share": 0.0}),
}
"""Strategies, and settings of the solver."""

INIT_STEPS = 50


@dataclass(frozen=True)
class Row:
    """A domain, and how programs are evaluated on it."""

    domain_factory: Callable[[], Domain]
    options: Mapping[str, Any] = field(default_factory=dict)
    features: Sequence[Mapping[str, Any]] | None = None


def end_of_walk(episodes: Sequence[Episode]) -> dict[str, float]:
    """The cell where the last episode ends."""
    cell = episodes[-1].observations[-1]
    return {"end_x": cell.x, "end_y": cell.y}


def specification(domain: OnlineBinPacking) -> OnlineBinPacking:
    """The planner's own copy, which knows nothing of the items to come."""
    return domain.specification()


ROWS = {
    "Maze": Row(
        Maze,
        {"evaluator_rollout_num_episodes": 1, "evaluator_rollout_max_steps": 150, "descriptor": end_of_walk},
        [{"name": "end_x", "bounds": (0, 21)}, {"name": "end_y", "bounds": (0, 21)}],
    ),
    "CartPole": Row(
        partial(GymnasiumDomain, "CartPole-v1"),
        {"evaluator_rollout_num_episodes": 5, "evaluator_rollout_max_steps": 500},
    ),
    "bin packing": Row(
        partial(OnlineBinPacking, 100, distribution="weibull", n_items=120),
        {
            "evaluator_rollout_num_episodes": 3,
            "evaluator_rollout_max_steps": 200,
            "planner_domain_factory": specification,
        },
    ),
}


@dataclass(frozen=True)
class Run:
    """What a run has found."""

    space: Space | None
    found: list[Program]
    seconds: float

    @property
    def best(self) -> float:
        """The best score."""
        return max(program.evaluation.combined_score for program in self.found)


def run(row: Row, arm: str, seed: int, steps: int, workers: int) -> Run:
    """One run of an arm."""
    begin = time.perf_counter()
    strategy, settings = ARMS[arm]
    with IntegratedELM(
        row.domain_factory,
        elm={"strategy": strategy, "init_steps": INIT_STEPS, "save_history": True, "features": row.features},
        random_seed=seed,
        nb_iterations=steps,
        evaluator_parallel=workers,
        evaluator_timeout=5,
        **row.options,
        **settings,
    ) as solver:
        solver.solve()
        search = solver._backend.search
        space = search.strategy.space if isinstance(search.strategy, MapElites) else None
        found = [program for program in search.history if program.evaluation.is_valid]
        return Run(space, found, time.perf_counter() - begin)


def mapped(space: Space, programs: Iterable[Program]) -> GridProgramArchive:
    """The grid, after all programs were offered to it."""
    archive = GridProgramArchive(space.bounds)
    for program in programs:
        place = space(program)
        if place is not None:
            archive.add(program, place)
    return archive


def report(name: str, arms: list[str], seeds: range, steps: int, workers: int) -> None:
    """Print the runs of a row as they end, then medians and spread."""
    measured: dict[str, list[tuple[float, float, float]]] = {arm: [] for arm in arms}
    for seed in seeds:
        runs = {arm: run(ROWS[name], arm, seed, steps, workers) for arm in arms}
        space = runs["map"].space
        assert space is not None
        print(f"  {name}, seed {seed}: {space}", flush=True)
        worst = min(program.evaluation.combined_score for found in runs.values() for program in found.found)
        for arm, found in runs.items():
            archive = mapped(space, found.found)
            measured[arm].append((found.best, archive.qd_score(worst), archive.coverage))
            print(f"    {arm}: {_line([measured[arm][-1]])} in {found.seconds:.0f} s", flush=True)
    for arm, rows in measured.items():
        print(f"{name} | {arm} | {steps} steps | {_line(rows)}", flush=True)


def _line(rows: list[tuple[float, float, float]]) -> str:
    return " | ".join(
        f"{what} {median(values):.4g} ({min(values):.4g} … {max(values):.4g})"
        for what, values in zip(("best", "QD", "coverage"), zip(*rows, strict=True), strict=True)
        if all(map(math.isfinite, values))
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--arms", default=",".join(ARMS), help="'map' is always run")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    logging.getLogger("skdecide_elm").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="gymnasium.*")
    arms = list(dict.fromkeys(["map", *arguments.arms.split(",")]))
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    for name in arguments.rows.split(","):
        report(name, arms, seeds, arguments.steps, arguments.workers)


if __name__ == "__main__":
    main()
