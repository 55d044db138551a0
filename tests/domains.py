"""Small scikit-decide domains for tests, one per combination of characteristics that matters."""

from __future__ import annotations

import random
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from skdecide import (
    DeterministicPlanningDomain,
    Domain,
    EnumerableSpace,
    ImplicitSpace,
    SamplableSpace,
    SingleValueDistribution,
    Space,
    TransitionOutcome,
    Value,
)
from skdecide.builders.domain import (
    Actions,
    DeterministicInitialized,
    DeterministicTransitions,
    Environment,
    FullyObservable,
    Goals,
    Initializable,
    Markovian,
    Parallel,
    PartiallyObservable,
    PositiveCosts,
    Rewards,
    Sequential,
    SingleAgent,
    UnrestrictedActions,
)
from skdecide.hub.domain.graph_domain.GraphDomain import GraphDomain
from skdecide.hub.domain.plado import PladoPddlDomain
from skdecide.hub.domain.rcpsp.rcpsp_sk import RCPSP
from skdecide.hub.space.gym import EnumSpace, ListSpace

PDDL = Path(__file__).parent / "data" / "pddl"


class OnlyEnumerable(EnumerableSpace):
    """A space that can be listed, not sampled."""

    def __init__(self, elements: Sequence[object]) -> None:
        self.elements = elements

    def get_elements(self) -> Sequence[object]:
        return self.elements


class OnlySamplable(SamplableSpace):
    """A space that can be sampled, not listed."""

    def __init__(self, elements: Sequence[object]) -> None:
        self._elements = elements

    def sample(self) -> object:
        return random.choice(self._elements)

    def contains(self, x: object) -> bool:
        return x in self._elements


# --- a maze in which only free directions are applicable, and only these are seen


class Cell(NamedTuple):
    x: int
    y: int


ORIGIN = Cell(0, 0)


class Step(Enum):
    """One step on the grid."""

    north = (0, -1)
    south = (0, 1)
    west = (-1, 0)
    east = (1, 0)


class Sight(NamedTuple):
    free: tuple[Step, ...]
    at_exit: bool


class D(
    Domain,
    SingleAgent,
    Sequential,
    DeterministicTransitions,
    Actions,
    Goals,
    DeterministicInitialized,
    Markovian,
    PartiallyObservable,
    PositiveCosts,
):
    T_state = Cell
    T_observation = Sight
    T_event = Step
    T_value = float
    T_predicate = bool
    T_info = None


class BlindMaze(D):
    """A maze seen from inside.

    !!! tip
        Keep to the right-hand wall.

    The exit is in the last free cell.
    """

    rows = ("..#", "#..", "##.")

    def __init__(self, start: Cell = ORIGIN) -> None:
        self.start = start
        self._exit = Cell(2, 2)

    def is_free(self, cell: Cell) -> bool:
        """Whether a cell lies in the maze and has no wall."""
        return 0 <= cell.x < 3 and 0 <= cell.y < 3 and self.rows[cell.y][cell.x] == "."

    def _moved(self, cell: Cell, step: Step) -> Cell:
        return Cell(cell.x + step.value[0], cell.y + step.value[1])

    def _free(self, cell: Cell) -> tuple[Step, ...]:
        return tuple(step for step in Step if self.is_free(self._moved(cell, step)))

    def _get_next_state(
        self, memory: D.T_memory[D.T_state], action: D.T_agent[D.T_concurrency[D.T_event]]
    ) -> D.T_state:
        assert action in self._free(memory), f"{action} is not applicable in {memory}"
        return self._moved(memory, action)

    def _get_transition_value(
        self,
        memory: D.T_memory[D.T_state],
        action: D.T_agent[D.T_concurrency[D.T_event]],
        next_state: D.T_state | None = None,
    ) -> D.T_agent[Value[D.T_value]]:
        return Value(cost=1)

    def _is_terminal(self, state: D.T_state) -> D.T_agent[D.T_predicate]:
        return state == self._exit

    def _get_action_space_(self) -> D.T_agent[Space[D.T_event]]:
        return EnumSpace(Step)

    def _get_applicable_actions_from(self, memory: D.T_memory[D.T_state]) -> D.T_agent[Space[D.T_event]]:
        return OnlyEnumerable(self._free(memory))

    def _get_goals_(self) -> D.T_agent[Space[D.T_observation]]:
        return ImplicitSpace(lambda sight: sight.at_exit)

    def _get_initial_state_(self) -> D.T_state:
        return self.start

    def _get_observation_distribution(
        self, state: D.T_state, action: D.T_agent[D.T_concurrency[D.T_event]] | None = None
    ) -> SingleValueDistribution[D.T_agent[D.T_observation]]:
        return SingleValueDistribution(Sight(self._free(state), state == self._exit))

    def _get_observation_space_(self) -> D.T_agent[Space[D.T_observation]]:
        return ImplicitSpace(lambda sight: isinstance(sight, Sight))


class BlackBoxMaze(BlindMaze):
    """Its applicable actions can only be asked whether they contain an action."""

    def _get_applicable_actions_from(self, memory: D.T_memory[D.T_state]) -> D.T_agent[Space[D.T_event]]:
        return ImplicitSpace(lambda step: step in self._free(memory))


class SampledBlackBoxMaze(BlackBoxMaze):
    """Its actions can only be sampled, and not all of them are applicable."""

    def _get_action_space_(self) -> D.T_agent[Space[D.T_event]]:
        return OnlySamplable(list(Step))


class OpaqueMaze(BlackBoxMaze):
    """No way to find an action: nothing can be sampled or listed."""

    def _get_action_space_(self) -> D.T_agent[Space[D.T_event]]:
        return ImplicitSpace(lambda step: isinstance(step, Step))


# --- parallel and multi-agent


class Lamp(Enum):
    off = 0
    on = 1


class Lamps(
    Domain,
    SingleAgent,
    Parallel,
    Environment,
    UnrestrictedActions,
    Initializable,
    Markovian,
    FullyObservable,
    Rewards,
):
    """One agent, any number of lamps switched at once; ends after three steps. No type is given."""

    def _state_reset(self) -> D.T_state:
        return 0

    def _state_step(self, action: D.T_agent[D.T_concurrency[D.T_event]]) -> TransitionOutcome:
        assert isinstance(action, list) and all(isinstance(event, Lamp) for event in action)
        return TransitionOutcome(self._memory + 1, Value(reward=len(action)), self._memory + 1 >= 3)

    def _get_action_space_(self) -> D.T_agent[Space[D.T_event]]:
        return EnumSpace(Lamp)

    def _get_observation_space_(self) -> D.T_agent[Space[D.T_observation]]:
        return ListSpace([0, 1, 2, 3])


class Duel(Domain, Parallel, Environment, Actions, Initializable, Markovian, FullyObservable, Rewards):
    """Two agents, parallel events, restricted actions; one space can be sampled, the other listed."""

    T_state = dict
    T_observation = int
    T_event = int
    T_value = float
    T_predicate = bool
    T_info = None

    def _state_reset(self) -> D.T_state:
        return {"left": 0, "right": 0}

    def _state_step(self, action: D.T_agent[D.T_concurrency[D.T_event]]) -> TransitionOutcome:
        assert set(action) == {"left", "right"} and all(isinstance(events, list) for events in action.values())
        state = {agent: n + action[agent][0] for agent, n in self._memory.items()}
        return TransitionOutcome(
            state,
            {agent: Value(reward=n) for agent, n in state.items()},
            {agent: max(state.values()) >= 5 for agent in state},
        )

    def _get_action_space_(self) -> D.T_agent[Space[D.T_event]]:
        return {"left": ListSpace([1, 2]), "right": ListSpace([1, 2])}

    def _get_applicable_actions_from(self, memory: D.T_memory[D.T_state]) -> D.T_agent[Space[D.T_event]]:
        return {"left": OnlySamplable([1]), "right": OnlyEnumerable([1, 2])}

    def _get_observation_space_(self) -> D.T_agent[Space[D.T_observation]]:
        return {"left": ImplicitSpace(lambda n: True), "right": ImplicitSpace(lambda n: True)}


class Orchard(
    Domain,
    SingleAgent,
    Sequential,
    DeterministicTransitions,
    UnrestrictedActions,
    Goals,
    DeterministicInitialized,
    Markovian,
    FullyObservable,
    Rewards,
):
    """Four trees in a row with the gate behind the last; whoever goes back finds more than the way costs."""

    T_state = int
    T_observation = int
    T_event = Lamp
    T_value = float
    T_predicate = bool
    T_info = None

    gate = 4

    def _get_initial_state_(self) -> D.T_state:
        return 1

    def _get_next_state(self, memory: D.T_memory[D.T_state], action: D.T_event) -> D.T_state:
        return min(memory + 1, self.gate) if action is Lamp.on else max(memory - 1, 0)

    def _get_transition_value(
        self, memory: D.T_memory[D.T_state], action: D.T_event, next_state: D.T_state | None = None
    ) -> Value[D.T_value]:
        return Value(reward=-1.0 if action is Lamp.on else 3.0)

    def _is_terminal(self, state: D.T_state) -> bool:
        return state == self.gate

    def _get_action_space_(self) -> Space[D.T_event]:
        return EnumSpace(Lamp)

    def _get_goals_(self) -> Space[D.T_observation]:
        return ListSpace([self.gate])

    def _get_observation_space_(self) -> Space[D.T_observation]:
        return ListSpace(range(self.gate + 1))


# --- instances of hub domains


class Road(GraphDomain):
    """A graph with an initial state: a -> b -> c, or a -> c at a higher price."""

    def __init__(self) -> None:
        super().__init__(
            next_state_map={"a": {"ab": "b", "ac": "c"}, "b": {"bc": "c"}, "c": {}},
            next_state_attributes={
                "a": {"ab": {"weight": 1.0}, "ac": {"weight": 5.0}},
                "b": {"bc": {"weight": 1.0}},
                "c": {},
            },
            targets={"c"},
        )

    def _get_initial_state_(self) -> str:
        return "a"

    def _is_terminal(self, state: str) -> bool:
        return state in self.targets


class Unstarted(DeterministicPlanningDomain):
    """Declares an initial state and does not implement it."""


class Unresettable(Domain, SingleAgent, Sequential, UnrestrictedActions, Markovian, FullyObservable):
    """No characteristic of initialisation."""

    def _get_action_space_(self) -> D.T_agent[Space[D.T_event]]:
        return EnumSpace(Lamp)


def small_rcpsp() -> RCPSP:
    """Four tasks (1 source, 4 sink) on one machine: the optimal makespan is 3 + 2 = 5."""
    return RCPSP(
        tasks_mode={
            1: {1: {"duration": 0, "machine": 0}},
            2: {1: {"duration": 3, "machine": 1}},
            3: {1: {"duration": 2, "machine": 1}},
            4: {1: {"duration": 0, "machine": 0}},
        },
        max_horizon=20,
        successors={1: [2, 3], 2: [4], 3: [4], 4: []},
        resource_names=["machine"],
        resource_availability={"machine": 1},
        resource_renewable={"machine": True},
    )


def gripper() -> PladoPddlDomain:
    """Two balls to be carried to the other room: five actions at best."""
    return PladoPddlDomain(str(PDDL / "gripper-domain.pddl"), str(PDDL / "gripper-2-balls.pddl"))


def some_action(domain: Domain) -> object:
    """An applicable action of a domain that has been reset, whatever its characteristics."""

    def draw(space: Space) -> object:
        event = space.sample() if isinstance(space, SamplableSpace) else random.choice(list(space))
        return [event] if domain.T_concurrency is list else event

    spaces = domain.get_applicable_actions()
    return {agent: draw(space) for agent, space in spaces.items()} if isinstance(spaces, dict) else draw(spaces)
