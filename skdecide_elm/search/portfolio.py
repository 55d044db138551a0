"""A few programs that complement each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skdecide_elm.errors import ConfigError

__all__ = ["greedy_portfolio"]


def greedy_portfolio(scores: Sequence[Sequence[float]], size: int) -> list[int]:
    """Rows that together do best where each column is played by whoever plays it best.

    Greedy: the best row on average first, then always the one that adds most to the sum over columns of the best score.
    That sum is submodular, so no choice of as many rows gains more than 1 / (1 − 1/e) times as much over the first row
    (Nemhauser, Wolsey & Fisher 1978). Rows that add nothing are left out.

    Args:
        scores: one row per program, one column per episode; higher is better.
        size: rows at most.

    Returns:
        The numbers of the rows, in order of choice.

    Raises:
        ConfigError: no row, no place, or rows of different length.
    """
    if size < 1 or not scores or len(set(map(len, scores))) > 1 or not len(scores[0]):
        raise ConfigError(
            f"expected a portfolio of at least 1 of at least 1 program, all scored on the same episodes; found a size "
            f"of {size} and rows of {sorted(set(map(len, scores)))} scores"
        )
    table = np.asarray(scores, dtype=float)
    chosen = [int(np.argmax(table.sum(axis=1)))]
    best = table[chosen[0]]
    while len(chosen) < size:
        together = np.maximum(table, best)
        gains = (together - best).sum(axis=1)
        if gains.max() <= 0.0:
            break
        chosen.append(int(np.argmax(gains)))
        best = together[chosen[-1]]
    return chosen
