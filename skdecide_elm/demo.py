"""The first run: ``python -m skdecide_elm.demo [FOLDER]`` evolves planners for two domains, without a key.

Prints each new best score, where the best program lies, and how it does in `skdecide.utils.rollout`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from skdecide import Domain
from skdecide.hub.domain.maze import Maze
from skdecide.utils import rollout

from skdecide_elm import IntegratedOpenEvolve
from skdecide_elm.environments import GymnasiumDomain

__all__ = ["demonstrate", "main"]


def demonstrate(name: str, domain_factory: Callable[[], Domain], max_steps: int, iterations: int, folder: Path) -> None:
    """Evolve a planner from a random one and roll it out."""
    print(f"\n{name}: {iterations} programs from a random planner, episodes of at most {max_steps} steps", flush=True)
    with IntegratedOpenEvolve(
        domain_factory,
        evaluator_rollout_max_steps=max_steps,
        nb_iterations=iterations,
        output_dir=folder,
        evaluator_timeout=10,
    ) as solver:
        solver.solve()
        [(_, actions, values)] = rollout(
            domain_factory(), solver, max_steps=max_steps, render=False, verbose=False, return_episodes=True
        )
        first, best = solver.statistics.improvements[0][1], solver.best_score
        print(f"{name}: combined_score {first:.4g} at the start, {best:.4g} now ({solver.statistics})")
        print(f"{name}: a rollout of the best program takes {len(actions)} steps, cost {sum(v.cost for v in values):g}")
        print(f"{name}: the best program is {folder / 'best' / 'best_program.py'}", flush=True)


def main() -> None:
    """Run the demonstration; results go to the folder given, or to ``runs/demo``."""
    log = logging.getLogger("skdecide_elm")
    log.setLevel(logging.INFO)
    log.addHandler(logging.StreamHandler(sys.stdout))
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/demo")
    demonstrate("Maze", Maze, 200, 40, folder / "maze")
    demonstrate("CartPole-v1", lambda: GymnasiumDomain("CartPole-v1"), 500, 100, folder / "cartpole")


if __name__ == "__main__":
    main()
