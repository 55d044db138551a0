"""The archive and the history of a search, drawn by matplotlib."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skdecide_elm.errors import ConfigError
from skdecide_elm.report.charts import last_step, score_range, staircase
from skdecide_elm.report.formatting import short
from skdecide_elm.report.model import ArchiveMap, Dimension, RunView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

__all__ = ["plot_archive", "plot_history"]

_MOST_LABELS = 5


def plot_archive(view: RunView, ax: Axes | None = None) -> Axes:
    """Draw the scores of the archive's elites over its first two dimensions.

    A grid is drawn as a heat map, with the best program of each cell; all islands lie on top of each other. Elites of
    an archive without a grid are dots.

    Args:
        ax: where; None: the current axes.

    Raises:
        ConfigError: there is no archive, or none yet.
    """
    if not view.maps:
        raise ConfigError("expected a search with an archive that holds a program; found none; call solve() before")
    ax = _axes(ax)
    drawn = view.maps[0]
    columns, rows = drawn.dimensions
    image = _scatter(view, drawn, ax) if drawn.grid is None else _heat_map(view, drawn, drawn.grid, ax)
    ax.figure.colorbar(image, ax=ax, label="score")
    ax.set_title(drawn.title)
    ax.set_xlabel(columns.name)
    ax.set_ylabel(rows.name)
    ax.set_xticks(*_ticks(columns))
    ax.set_yticks(*_ticks(rows))
    return ax


def plot_history(view: RunView, ax: Axes | None = None) -> Axes:
    """Draw the best score by step, and the programs that are still known as dots.

    Programs that are much worse than the others are beyond the lower end of the axis.

    Args:
        ax: where; None: the current axes.

    Raises:
        ConfigError: no valid program was found yet.
    """
    if not view.improvements:
        raise ConfigError("expected a search that has found a valid program; found none; call solve() before")
    ax = _axes(ax)
    shown = [own for own in view.programs.values() if own.is_valid and not own.is_copy]
    ax.scatter([own.step for own in shown], [own.score for own in shown], s=12, c="0.55", alpha=0.6, label="programs")
    steps, scores = zip(*staircase(view), strict=True)
    ax.plot(steps, scores, linewidth=2, label="best so far")
    margin = 0.02 * last_step(view)
    ax.set_xlim(-margin, last_step(view) + margin)
    ax.set_ylim(*score_range(view))
    ax.set_xlabel("step")
    ax.set_ylabel("score")
    ax.legend()
    return ax


def _axes(ax: Axes | None) -> Axes:
    from matplotlib import pyplot  # slow to import, and few draw

    return pyplot.gca() if ax is None else ax


def _ticks(dimension: Dimension) -> tuple[list[float], list[str]]:
    """Some of the boundaries of cells: their places, and the values of the feature there."""
    last = len(dimension.edges) - 1
    chosen = range(0, last + 1, math.ceil(last / _MOST_LABELS))
    return [at / last for at in chosen], [short(dimension.edges[at]) for at in chosen]


def _heat_map(view: RunView, drawn: ArchiveMap, grid: tuple[int, int], ax: Axes) -> ScalarMappable:
    scores = np.full(grid[::-1], np.nan)
    for spot in drawn.spots:
        scores[int(spot.y), int(spot.x)] = view.programs[spot.programs[0]].score
    return ax.imshow(scores, origin="lower", extent=(0.0, 1.0, 0.0, 1.0), aspect="auto")


def _scatter(view: RunView, drawn: ArchiveMap, ax: Axes) -> ScalarMappable:
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, 1.0)
    scores = [view.programs[spot.programs[0]].score for spot in drawn.spots]
    return ax.scatter([spot.x for spot in drawn.spots], [spot.y for spot in drawn.spots], c=scores)
