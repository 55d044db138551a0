"""The scikit-decide characteristics of a domain, and what they mean to a planner."""

from __future__ import annotations

import inspect

from skdecide import Domain
from skdecide.builders.domain import (
    Environment,
    Events,
    Goals,
    Initializable,
    Sequential,
    SingleAgent,
    UnrestrictedActions,
)

from skdecide_elm.errors import UnsupportedDomainError

__all__ = [
    "characteristic_meaning",
    "characteristics",
    "check_supported",
    "has_goals",
    "has_restricted_actions",
    "is_multi_agent",
    "is_parallel",
    "leading_characteristics",
]

_BUILDERS = "skdecide.builders.domain"
_BOILERPLATE = "A domain must inherit this class if "

_REQUIRED: dict[type, str] = {
    Initializable: "reset() starts an episode",
    Environment: "step() plays an action",
    Events: "get_applicable_actions() tells which actions are possible",
}

_MEANINGS = {
    "MultiAgent": "Several agents act together: observations, actions and values are dicts by agent name.",
    "SingleAgent": "One agent acts.",
    "Parallel": "Several events can happen at once: an action is a list of events.",
    "Sequential": "One action at a time.",
    "Constrained": "Transitions must respect the constraints of `get_constraints`.",
    "Environment": "The dynamics is a black box: it can only be played forward with `step`.",
    "Simulation": "A transition can be sampled from any memory with `sample`, without playing the domain.",
    "UncertainTransitions": "The distribution of next states is known: `get_next_state_distribution`.",
    "EnumerableTransitions": "All next states and probabilities are known: `get_next_state_distribution`.",
    "DeterministicTransitions": "Each action has one known next state: `get_next_state`.",
    "Events": "Uncontrollable events may happen besides the actions, and actions may be restricted.",
    "Actions": "Only some actions are applicable in each state: `get_applicable_actions`.",
    "UnrestrictedActions": "Every action of `get_action_space` is always applicable.",
    "Goals": "An episode aims at an observation for which `is_goal` is true.",
    "Initializable": "`reset` starts an episode.",
    "UncertainInitialized": "The distribution of initial states is known: `get_initial_state_distribution`.",
    "DeterministicInitialized": "Every episode starts in the same known state: `get_initial_state`.",
    "History": "The dynamics depends on the whole history of states.",
    "FiniteHistory": "The dynamics depends on the last few states.",
    "Markovian": "The dynamics depends on the current state only.",
    "Memoryless": "The dynamics depends on no previous state.",
    "PartiallyObservable": "The state is hidden: observations are drawn from `get_observation_distribution`.",
    "TransformedObservable": "The state is hidden: an observation is computed from it by `get_observation`.",
    "FullyObservable": "The observation is the state.",
    "Renderable": "The domain can be drawn with `render`.",
    "Rewards": "Transitions give rewards, positive or negative, to be maximised.",
    "PositiveCosts": "Transitions have costs, never negative, to be minimised.",
}


def characteristics(domain: Domain) -> tuple[type, ...]:
    """Every builder characteristic of a domain, in the order of its class hierarchy.

    Ready-made combinations (``SchedulingDomain``, ...) are domains, not characteristics, and are left out.
    """
    return tuple(
        cls for cls in type(domain).__mro__ if cls.__module__.startswith(_BUILDERS) and not issubclass(cls, Domain)
    )


def leading_characteristics(domain: Domain) -> tuple[type, ...]:
    """The most precise characteristics: `SingleAgent` rather than the `MultiAgent` that it refines."""
    found = characteristics(domain)
    refined = {base for cls in found for base in cls.__mro__[1:]}
    return tuple(cls for cls in found if cls not in refined)


def characteristic_meaning(characteristic: type) -> str:
    """One sentence on what a characteristic means to a planner."""
    if characteristic.__name__ in _MEANINGS:
        return _MEANINGS[characteristic.__name__]
    paragraph = (inspect.getdoc(characteristic) or "").partition("\n\n")[0]
    meaning = " ".join(paragraph.split()).partition(". ")[0].removeprefix(_BOILERPLATE)
    return meaning[:1].upper() + meaning[1:]


def check_supported(domain: Domain) -> None:
    """Check that episodes of a domain can be rolled out.

    Raises:
        UnsupportedDomainError: it lacks a characteristic that a rollout needs; the message names it.
    """
    missing = [f"{cls.__name__} ({use})" for cls, use in _REQUIRED.items() if not isinstance(domain, cls)]
    if missing:
        needed = ", ".join(cls.__name__ for cls in _REQUIRED)
        raise UnsupportedDomainError(
            f"Expected a scikit-decide domain with the characteristics {needed}; "
            f"{type(domain).__qualname__} lacks {', '.join(missing)}. "
            f"Derive the domain from the missing classes of {_BUILDERS}."
        )


def has_restricted_actions(domain: Domain) -> bool:
    """Whether the applicable actions depend on the state."""
    return not isinstance(domain, UnrestrictedActions)


def is_multi_agent(domain: Domain) -> bool:
    """Whether observations, actions and values are dicts by agent name."""
    return not isinstance(domain, SingleAgent)


def is_parallel(domain: Domain) -> bool:
    """Whether an action is a list of events that happen at once."""
    return not isinstance(domain, Sequential)


def has_goals(domain: Domain) -> bool:
    """Whether the domain says which observations are goals."""
    return isinstance(domain, Goals)
