"""When a run ends before its iterations are done."""

from __future__ import annotations

import math

from openevolve.config import Config
from openevolve.database import Program

from skdecide_elm.backends.openevolve.database import score

__all__ = ["EarlyStopping"]


class EarlyStopping:
    """Stops at the target score, or when OpenEvolve's patience is at its end."""

    def __init__(self, config: Config, target_score: float | None) -> None:
        self._target = target_score
        self._patience = config.early_stopping_patience
        self._threshold = config.convergence_threshold
        self._best = -math.inf
        self._best_at = 0

    def reached(self, best: Program | None, done: int) -> bool:
        """Whether to stop now, after ``done`` iterations of this run."""
        value = -math.inf if best is None else score(best)
        if value >= self._best + self._threshold:
            self._best, self._best_at = value, done
        if self._target is not None and value >= self._target:
            return True
        return self._patience is not None and 0 < self._patience <= done - self._best_at
