"""One live line that tells how a run is doing; plain lines where nobody looks at a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

from tqdm.auto import tqdm

if TYPE_CHECKING:
    from skdecide_elm.solvers.base import ProgramSolver

__all__ = ["Progress", "summary"]

_SECONDS = 10.0
"""Between two plain lines, unless there is a new best program."""

_BAR = "{bar:12} {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


class Progress:
    """A callback of `solve` that shows how far it is.

    Args:
        solver: which is about to solve.
        total: iterations that this run shall have.
        stream: where the line goes; None: the standard error stream.
    """

    def __init__(self, solver: ProgramSolver, total: int, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._bar = tqdm(
            total=total, file=self._stream, disable=not self._stream.isatty(), bar_format=_BAR, dynamic_ncols=True
        )
        self._solver = solver
        self._total = total
        self._first = (solver.iteration, solver.statistics.evaluations)
        self._began = self._told = time.monotonic()
        self._best: float | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._bar.disable:
            self._bar.close()
        elif self._solver.iteration != self._first[0]:
            self._print(self._line)

    def __call__(self, solver: ProgramSolver) -> bool:
        """Show it; the search goes on."""
        if not self._bar.disable:
            self._bar.set_postfix_str(self._line, refresh=False)
            self._bar.update(self._step - self._bar.n)
        elif solver.best_score != self._best or time.monotonic() - self._told > _SECONDS:
            self._print(f"{self._line}, {self._left} left")
        self._best = solver.best_score
        return False

    @property
    def _step(self) -> int:
        return min(self._total, self._solver.iteration - self._first[0])

    @property
    def _line(self) -> str:
        evaluations = self._solver.statistics.evaluations - self._first[1]
        return f"{summary(self._solver)}, {evaluations / (time.monotonic() - self._began):.3g} evaluations/s"

    @property
    def _left(self) -> str:
        seconds = time.monotonic() - self._began
        return str(tqdm.format_interval(seconds * (self._total - self._step) / max(1, self._step)))

    def _print(self, text: str) -> None:
        self._told = time.monotonic()
        print(f"step {self._step}/{self._total}: {text}", file=self._stream, flush=True)


def summary(solver: ProgramSolver) -> str:
    """Best score, coverage of a map, LLM calls and their cost."""
    parts = ["nothing evaluated yet" if solver.best_score is None else f"best {solver.best_score:.6g}"]
    coverage = getattr(solver, "coverage", None)
    if coverage is not None:
        parts.append(f"coverage {coverage:.0%}")
    spent = solver.ledger.total
    parts.append(f"{spent.calls} LLM calls")
    if spent.cost:
        parts.append(f"cost {spent.cost:.4g}")
    return ", ".join(parts)
