"""A climb whose steps may fail, with a model that lists what may happen, and with one that can only be sampled."""

from __future__ import annotations

import random
from enum import Enum

from skdecide import DiscreteDistribution, Domain, ImplicitSpace, Space, TransitionOutcome, Value
from skdecide.builders.domain import (
    DeterministicInitialized,
    EnumerableTransitions,
    FullyObservable,
    Goals,
    Markovian,
    PositiveCosts,
    Sequential,
    Simulation,
    SingleAgent,
    UnrestrictedActions,
)
from skdecide.hub.space.gym import EnumSpace, ListSpace

__all__ = ["Climb", "Pace", "SimulatedClimb"]

TOP = 3


class Pace(Enum):
    """How a step is taken: sure and dear, or cheap, with a fall to the ground every other time."""

    walk = 2
    run = 1


class D(
    Domain,
    SingleAgent,
    Sequential,
    UnrestrictedActions,
    Goals,
    DeterministicInitialized,
    Markovian,
    FullyObservable,
    PositiveCosts,
):
    T_state = int
    T_observation = int
    T_event = Pace
    T_value = float
    T_predicate = bool
    T_info = None


class _Ground(D):
    def _get_action_space_(self) -> D.T_agent[Space[D.T_event]]:
        return EnumSpace(Pace)

    def _get_goals_(self) -> D.T_agent[Space[D.T_observation]]:
        return ImplicitSpace(lambda height: height == TOP)

    def _get_initial_state_(self) -> D.T_state:
        return 0

    def _get_observation_space_(self) -> D.T_agent[Space[D.T_observation]]:
        return ListSpace(list(range(TOP + 1)))


class Climb(_Ground, EnumerableTransitions):
    """Three steps up; the next heights and their probabilities are known."""

    def _get_next_state_distribution(
        self, memory: D.T_memory[D.T_state], action: D.T_agent[D.T_concurrency[D.T_event]]
    ) -> DiscreteDistribution[D.T_state]:
        up = memory + 1
        return DiscreteDistribution([(up, 1.0)] if action is Pace.walk else [(up, 0.5), (0, 0.5)])

    def _get_transition_value(
        self,
        memory: D.T_memory[D.T_state],
        action: D.T_agent[D.T_concurrency[D.T_event]],
        next_state: D.T_state | None = None,
    ) -> D.T_agent[Value[D.T_value]]:
        return Value(cost=action.value)

    def _is_transition_value_dependent_on_next_state_(self) -> bool:
        return False

    def _is_terminal(self, state: D.T_state) -> D.T_agent[D.T_predicate]:
        return state == TOP


class SimulatedClimb(_Ground, Simulation):
    """The same, for those who can only try."""

    def _state_sample(
        self, memory: D.T_memory[D.T_state], action: D.T_agent[D.T_concurrency[D.T_event]]
    ) -> TransitionOutcome[D.T_state, D.T_agent[Value[D.T_value]], D.T_agent[D.T_predicate], D.T_agent[D.T_info]]:
        falls = action is Pace.run and random.random() < 0.5
        height = 0 if falls else memory + 1
        return TransitionOutcome(height, Value(cost=action.value), height == TOP, None)
