"""A callback that lets Optuna watch a run, and end one that is not promising."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from optuna import Trial, TrialPruned

from skdecide_elm.solvers.base import ProgramSolver

__all__ = ["OptunaPruning"]


class OptunaPruning:
    """Reports the best score to a trial while a solver solves, and prunes the trial if its pruner says so.

    For studies of one objective; Optuna prunes no others. Where a trial repeats its run with several seeds, the step
    of a report counts the iterations of all runs, and its value is the mean of the runs so far.

    Args:
        trial: which the run is for.
        earlier: final scores of the trial's earlier runs.
        interval: iterations from one report to the next, as each is written to the study's storage.

    Raises:
        TrialPruned: out of ``solve``, when the trial is to end.
    """

    def __init__(self, trial: Trial, earlier: Sequence[float] = (), interval: int = 1) -> None:
        self._trial = trial
        self._earlier = tuple(earlier)
        self._interval = interval
        self._next = interval

    def __call__(self, solver: ProgramSolver) -> bool:
        """Report, if it is time; False, as a trial is pruned by an exception."""
        best = solver.best_score
        if solver.iteration < self._next or best is None or not math.isfinite(best):
            return False
        step = len(self._earlier) * solver.nb_iterations + solver.iteration
        self._next = solver.iteration + self._interval
        self._trial.report(fmean([*self._earlier, best]), step)
        if self._trial.should_prune():
            raise TrialPruned(f"best score {best:.6g} after iteration {solver.iteration}")
        return False
