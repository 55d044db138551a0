"""A portfolio of a map's programs against the single best, on instances that no search has seen.

    python benchmarks/portfolio.py [--instances 30] [--steps 300] [--size 8] [--seed 0] [--rows mazes,...]

mazes      random mazes of 8 × 8 rooms, perfect or with loops, of which the planner has a copy
packing    streams of items from three distributions; the planner's copy is the distribution, with a luck of its own
projects   projects of 20, 30 or 40 activities with scarce resources, by priority rules: the domain gives no model
pendulums  `Pendulum-v1` with a gravity of 4 to 16, from random positions; the planner's copy has the gravity

The search sees training instances, the portfolio is chosen on validation instances, and both policies play the same
held-out instances, the same episodes on each. The score of an instance is minus its cost over the step limit. Reported:
mean difference, its bootstrap interval (95 %), and Wilcoxon's signed-rank test (two-sided) on the paired scores.
"""

from __future__ import annotations

import argparse
import copy
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

import numpy as np
from paired import maze, print_difference
from rows_combinatorial import RuleOnlyScheduling
from skdecide import Domain
from skdecide.utils import rollout

from skdecide_elm import IntegratedELM
from skdecide_elm.environments import GymnasiumDomain, OnlineBinPacking, draw_project

Instance = Callable[[], Domain]


@dataclass(frozen=True)
class Row:
    """A family of instances.

    Attributes:
        instance: makes one from a seed.
        own_copy: the planner's own copy of one.
        max_steps: of an episode.
        episodes: played on each instance.
    """

    instance: Callable[[int], Domain]
    own_copy: Callable[[Any], Domain]
    max_steps: int
    episodes: int = 1


def packing(seed: int) -> OnlineBinPacking:
    """Streams of three kinds: sizes around 45 of 100, 20 to 100 of 150, and around 45 of 150."""
    capacity, distribution = ((100, "weibull"), (150, "uniform"), (150, "weibull"))[seed % 3]
    return OnlineBinPacking(capacity, distribution=distribution, n_items=120, seed=seed)


def project(seed: int) -> RuleOnlyScheduling:
    """Small and large ones in turn."""
    return RuleOnlyScheduling(draw_project(np.random.default_rng(seed), (20, 30, 40)[seed % 3]))


def pendulum(seed: int) -> GymnasiumDomain:
    """Of another gravity each, and with beginnings of its own."""
    return GymnasiumDomain("Pendulum-v1", seed=seed, g=float(np.random.default_rng(seed).uniform(4, 16)))


ROWS = {
    "mazes": Row(maze, copy.deepcopy, 200),
    "packing": Row(packing, OnlineBinPacking.specification, 120),
    "projects": Row(project, copy.deepcopy, 100),
    "pendulums": Row(pendulum, copy.deepcopy, 200, 5),
}


def score(row: Row, policy: Any, instance: int) -> float:
    """Minus the mean cost of an episode on an instance, over the step limit."""
    episodes = rollout(
        row.instance(instance),
        policy,
        num_episodes=row.episodes,
        max_steps=row.max_steps,
        render=False,
        verbose=False,
        return_episodes=True,
    )
    return -fmean(sum(value.cost for value in values) for _, _, values in episodes) / row.max_steps


def compare(name: str, instances: int, steps: int, size: int, seed: int) -> None:
    """Search, choose, play, report."""
    row, begin = ROWS[name], time.perf_counter()
    train, validation = range(9), range(1000, 1030)
    with IntegratedELM(
        partial(row.instance, train[0]),
        elm={"init_steps": 50},
        evaluator_domain_factories=[partial(row.instance, number) for number in train],
        validation_domain_factories=[partial(row.instance, number) for number in validation],
        planner_domain_factory=row.own_copy,
        evaluator_rollout_num_episodes=row.episodes,
        evaluator_rollout_max_steps=row.max_steps,
        evaluator_timeout=20,
        evaluator_parallel=1,
        random_seed=seed,
        nb_iterations=steps,
    ) as solver:
        solver.solve()
        policy = solver.portfolio(size, candidates=40, num_episodes=2 * row.episodes)
        searched = time.perf_counter() - begin
        chosen: list[str] = []
        single, several = [], []
        for number in range(2000, 2000 + instances):
            single.append(score(row, solver, number))
            several.append(score(row, policy, number))
            chosen.append(policy.chosen.id)
    difference = np.subtract(several, single)
    counts = {program.id: chosen.count(program.id) for program in policy.programs}
    print(f"{name}: searched for {searched:.0f} s, played for {time.perf_counter() - begin - searched:.0f} s")
    print(f"  portfolio of {len(policy.programs)}, played on so many instances: {counts}")
    print(f"  single best {np.mean(single):.4f}, portfolio {np.mean(several):.4f} over {instances} instances")
    print(
        f"  better on {(difference > 0).sum()}, worse on {(difference < 0).sum()}, equal on {(difference == 0).sum()}"
    )
    print_difference(difference)


def main() -> None:
    """Compare on each row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=30)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--size", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", default=",".join(ROWS))
    arguments = parser.parse_args()
    logging.getLogger("skdecide_elm").setLevel(logging.ERROR)
    logging.getLogger("skdecide").setLevel(logging.ERROR)
    logging.getLogger("skdecide.utils").setLevel(logging.ERROR)  # it has a level of its own
    for name in arguments.rows.split(","):
        compare(name, arguments.instances, arguments.steps, arguments.size, arguments.seed)


if __name__ == "__main__":
    main()
