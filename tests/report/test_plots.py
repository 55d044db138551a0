"""Plots by matplotlib, and the card of a notebook."""

import math
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure
from views import HOSTILE, shown, view_of

from skdecide_elm.errors import ConfigError
from skdecide_elm.report.card import card
from skdecide_elm.report.model import ArchiveMap, Dimension, Spot
from skdecide_elm.report.plots import plot_archive, plot_history

PROGRAMS = [shown("0", score=-3.0), shown("2", score=-1.0), shown("5", score=-2.0), shown("6", score=-math.inf)]
AXIS = Dimension("speed", (0.0, 0.5, 1.0, 4.0))


@pytest.fixture
def ax():
    return Figure().subplots()


def test_a_grid_is_a_heat_map_of_the_best_of_each_cell(ax):
    drawn = ArchiveMap(
        "All", (AXIS, Dimension("size", (0.0, 1.0, 2.0))), (3, 2), (Spot(2, 1, ("2", "0")), Spot(0, 0, ("5",)))
    )
    assert plot_archive(view_of(*PROGRAMS, maps=[drawn]), ax) is ax
    [image] = ax.get_images()
    shown_scores = np.ma.filled(image.get_array(), np.nan)
    np.testing.assert_array_equal(shown_scores, [[-2.0, np.nan, np.nan], [np.nan, np.nan, -1.0]])
    assert image.origin == "lower"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("speed", "size")
    assert [own.get_text() for own in ax.get_xticklabels()] == ["0", "0.5", "1", "4"]


def test_elites_without_a_grid_are_dots(ax):
    drawn = ArchiveMap("Archive", (AXIS, AXIS), None, (Spot(0.25, 1.0, ("2",)), Spot(0.0, 0.5, ("5",))))
    plot_archive(view_of(*PROGRAMS, maps=[drawn]), ax)
    [dots] = ax.collections
    assert dots.get_offsets().tolist() == [[0.25, 1.0], [0.0, 0.5]]
    assert dots.get_array().tolist() == [-1.0, -2.0]


def test_the_history_is_a_staircase_with_the_valid_programs(ax):
    plot_history(view_of(*PROGRAMS, steps=8), ax)
    [line] = ax.get_lines()
    assert line.get_xydata().tolist() == [[0, -3], [2, -3], [2, -1], [8, -1]]
    assert ax.collections[0].get_offsets().tolist() == [[0, -3], [2, -1], [5, -2]]


@pytest.mark.parametrize("plot", [plot_archive, plot_history])
def test_where_there_is_nothing_to_draw_the_remedy_is_said(plot, ax):
    with pytest.raises(ConfigError, match=r"call solve\(\) before"):
        plot(view_of(shown("0", score=-math.inf)), ax)


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert {name for name, _ in attributes} <= {"style", "class"}, "nothing that acts"

    def handle_data(self, data):
        self.text += data


def test_the_card_tells_the_score_and_shows_the_program_as_text():
    view = view_of(*PROGRAMS, steps=1200, coverage=0.25)
    found = Tags(card("ProxyELM", view, -1.0, HOSTILE))
    assert "ProxyELM" in found.text
    assert "best score −1, 1,200 steps, 4 evaluations, coverage 25%" in found.text
    assert set(found.tags) == {"div", "b", "details", "summary", "pre", "span"}
    assert "</script><script>" in found.text


def test_the_card_of_a_solver_that_has_not_solved():
    view = view_of(shown("0"), steps=0)
    assert "not solved yet" in card("ProxyELM", view, None, "x = 1\n")
