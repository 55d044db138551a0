"""Score a maze program: few steps, no bumping into walls.

Usage: python evaluators/maze.py PROGRAM
"""

import sys

from openevolve.evaluation_result import EvaluationResult
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.maze.maze import Action

from skdecide_elm import IsolatedPlanner, isolated_planner

MAX_STEPS = 2000
SEEDS = range(5)


def evaluate(program_path: str) -> EvaluationResult:
    width, height = (int(n) for n in Maze().get_observation_space().unwrapped().nvec)
    with isolated_planner(program_path, width=width, height=height) as planner:
        episodes = [run_episode(planner, seed) for seed in SEEDS]
    mean_cost = sum(cost for cost, _ in episodes) / len(episodes)
    nb_reached_goals = sum(reached for _, reached in episodes)
    return EvaluationResult(
        metrics={
            # every step costs 1, bumping into a wall costs 2: -2 is the worst score
            "combined_score": -mean_cost / MAX_STEPS,
            "cost": mean_cost,
            "nb_reached_goals": float(nb_reached_goals),
        },
        artifacts={"exits": f"Reached within {MAX_STEPS} steps in {nb_reached_goals} of {len(SEEDS)} episodes."},
    )


def run_episode(planner: IsolatedPlanner, seed: int) -> tuple[float, bool]:
    """Total cost of an episode and whether it reached the exit."""
    domain = Maze()
    planner.reset(seed)
    observation, cost = domain.reset(), 0
    for _ in range(MAX_STEPS):
        action = planner.sample_action((observation.x, observation.y))
        outcome = domain.step(Action[action])
        observation, cost = outcome.observation, cost + outcome.value.cost
        if outcome.termination:
            break
    return cost, domain.is_goal(observation)


if __name__ == "__main__":
    print(evaluate(sys.argv[1]))
