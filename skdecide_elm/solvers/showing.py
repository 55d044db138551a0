"""What a solver shows of its search in a notebook: plots, and a card."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from skdecide_elm.report.card import card
from skdecide_elm.report.model import RunView
from skdecide_elm.report.plots import plot_archive, plot_history

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Showing"]


class Showing(ABC):
    """Plots, and a card, of what a search has found so far."""

    @abstractmethod
    def _view(self) -> RunView:
        """What can be shown of the search."""

    @property
    @abstractmethod
    def best_score(self) -> float | None:
        """``combined_score`` of the search's best program; None before anything was evaluated."""

    @abstractmethod
    def get_best_program_code(self) -> str:
        """Text of the final program."""

    def plot_archive(self, ax: Axes | None = None) -> Axes:
        """Draw the scores of the archive's elites over its first two dimensions, by matplotlib.

        A grid, or those of all islands on top of each other, is drawn as a heat map; elites without a grid are dots.

        Args:
            ax: where; None: the current axes.

        Raises:
            ConfigError: there is no archive, or it is empty, as before `solve`.
        """
        return plot_archive(self._view(), ax)

    def plot_history(self, ax: Axes | None = None) -> Axes:
        """Draw the best score by step, and the programs that are still known, by matplotlib.

        Args:
            ax: where; None: the current axes.

        Raises:
            ConfigError: no valid program was found, as before `solve`.
        """
        return plot_history(self._view(), ax)

    def _repr_html_(self) -> str:
        return card(type(self).__name__, self._view(), self.best_score, self.get_best_program_code())
