"""Score a CartPole-v1 program: mean number of steps, 500 at most.

Usage: python evaluators/cartpole.py PROGRAM
"""

import sys

from openevolve.evaluation_result import EvaluationResult

from skdecide_elm import IsolatedPlanner, isolated_planner
from skdecide_elm.environments import GymnasiumDomain

SEEDS = range(10)


def evaluate(program_path: str) -> EvaluationResult:
    domain = GymnasiumDomain("CartPole-v1")
    with isolated_planner(program_path) as planner:
        returns = [run_episode(domain, planner, seed) for seed in SEEDS]
    domain.close()
    mean_return = sum(returns) / len(returns)
    return EvaluationResult(
        metrics={"combined_score": mean_return, "cost": -mean_return, "worst_return": min(returns)},
        artifacts={"returns": f"Steps survived in each episode: {[int(steps) for steps in returns]}"},
    )


def run_episode(domain: GymnasiumDomain, planner: IsolatedPlanner, seed: int) -> float:
    """Sum of the rewards until the pole falls, the cart leaves or 500 steps are over."""
    planner.reset(seed)
    domain.seed(seed)
    observation, total, done = domain.reset(), 0.0, False
    while not done:
        outcome = domain.step(planner.sample_action([float(number) for number in observation]))
        observation, total, done = outcome.observation, total + outcome.value.reward, outcome.termination
    return total


if __name__ == "__main__":
    print(evaluate(sys.argv[1]))
