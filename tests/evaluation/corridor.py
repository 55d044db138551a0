"""A corridor to walk through, and programs that walk: light domains for tests of the evaluation."""

from __future__ import annotations

import random
import textwrap

from skdecide import DeterministicPlanningDomain, Domain, ImplicitSpace, Space, TransitionOutcome, Value
from skdecide.builders.domain import (
    Environment,
    FullyObservable,
    Goals,
    Initializable,
    Markovian,
    MultiAgent,
    Sequential,
    UnrestrictedActions,
)
from skdecide.hub.space.gym import ListSpace

from skdecide_elm.bridges import Integrated
from skdecide_elm.evaluation import RolloutTask

__all__ = ["LENGTH", "MOVES", "WALKER", "Corridor", "Pair", "Raffle", "corridor_task", "program"]

LENGTH = 10
MOVES = ["left", "right"]


class D(DeterministicPlanningDomain, UnrestrictedActions):
    T_state = int
    T_observation = T_state
    T_event = str
    T_value = float
    T_predicate = bool
    T_info = None


class Corridor(D):
    """From 0 to `LENGTH`, one step at a time; each step costs ``price``."""

    def __init__(self, price: float = 1.0, length: int = LENGTH) -> None:
        self.price = price
        self.length = length

    def _get_next_state(self, memory: int, action: str) -> int:
        if action not in MOVES:
            raise ValueError(f"not a move: {action!r}")
        return max(0, memory + (1 if action == "right" else -1))

    def _get_transition_value(self, memory: int, action: str, next_state: int | None = None) -> Value:
        return Value(cost=self.price)

    def _is_terminal(self, state: int) -> bool:
        return state >= self.length

    def _get_action_space_(self) -> Space:
        return ListSpace(MOVES)

    def _get_goals_(self) -> Space:
        return ListSpace([self.length])

    def _get_initial_state_(self) -> int:
        return 0

    def _get_observation_space_(self) -> Space:
        return ListSpace(list(range(self.length + 1)))


class Raffle(Corridor):
    """Where it starts is drawn with a generator of its own, which `seed` governs."""

    def __init__(self) -> None:
        super().__init__()
        self._luck = random.Random()

    def seed(self, seed: int) -> None:
        self._luck.seed(seed)

    def _get_initial_state_(self) -> int:
        return self._luck.randrange(LENGTH)


class P(
    Domain, MultiAgent, Sequential, Environment, UnrestrictedActions, Initializable, Markovian, FullyObservable, Goals
):
    T_state = dict
    T_observation = int
    T_event = str
    T_value = float
    T_predicate = bool
    T_info = None


class Pair(P):
    """Two walk; the episode ends when both have arrived. A step costs each of them 1, also when it has arrived."""

    def _state_reset(self) -> dict[str, int]:
        return {"ann": 0, "bob": 5}

    def _state_step(self, action: dict[str, str]) -> TransitionOutcome:
        state = {who: n + (action[who] == "right") for who, n in self._memory.items()}
        return TransitionOutcome(
            state, {who: Value(cost=1) for who in state}, {who: n >= LENGTH for who, n in state.items()}
        )

    def _get_action_space_(self) -> dict[str, Space]:
        return {who: ListSpace(MOVES) for who in ("ann", "bob")}

    def _get_goals_(self) -> dict[str, Space]:
        return {who: ImplicitSpace(lambda n: n >= LENGTH) for who in ("ann", "bob")}

    def _get_observation_space_(self) -> dict[str, Space]:
        return {who: ImplicitSpace(lambda n: True) for who in ("ann", "bob")}


def program(action: str, top: str = "", init: str = "pass") -> str:
    """A program from the body of its ``sample_action``, of its ``__init__``, and what stands above the class."""
    return "\n".join(
        [
            "# EVOLVE-BLOCK-START",
            textwrap.dedent(top).strip(),
            "class Planner:",
            "    def __init__(self, domain):",
            "        self.domain = domain",
            textwrap.indent(textwrap.dedent(init).strip(), 8 * " "),
            "    def sample_action(self, observation):",
            textwrap.indent(textwrap.dedent(action).strip(), 8 * " "),
            "# EVOLVE-BLOCK-END",
            "",
        ]
    )


WALKER = program("return 'right'")
"""Reaches the end of the corridor in `LENGTH` steps."""


def corridor_task(**settings: object) -> RolloutTask:
    """One episode of at most 20 steps within a second: `WALKER` scores −10/20.

    Programs may do what an ordinary process may, for tests of what becomes of those that get through; tests of the
    isolation say ``isolation="auto", threads=False``.
    """
    defaults = {
        "num_episodes": 1,
        "max_steps": 20,
        "timeout": 1.0,
        "memory_limit_mb": 128,
        "isolation": "process",
        "threads": True,
    }
    return RolloutTask((Corridor,), Integrated(), **{**defaults, **settings})
