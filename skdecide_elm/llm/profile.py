"""What can be said of a domain without naming it: the plain data that guides the embedded proposer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Access",
    "ArgumentProfile",
    "ChanceModel",
    "ChoiceProfile",
    "DomainProfile",
    "EntryProfile",
    "FieldProfile",
    "SpaceKind",
    "SpaceProfile",
]

Access = Literal["integrated", "proxy"]
ChanceModel = Literal["", "distributions", "samples"]
SpaceKind = Literal["enumerable", "discrete", "box", "multi_discrete", "other"]


@dataclass(frozen=True)
class FieldProfile:
    """A part of a structured observation.

    Attributes:
        name: identifier that a reader understands.
        access: what follows ``observation`` to reach the part: ``.item``, ``["item"]``, ``[0]`` or nothing.
        length: number of entries of a one-dimensional array, None for a single number.
        indexed: every action seen was an index into this array.
    """

    name: str
    access: str
    length: int | None = None
    indexed: bool = False


@dataclass(frozen=True)
class SpaceProfile:
    """The values that an observation or an action can take.

    Attributes:
        kind: ``discrete`` (consecutive integers), ``enumerable`` (listed objects), ``box`` (real vectors),
            ``multi_discrete`` (integer vectors) or ``other``.
        size: number of values where they can be listed.
        start: the first integer of a ``discrete`` space.
        shape: of ``box`` and ``multi_discrete`` values, and of flat sequences of numbers.
        low, high: flattened bounds, infinite where there is none; empty where unknown.
        hashable: equal values have equal hashes, so that they can be counted in a dict.
        listed: the planner can list the values: by the space's ``get_elements()`` where the planner sees the
            domain, by iterating over ``applicable_actions`` where it sees plain values.
        fields: numbers and arrays inside a structured value.
        narrow: entries are integers of a type that differences and products can overflow.
    """

    kind: SpaceKind = "other"
    size: int | None = None
    start: int = 0
    shape: tuple[int, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    hashable: bool = False
    listed: bool = False
    fields: tuple[FieldProfile, ...] = ()
    narrow: bool = False

    @property
    def vector(self) -> int | None:
        """Number of entries where values are flat sequences of numbers, else None."""
        return self.shape[0] if len(self.shape) == 1 else None


@dataclass(frozen=True)
class EntryProfile:
    """What random episodes tell of one entry of an observation vector.

    Attributes:
        scale: its typical size: that of its bounds, if finite, else of the largest values seen.
        rate: index of the entry that is its rate of change; of the angle's, where it is a cosine.
        sine: where it is a cosine, index of the sine of the same angle.
        response: where it is a rate, the sign of what a greater action (or a later one in a row of integers) adds to
            it; 0 where that is unclear.
    """

    scale: float
    rate: int | None = None
    sine: int | None = None
    response: int = 0


@dataclass(frozen=True)
class ChoiceProfile:
    """A number by which actions that can be listed differ, as random episodes tell.

    Attributes:
        name: identifier that a reader understands.
        expression: the numbers of all actions as an array, computed from ``observation`` and ``actions``.
        levels: typical values in rising order, the smallest and the largest seen included; empty where a threshold
            would mean nothing.
        spread: by how much actions differ that are open at the same time (standard deviation).
        integer: all values seen are whole numbers.
        ranks: whether it puts actions into another order than the features before it.
        seen: its values at some of the decisions that were observed, one array per decision.
    """

    name: str
    expression: str
    levels: tuple[float, ...]
    spread: float
    integer: bool = False
    ranks: bool = True
    seen: tuple[NDArray[np.float64], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class ArgumentProfile:
    """An argument of ``Planner``; ``kind`` is ``domain``, ``number``, ``text``, ``choices`` (a sequence of
    two or more distinct hashable values), ``numbers`` (any other sequence of numbers) or ``other``.
    """

    name: str
    kind: Literal["domain", "number", "text", "choices", "numbers", "other"] = "other"


@dataclass(frozen=True)
class DomainProfile:
    """What a planner can rely on.

    Attributes:
        access: ``integrated`` (the planner holds the domain) or ``proxy`` (plain values only).
        arguments: of ``Planner``.
        observation, actions: what the planner receives and answers (per agent, if there are several).
        agents: number of agents; 0 for a single-agent domain, whose observations are not dicts of agents.
        sequential: one action at a time (per agent).
        restricted_actions: ``sample_action`` has a second argument, the applicable actions.
        fully_observable: an observation is the state of a Markovian domain.
        deterministic_model: ``get_next_state`` and ``get_transition_value`` can be asked of the domain.
        chance_model: where the model is not deterministic, what can be asked of the domain: ``distributions``, which
            list the next states with their probabilities, or ``samples`` of transitions.
        goals: the domain has goals; ``listed_goals``: that it can list.
        rewards: transition values are rewards (else costs).
        entries: of an observation vector; empty where nothing is known of them.
        choices: by which numbers the actions differ; empty where nothing is known of that.
    """

    access: Access
    arguments: tuple[ArgumentProfile, ...]
    observation: SpaceProfile
    actions: SpaceProfile
    agents: int = 0
    sequential: bool = True
    restricted_actions: bool = False
    fully_observable: bool = False
    deterministic_model: bool = False
    chance_model: ChanceModel = ""
    goals: bool = False
    listed_goals: bool = False
    rewards: bool = False
    entries: tuple[EntryProfile, ...] = ()
    choices: tuple[ChoiceProfile, ...] = ()

    @property
    def single(self) -> bool:
        """One agent that takes one action at a time."""
        return self.agents == 0 and self.sequential

    @property
    def has_model(self) -> bool:
        """The planner can ask where an action leads from what it observes."""
        return self._asks_domain and self.deterministic_model

    @property
    def chance(self) -> ChanceModel:
        """What the planner can ask of where an action may lead from what it observes."""
        return self.chance_model if self._asks_domain else ""

    @property
    def _asks_domain(self) -> bool:
        return self.access == "integrated" and self.fully_observable
