import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skdecide.hub.domain.maze import Maze

from skdecide_elm.environments import draw_maze, shortest_path
from skdecide_elm.errors import ConfigError

SIZES = st.integers(1, 8)


def _open_cells(maze):
    lines = maze.split("\n")
    return {(y, x) for y, line in enumerate(lines) for x, cell in enumerate(line) if cell != "#"}


@given(SIZES, SIZES, st.integers(0, 1000))
def test_a_perfect_maze_joins_all_rooms_by_one_way_each(width, height, seed):
    cells = _open_cells(draw_maze(np.random.default_rng(seed), width, height))
    rooms = {(2 * y + 1, 2 * x + 1) for y in range(height) for x in range(width)}
    joints = sum((y, x + 1) in cells for y, x in cells) + sum((y + 1, x) in cells for y, x in cells)
    assert rooms <= cells
    assert joints == len(cells) - 1  # a connected graph with one edge less than cells is a tree
    assert shortest_path(draw_maze(np.random.default_rng(seed), width, height)) > 0


@given(SIZES, SIZES, st.integers(0, 1000))
def test_loops_open_walls_and_never_lengthen_the_way(width, height, seed):
    perfect, looped = (draw_maze(np.random.default_rng(seed), width, height, loops) for loops in (0.0, 1.0))
    assert _open_cells(perfect) <= _open_cells(looped)
    assert shortest_path(looped) == 2 * (height + width - 1)  # no wall is left between rooms: down, and across


def test_mazes_are_read_by_scikit_decide():
    text = draw_maze(np.random.default_rng(0), 3, 2)
    domain = Maze(text)
    assert domain.reset() == (1, 0)
    assert [tuple(goal) for goal in domain.get_goals().get_elements()] == [(5, 4)]


def test_shortest_path_of_a_written_maze():
    assert shortest_path("#o###\n#   #\n# # #\n#   #\n###x#") == 6


def test_what_is_no_maze_is_refused():
    with pytest.raises(ConfigError, match="a way from 'o' to 'x'"):
        shortest_path("#o#\n###\n#x#")
    with pytest.raises(ConfigError, match="loops"):
        draw_maze(np.random.default_rng(0), 3, 3, loops=2)
