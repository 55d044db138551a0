"""What stands between the maze and its programs."""

from typing import Any

from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.maze.maze import Action, State

__all__ = ["to_action", "to_cell", "to_size"]


def to_size(domain: Maze) -> dict[str, Any]:
    width, height = (int(number) for number in domain.get_observation_space().unwrapped().nvec)
    return {"width": width, "height": height}


def to_cell(state: State) -> tuple[int, int]:
    return state.x, state.y


def to_action(word: str) -> Action:
    return Action[word]
