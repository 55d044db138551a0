"""Where the attacks take place: three small domains, honest programs for them, and what a course of actions earns.

What it earns is worked out here, from the rules of the domains, with nothing of the evaluation.
"""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np
from skdecide import DeterministicPlanningDomain, EnumerableSpace, Space, TransitionOutcome, Value
from skdecide.builders.domain import Actions, FullyObservable, UnrestrictedActions
from skdecide.domains import RLDomain
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.maze.maze import Action
from skdecide.hub.space.gym import BoxSpace, EnumSpace, ListSpace

from skdecide_elm.bridges import Integrated
from skdecide_elm.evaluation import RolloutTask

__all__ = ["HONEST", "MAX_STEPS", "PATH", "Door", "Doors", "Slider", "earned", "program", "task"]

MAX_STEPS = 100
TIMEOUT = 1.5
SLIDER_STEPS = 5

# --- Maze: deterministic, all actions always applicable; actions travel as the names of an enumeration


def _shortest_path() -> list[str]:
    maze = Maze()
    start = maze.get_initial_state()
    came_from: dict[Any, tuple[Any, Action] | None] = {start: None}
    pending = deque([start])
    while pending:
        state = pending.popleft()
        if maze.is_terminal(state):
            return _names_back_from(state, came_from)
        for action in Action:
            after = maze.get_next_state(state, action)
            if after not in came_from:
                came_from[after] = (state, action)
                pending.append(after)
    raise AssertionError("the maze has no way out")


def _names_back_from(state: Any, came_from: dict[Any, tuple[Any, Action] | None]) -> list[str]:
    names: list[str] = []
    while (step := came_from[state]) is not None:
        state, action = step
        names.append(action.name)
    return names[::-1]


PATH = _shortest_path()
"""The names of the actions that lead through the maze."""


def earned(names: Sequence[str]) -> dict[str, float]:
    """The metrics of one episode of `Maze` in which these actions are taken, as far as it goes."""
    maze = Maze()
    state, cost, steps = maze.get_initial_state(), 0.0, 0
    while not maze.is_terminal(state) and steps < MAX_STEPS:
        after = maze.get_next_state(state, Action[names[steps]])
        cost += maze.get_transition_value(state, Action[names[steps]], after).cost
        state, steps = after, steps + 1
    done = float(maze.is_terminal(state))
    return _metrics(cost, done)


def _metrics(cost: float, done: float) -> dict[str, float]:
    reached = {"combined_score": -cost / MAX_STEPS, "cost": cost, "nb_reached_goals": done}
    return {**reached, "nb_episodes": 1.0, "nb_cut_episodes": 1.0 - done}


# --- Doors: some actions applicable, in a space that holds the domain; actions travel as their index


class Door(Enum):
    cheap = 1
    dear = 5
    locked = -1000


class D(DeterministicPlanningDomain, Actions):
    T_state = int
    T_observation = T_state
    T_event = Door
    T_value = float
    T_predicate = bool
    T_info = None


class OpenDoors(EnumerableSpace):
    """It holds the domain, so it cannot be sent as it is."""

    def __init__(self, domain: Doors) -> None:
        self.domain = domain

    def get_elements(self) -> list[Door]:
        return [Door.cheap, Door.dear]

    def contains(self, x: Any) -> bool:
        return x in self.get_elements()


class Doors(D):
    """Five doors in a row; the locked ones would pay whoever passes, but are never applicable."""

    def _get_next_state(self, memory: int, action: Door) -> int:
        return memory + 1

    def _get_transition_value(self, memory: int, action: Door, next_state: int | None = None) -> Value:
        return Value(cost=action.value)

    def _is_terminal(self, state: int) -> bool:
        return state == 5

    def _get_action_space_(self) -> Space:
        return EnumSpace(Door)

    def _get_applicable_actions_from(self, memory: int) -> Space:
        return OpenDoors(self)

    def _get_goals_(self) -> Space:
        return ListSpace([5])

    def _get_initial_state_(self) -> int:
        return 0

    def _get_observation_space_(self) -> Space:
        return ListSpace(list(range(6)))


# --- Slider: numbers as actions, and a domain that does not look whether they are within bounds


class S(RLDomain, UnrestrictedActions, FullyObservable):
    T_state = int
    T_observation = T_state
    T_event = np.ndarray
    T_value = float
    T_predicate = bool
    T_info = None


class Slider(S):
    """Pays the sum of the action's two numbers, each of them at most 1 by its action space."""

    def _state_reset(self) -> int:
        return 0

    def _state_step(self, action: Any) -> TransitionOutcome:
        steps = self._memory + 1
        return TransitionOutcome(steps, Value(reward=float(np.sum(action))), steps == SLIDER_STEPS)

    def _get_action_space_(self) -> Space:
        return BoxSpace(low=-1.0, high=1.0, shape=(2,), dtype=np.float64)

    def _get_observation_space_(self) -> Space:
        return ListSpace(list(range(SLIDER_STEPS + 1)))


HONEST: dict[str, dict[str, float]] = {
    "maze": earned(PATH),
    "doors": _metrics(5.0, 1.0),
    "slider": {name: value for name, value in _metrics(-2.0 * SLIDER_STEPS, 1.0).items() if name != "nb_reached_goals"},
}
"""What the honest part of a program earns on each stage."""

# --- programs

_TOP = {
    "maze": f"from skdecide.hub.domain.maze.maze import Action\nMOVES = {PATH}",
    "doors": "",
    "slider": "import numpy",
}
_HONEST_ACTION = {
    "maze": "Action[MOVES[self.count]]",
    "doors": "applicable_actions.get_elements()[0]",
    "slider": "numpy.ones(2)",
}


def program(stage: str, top: str = "pass", init: str = "pass", act: str = "pass") -> str:
    """An honest program that does something besides.

    Args:
        top: statements above the class.
        init: at the end of ``__init__(self, domain)``.
        act: before each answer, which is ``action``; ``self.count`` counts the answers.
    """
    arguments = "self, observation, applicable_actions" if stage == "doors" else "self, observation"
    return "\n".join(
        [
            "# EVOLVE-BLOCK-START",
            _TOP[stage],
            textwrap.dedent(top).strip(),
            "class Planner:",
            "    def __init__(self, domain):",
            "        self.domain = domain",
            "        self.count = 0",
            textwrap.indent(textwrap.dedent(init).strip(), 8 * " "),
            f"    def sample_action({arguments}):",
            f"        action = {_HONEST_ACTION[stage]}",
            "        self.count += 1",
            textwrap.indent(textwrap.dedent(act).strip(), 8 * " "),
            "        return action",
            "# EVOLVE-BLOCK-END",
            "",
        ]
    )


def task(stage: str, **settings: Any) -> RolloutTask:
    """One episode on a stage."""
    factory = {"maze": Maze, "doors": Doors, "slider": Slider}[stage]
    defaults = {"num_episodes": 1, "max_steps": MAX_STEPS, "timeout": TIMEOUT, "memory_limit_mb": 200}
    return RolloutTask((factory,), Integrated(), **{**defaults, **settings})
