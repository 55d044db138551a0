"""What two benchmarks share: mazes of all kinds, and how paired scores are compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap, wilcoxon
from skdecide.hub.domain.maze import Maze

from skdecide_elm.environments.mazes import draw_maze

__all__ = ["maze", "print_difference"]


def maze(seed: int) -> Maze:
    """Every third is perfect; the others have a few loops, or many."""
    return Maze(draw_maze(np.random.default_rng(seed), 8, 8, loops=(0.0, 0.1, 0.4)[seed % 3]))


def print_difference(difference: NDArray[np.float64]) -> None:
    """Print the mean, its bootstrap interval (95 %), and Wilcoxon's signed-rank test (two-sided)."""
    if not difference.any():
        print("  no difference anywhere", flush=True)
        return
    interval = bootstrap((difference,), np.mean, rng=0).confidence_interval
    print(f"  mean difference {difference.mean():.4f}, 95 % interval {interval.low:.4f} … {interval.high:.4f}")
    print(f"  Wilcoxon p = {wilcoxon(difference, zero_method='zsplit').pvalue:.2g}", flush=True)
