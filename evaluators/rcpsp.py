"""Score a project scheduling program: makespans above the longest path, in percent.

Usage: python evaluators/rcpsp.py PROGRAM
"""

import sys

import numpy as np
from openevolve.evaluation_result import EvaluationResult

from skdecide_elm import IsolatedPlanner, isolated_planner
from skdecide_elm.environments import Project, ProjectScheduling, draw_project

N_ACTIVITIES = 30
STRENGTH = 0.2  # scarce resources, so that the order matters
SEEDS = range(6)


def evaluate(program_path: str) -> EvaluationResult:
    projects = [draw_project(np.random.default_rng(seed), N_ACTIVITIES, strength=STRENGTH) for seed in SEEDS]
    with isolated_planner(program_path, domain=ProjectScheduling()) as planner:
        makespans, longest_paths = zip(*(run_episode(planner, project) for project in projects), strict=True)
    mean_excess = 100 * (np.divide(makespans, longest_paths).mean() - 1)
    return EvaluationResult(
        metrics={"combined_score": -float(mean_excess), "cost": sum(makespans) / len(makespans)},
        artifacts={"makespans": f"By project: {list(makespans)}; the longest paths take {list(longest_paths)}."},
    )


def run_episode(planner: IsolatedPlanner, project: Project) -> tuple[int, int]:
    """The makespan of the planner's schedule, and the length of the project's longest path."""
    planner.reset()
    domain = ProjectScheduling(project)
    observation, done = domain.reset(), False
    while not done:
        outcome = domain.step(planner.sample_action(observation, domain.get_applicable_actions()))
        observation, done = outcome.observation, outcome.termination
    return observation.time, int(observation.late_finish.max())


if __name__ == "__main__":
    print(evaluate(sys.argv[1]))
