"""Score an online bin packing program: bins above the L1 bound, in percent.

Usage: python evaluators/binpacking.py PROGRAM
"""

import sys
from collections.abc import Sequence

import numpy as np
from openevolve.evaluation_result import EvaluationResult

from skdecide_elm import IsolatedPlanner, isolated_planner
from skdecide_elm.environments import OnlineBinPacking, draw_items, excess, l1_bound

CAPACITY = 100
N_ITEMS = 500
SEEDS = range(3)


def evaluate(program_path: str) -> EvaluationResult:
    instances = [draw_items("weibull", N_ITEMS, CAPACITY, np.random.default_rng(seed)) for seed in SEEDS]
    with isolated_planner(program_path, capacity=CAPACITY) as planner:
        bins = [run_episode(planner, items) for items in instances]
    bounds = [l1_bound(items, CAPACITY) for items in instances]
    mean_excess = excess(bins, bounds)
    return EvaluationResult(
        metrics={"combined_score": -mean_excess, "cost": sum(bins) / len(bins)},
        artifacts={"bins": f"Bins used per instance: {bins}; no packing can use fewer than {bounds}."},
    )


def run_episode(planner: IsolatedPlanner, items: Sequence[int]) -> int:
    """Number of bins that the planner opens for these items."""
    planner.reset()
    domain = OnlineBinPacking(CAPACITY, items)
    observation, cost, done = domain.reset(), 0, False
    while not done:
        applicable_actions = domain.get_applicable_actions().get_elements()
        action = planner.sample_action((observation.item, observation.residual), applicable_actions)
        outcome = domain.step(action)
        observation, cost, done = outcome.observation, cost + outcome.value.cost, outcome.termination
    return cost


if __name__ == "__main__":
    print(evaluate(sys.argv[1]))
