"""The smallest domain that a planner can get better on, and programs for it."""

from __future__ import annotations

import random
from enum import Enum

from skdecide import DeterministicPlanningDomain, ImplicitSpace, Space, Value
from skdecide.builders.domain import UnrestrictedActions
from skdecide.hub.space.gym import EnumSpace, ListSpace

__all__ = ["FAST", "IDLE", "STRAIGHT", "Line", "LuckyLine", "Move", "child_of", "program"]

FAST = {
    "evaluator_rollout_num_episodes": 1,
    "evaluator_rollout_max_steps": 10,
    "evaluator_parallel": 1,
    "evaluator_timeout": 2,
    "evaluator_seed": 0,
}
"""Evaluation settings under which a program takes some milliseconds."""


class Move(Enum):
    """One move on the line."""

    left = -1
    right = 1


class D(DeterministicPlanningDomain, UnrestrictedActions):
    T_state = int
    T_observation = int
    T_event = Move
    T_value = float
    T_predicate = bool
    T_info = None


class Line(D):
    """Five cells in a row; the goal is the last one."""

    def _get_next_state(
        self, memory: D.T_memory[D.T_state], action: D.T_agent[D.T_concurrency[D.T_event]]
    ) -> D.T_state:
        return min(4, max(0, memory + action.value))

    def _get_transition_value(
        self,
        memory: D.T_memory[D.T_state],
        action: D.T_agent[D.T_concurrency[D.T_event]],
        next_state: D.T_state | None = None,
    ) -> D.T_agent[Value[D.T_value]]:
        return Value(cost=1)

    def _is_terminal(self, state: D.T_state) -> D.T_agent[D.T_predicate]:
        return state == 4

    def _get_action_space_(self) -> D.T_agent[Space[D.T_event]]:
        return EnumSpace(Move)

    def _get_goals_(self) -> D.T_agent[Space[D.T_observation]]:
        return ImplicitSpace(lambda cell: cell == 4)

    def _get_initial_state_(self) -> D.T_state:
        return 0

    def _get_observation_space_(self) -> D.T_agent[Space[D.T_observation]]:
        return ListSpace(list(range(5)))


class LuckyLine(Line):
    """Draws from the global generator when it is made and when it is reset."""

    def __init__(self) -> None:
        self.luck = random.random()

    def _get_initial_state_(self) -> D.T_state:
        return random.randrange(2)


def program(choice: str, notes: str = "NOTES = 0") -> str:
    """A program that answers with the expression ``choice``."""
    return (
        "from tiny import Move\n\n\n"
        "# EVOLVE-BLOCK-START\n"
        f"{notes}\n\n\n"
        "class Planner:\n"
        "    def __init__(self, domain):\n"
        "        self.domain = domain\n\n"
        "    def sample_action(self, observation):\n"
        f"        return {choice}\n"
        "# EVOLVE-BLOCK-END\n"
    )


IDLE = program("Move.left")
"""Never leaves the first cell: ten steps of cost 1 in ten."""

STRAIGHT = program("Move.right")
"""Four steps."""


def child_of(code: str, before: str, after: str) -> str:
    """The reply of an LLM that edits a program."""
    assert before in code
    return f"Let me think.\n\n<<<<<<< SEARCH\n{before}\n=======\n{after}\n>>>>>>> REPLACE\n"
