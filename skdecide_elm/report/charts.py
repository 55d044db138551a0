"""Curves over the steps of a run, or over its requests: lines, dots and ticks, in percent of the room that they get."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from skdecide_elm.llm.ledger import Entry
from skdecide_elm.report.formatting import short, ticks
from skdecide_elm.report.model import RunView

__all__ = ["Chart", "Dot", "Line", "Tick", "budget_chart", "last_step", "score_chart", "score_range", "staircase"]

Points = Sequence[tuple[float, float]]
_MARGIN = 0.06
_MOST_DOTS = 3000


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, in percent, and what it says."""

    place: float
    text: str


@dataclass(frozen=True)
class Line:
    """A curve: the end of its name, for the stylesheet, and ``x,y x,y …`` in percent, y growing downwards."""

    kind: str
    points: str


@dataclass(frozen=True)
class Dot:
    """A program in a chart, in percent from the left and from the bottom; ``is_below``: it lies beyond the bottom."""

    x: float
    y: float
    program: str
    is_below: bool


@dataclass(frozen=True)
class Chart:
    """A chart as a template draws it."""

    x_name: str
    y_name: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...] = ()


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    def __call__(self, value: float) -> float:
        """Percent from the low end; at most 100, at least 0."""
        span = self.high - self.low
        share = (value - self.low) / span if span > 0 else 0.5
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def ticks(self) -> tuple[Tick, ...]:
        """Round numbers along the axis."""
        return tuple(Tick(self(value), short(value)) for value in ticks(self.low, self.high))


def score_chart(view: RunView) -> Chart | None:
    """The best score by step, and the programs that are known; None before a valid program was found.

    Of very many programs, which would slow a browser down, every second one is drawn, or every third, ...
    """
    if not view.improvements:
        return None
    x = _Scale(0.0, last_step(view))
    y = _Scale(*score_range(view))
    shown = [shown for shown in view.programs.values() if shown.is_valid and not shown.is_copy]
    thinned = shown[:: math.ceil(len(shown) / _MOST_DOTS) or 1]
    dots = [Dot(x(own.step), y(own.score), own.id, own.score < y.low) for own in thinned]
    best = Line("best", _points(staircase(view), x, y))
    x_name = "step" if last_step(view) == view.steps else "proposal (those that repeat what is known are no steps)"
    return Chart(x_name, "score", x.ticks(), y.ticks(), (best,), tuple(dots))


def score_range(view: RunView) -> tuple[float, float]:
    """Lowest and highest score of a chart of improvements.

    A bad start would hide all that comes later, so what is worse than nine tenths of the programs, and than the second
    improvement, is beyond the bottom.
    """
    scores = sorted(shown.score for shown in view.programs.values() if shown.is_valid)
    improvements = [score for _, score in view.improvements]
    tenth = scores[len(scores) // 10] if scores else improvements[0]
    low, high = min(tenth, *improvements[-2:]), improvements[-1]
    if improvements[0] >= low - 2 * (high - low):
        low = min(low, improvements[0])
    margin = _MARGIN * (high - low) or max(abs(high), 1.0) * _MARGIN
    return low - margin, high + margin


def staircase(view: RunView) -> list[tuple[float, float]]:
    """The corners of the best score by step, up to the last step."""
    corners: list[tuple[float, float]] = []
    for step, score in view.improvements:
        if corners:
            corners.append((float(step), corners[-1][1]))
        corners.append((float(step), score))
    return [*corners, (last_step(view), corners[-1][1])]


def last_step(view: RunView) -> float:
    """The end of the axis of steps: programs are numbered by their proposals, and some of these are not counted."""
    steps = [step for step, _ in view.improvements] + [shown.step for shown in view.programs.values()]
    return float(max(view.steps, *steps, 1))


def budget_chart(entries: Sequence[Entry]) -> Chart | None:
    """Money by request, or tokens where no price is known; None where no LLM was asked."""
    if not entries:
        return None
    has_prices = any(entry.cost for entry in entries)
    spent = [entry.cost if has_prices else float(entry.spending.tokens) for entry in entries]
    calls = [0.0, *accumulate(float(entry.calls) for entry in entries)]
    sums = [0.0, *accumulate(spent)]
    x, y = _Scale(0.0, calls[-1]), _Scale(0.0, sums[-1] * (1 + _MARGIN) or 1.0)
    line = Line("spent", _points(list(zip(calls, sums, strict=True)), x, y))
    return Chart("LLM calls", "cost" if has_prices else "tokens", x.ticks(), y.ticks(), (line,))


def _points(points: Points, x: _Scale, y: _Scale) -> str:
    return " ".join(f"{x(across)},{round(100 - y(up), 2)}" for across, up in points)
