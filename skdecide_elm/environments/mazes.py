"""Random mazes as texts that scikit-decide's ``Maze`` reads."""

from __future__ import annotations

import numpy as np

from skdecide_elm.errors import ConfigError

__all__ = ["draw_maze", "shortest_path"]

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def draw_maze(rng: np.random.Generator, width: int = 20, height: int = 20, loops: float = 0.0) -> str:
    """Draw a maze of ``width`` × ``height`` rooms, by a depth-first walk that opens walls to rooms not yet entered.

    It is perfect: one way leads from each room to each other. The entry ``o`` is above the first room of the first row,
    the exit ``x`` below the last of the last; walls are ``#``.

    Args:
        loops: share of the remaining inner walls that are opened too; above 0 the maze has several ways.

    Raises:
        ConfigError: no rooms, or a share that is none.
    """
    if min(width, height) < 1 or not 0 <= loops <= 1:
        raise ConfigError(f"expected rooms and loops in 0..1; found {width} x {height} rooms and loops={loops}")
    cells = np.full((2 * height + 1, 2 * width + 1), "#")
    _dig(rng, cells)
    inner = [(y, x) for y in range(1, 2 * height) for x in range(1, 2 * width) if (y + x) % 2 and cells[y, x] == "#"]
    for y, x in inner:
        if rng.random() < loops:
            cells[y, x] = " "
    cells[0, 1], cells[-1, -2] = "o", "x"
    return "\n".join("".join(row) for row in cells)


def _dig(rng: np.random.Generator, cells: np.ndarray) -> None:
    cells[1, 1] = " "
    trail = [(1, 1)]
    while trail:
        y, x = trail[-1]
        closed = [
            (dy, dx)
            for dy, dx in _STEPS
            if 0 < y + 2 * dy < len(cells) and 0 < x + 2 * dx < cells.shape[1] and cells[y + 2 * dy, x + 2 * dx] == "#"
        ]
        if not closed:
            trail.pop()
            continue
        dy, dx = closed[rng.integers(len(closed))]
        cells[y + dy, x + dx] = cells[y + 2 * dy, x + 2 * dx] = " "
        trail.append((y + 2 * dy, x + 2 * dx))


def shortest_path(maze: str) -> int:
    """Moves on a shortest way from ``o`` to ``x`` through the cells that are no walls.

    Raises:
        ConfigError: there is no way.
    """
    cells = {(y, x): cell for y, line in enumerate(maze.split("\n")) for x, cell in enumerate(line) if cell in " ox"}
    reached = frontier = {place for place, cell in cells.items() if cell == "o"}
    moves = 0
    while frontier:
        if any(cells[place] == "x" for place in frontier):
            return moves
        frontier = {(y + dy, x + dx) for y, x in frontier for dy, dx in _STEPS} & cells.keys() - reached
        reached = reached | frontier
        moves += 1
    raise ConfigError("expected a maze with a way from 'o' to 'x'; found none")
