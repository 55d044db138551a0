"""Archives, lineages and failures as a template draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from skdecide_elm.report.charts import Tick
from skdecide_elm.report.colours import colour, shares
from skdecide_elm.report.formatting import count, short
from skdecide_elm.report.lineage import Lineage, LineageStep
from skdecide_elm.report.model import ArchiveMap, Dimension, Failure, RunView, ShownProgram, Spot

__all__ = ["Bar", "DrawnLineage", "DrawnMap", "DrawnSpot", "DrawnStep", "drawn_lineage", "drawn_map", "failure_bars"]

_LONGEST_OPEN_DIFF = 40
_LONGEST_DIFF = 500
"""Lines of a diff: what is longer is another program, and its text is on the page as well."""
_MOST_LABELS = 5
_WIDEST = 3.0
_GROUPS = {
    "request": "LLM requests that got no reply",
    "reply": "Replies that were no program",
    "program": "Programs that failed",
    "proposal": "Programs that were not evaluated, or not to the end",
}


@dataclass(frozen=True)
class DrawnSpot:
    """A spot in the colour of its best program; x and y are in percent where there is no grid."""

    x: float
    y: float
    programs: tuple[str, ...]
    colour: str
    is_final: bool


@dataclass(frozen=True)
class DrawnMap:
    """A map with its axes, and the scores at both ends of its colours."""

    source: ArchiveMap
    spots: Sequence[DrawnSpot]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    worst: str
    best: str
    aspect: float


@dataclass(frozen=True)
class DrawnStep:
    """An ancestor, how much better it is than its parent, and lines of a diff with their kinds."""

    shown: ShownProgram
    others: tuple[ShownProgram, ...]
    gain: float | None
    diff: Sequence[tuple[str, str]]
    added: int
    removed: int
    is_open: bool


@dataclass(frozen=True)
class DrawnLineage:
    """A line of ancestors; ``lost``: the id of the first one that is not known."""

    steps: Sequence[DrawnStep]
    lost: str | None


@dataclass(frozen=True)
class Bar:
    """A kind of failure, and its share of the most frequent one in percent."""

    kind: str
    count: int
    share: float


def drawn_map(found: ArchiveMap, view: RunView, final: ShownProgram | None) -> DrawnMap:
    """A map with colours by rank: differences show on any scale of scores."""
    scores = [view.programs[spot.programs[0]].score for spot in found.spots]
    share = shares(scores)
    columns, rows = found.grid or (1, 1)
    scale = 1 if found.grid else 100

    def drawn(spot: Spot, score: float) -> DrawnSpot:
        is_final = final is not None and final.id in spot.programs
        x, y = round(spot.x * scale, 2), round(spot.y * scale, 2)
        return DrawnSpot(x, y, spot.programs, colour(share(score)), is_final)

    return DrawnMap(
        source=found,
        spots=[drawn(spot, score) for spot, score in zip(found.spots, scores, strict=True)],
        x_ticks=_edge_ticks(found.dimensions[0]),
        y_ticks=_edge_ticks(found.dimensions[1]),
        worst=short(min(scores)),
        best=short(max(scores)),
        aspect=max(1.0, min(_WIDEST, columns / rows)),
    )


def _edge_ticks(dimension: Dimension) -> list[Tick]:
    """Some of the boundaries of cells, or both ends."""
    last = len(dimension.edges) - 1
    if not dimension.name:
        return []
    every = math.ceil(last / _MOST_LABELS)
    return [Tick(round(100 * at / last, 2), short(dimension.edges[at])) for at in range(0, last + 1, every)]


def drawn_lineage(lineage: Lineage) -> DrawnLineage:
    """A lineage with the gain of each step; short diffs that were worth it are open."""
    scores = [None, *(step.shown.score for step in lineage.steps)]
    steps = [_drawn_step(step, before) for step, before in zip(lineage.steps, scores, strict=False)]
    return DrawnLineage(steps, lineage.lost)


def _drawn_step(step: LineageStep, before: float | None) -> DrawnStep:
    gain = None if before is None or not math.isfinite(before) else step.shown.score - before
    diff = [(_kind_of_line(line), line) for line in step.diff]
    kinds = [kind for kind, _ in diff]
    is_open = gain is not None and gain > 0 and len(diff) <= _LONGEST_OPEN_DIFF
    if len(diff) > _LONGEST_DIFF:
        diff = [*diff[:_LONGEST_DIFF], ("place-of", f"… {count(len(diff) - _LONGEST_DIFF)} further lines")]
    return DrawnStep(step.shown, step.others, gain, diff, kinds.count("added"), kinds.count("removed"), is_open)


def _kind_of_line(line: str) -> str:
    return {"+": "added", "-": "removed", "@": "place-of"}.get(line[:1], "")


def failure_bars(failures: Sequence[Failure]) -> list[tuple[str, list[Bar]]]:
    """The failures of each group, whose heading comes first."""
    most = max((failure.count for failure in failures), default=1)
    groups = groupby(failures, key=lambda failure: failure.group)
    return [
        (_GROUPS[group], [Bar(own.kind, own.count, round(100 * own.count / most, 1)) for own in found])
        for group, found in groups
    ]
