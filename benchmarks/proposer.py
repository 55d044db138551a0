"""What the embedded proposer reaches from a random program.

    python benchmarks/proposer.py [--seeds 10] [--task maze]

Each seed is one run of `IntegratedOpenEvolve` with its defaults. A run counts as a hit when its best program meets the
threshold on the episodes of the search; the column `unseen` scores that program on episodes that no search has seen
(for Maze, which is deterministic, on the same map).
"""

from __future__ import annotations

import argparse
import logging
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from skdecide import Domain
from skdecide.hub.domain.maze import Maze

from skdecide_elm import IntegratedOpenEvolve
from skdecide_elm.environments import GymnasiumDomain


@dataclass(frozen=True)
class Row:
    """A task, its budget, and when a run is a hit."""

    domain_factory: Callable[[], Domain]
    max_steps: int
    iterations: int
    target_score: float | None
    measure: Callable[[dict[str, float]], float]
    threshold: float
    unit: str


ROWS = {
    # the goal is at least 58 steps away; an episode is cut after 100
    "maze": Row(Maze, 100, 60, None, lambda m: m["nb_reached_goals"], 1.0, "episodes of 3 that reach the goal"),
    # a reward of 1 per step, at most 500 steps: −cost / episodes is the mean number of steps
    "cartpole": Row(
        partial(GymnasiumDomain, "CartPole-v1"),
        500,
        200,
        3 * 400 / 500,
        lambda m: -m["cost"] / m["nb_episodes"],
        400.0,
        "steps of 500",
    ),
}


def run(row: Row, seed: int) -> tuple[float, float, int]:
    """One search: the best program on its own episodes, on unseen ones, and the iteration that found it."""
    options = {"evaluator_rollout_max_steps": row.max_steps, "random_seed": seed}
    with IntegratedOpenEvolve(
        row.domain_factory, nb_iterations=row.iterations, target_score=row.target_score, **options
    ) as solver:
        solver.solve()
        code = solver.get_best_program_code()
        seen = row.measure(solver.evaluate_program_code(code).metrics)
        found = solver.statistics.improvements[-1][0]
    with IntegratedOpenEvolve(
        row.domain_factory, evaluator_rollout_num_episodes=30, evaluator_seed=1_000_003, **options
    ) as referee:
        return seen, row.measure(referee.evaluate_program_code(code).metrics), found


def main() -> None:
    """Print a line per seed and a summary per task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--task", choices=sorted(ROWS), action="append")
    arguments = parser.parse_args()
    logging.getLogger("skdecide_elm").setLevel(logging.ERROR)
    for name in arguments.task or ROWS:
        row = ROWS[name]
        results = [run(row, seed) for seed in range(arguments.seeds)]
        for seed, (seen, unseen, found) in enumerate(results):
            print(f"{name} seed {seed}: {seen:g} (unseen: {unseen:g}) {row.unit}, found at iteration {found}")
        hits = sum(seen >= row.threshold for seen, _, _ in results)
        unseen_values = sorted(unseen for _, unseen, _ in results)
        print(
            f"{name}: {hits} of {arguments.seeds} seeds reach {row.threshold:g} {row.unit} within {row.iterations} "
            f"iterations; unseen: median {statistics.median(unseen_values):g}, "
            f"range {unseen_values[0]:g} to {unseen_values[-1]:g}",
            flush=True,
        )


if __name__ == "__main__":
    main()
