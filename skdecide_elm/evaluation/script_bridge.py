"""What goes to a planner that a user's own script calls, and what it looks like there."""

from __future__ import annotations

import copy
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import cloudpickle
import numpy as np
from skdecide import Domain, Space

from skdecide_elm.evaluation.actions import ListedActions
from skdecide_elm.evaluation.codec import ActionError

__all__ = ["ANYTHING", "ListedSequence", "ScriptBridge", "no_domain"]


class _Anything(Space):  # type: ignore[misc]
    """The actions of a script that does not say which are applicable: whatever the codec can read."""

    def contains(self, x: Any) -> bool:
        return True


ANYTHING = _Anything()


class ListedSequence(ListedActions):
    """A list, tuple or array of applicable actions, which the planner sees as it is and answers by index."""

    def __init__(self, elements: Sequence[Any] | np.ndarray[Any, Any]) -> None:
        super().__init__(cast("Sequence[Any]", elements))

    def shown(self) -> Sequence[Any]:
        """A copy for the planner, who may sort it: the index is that of the script's own."""
        return copy.copy(self.elements)

    def index(self, action: Any) -> int:
        """The place of an element, found by identity first, then by equality.

        Raises:
            ActionError: it is not there.
        """
        places = range(len(self.elements))
        for same in (operator.is_, _are_equal):
            place = next((place for place in places if same(self.elements[place], action)), None)
            if place is not None:
                return place
        raise ActionError(f"expected one of the {len(self.elements)} applicable actions; found {str(action)[:200]}")


def _are_equal(one: Any, other: Any) -> bool:
    same: Any = one == other
    return bool(np.all(same))


@dataclass(frozen=True)
class ScriptBridge:
    """Observations and actions as they are, applicable actions as the script has them.

    Attributes:
        kwargs: the arguments of ``Planner``, by cloudpickle; each planner gets its own.
    """

    kwargs: bytes

    def planner_kwargs(self, domain: Domain) -> dict[str, Any]:
        """Fresh arguments for a planner."""
        arguments: dict[str, Any] = cloudpickle.loads(self.kwargs)
        return arguments

    def observation(self, observation: Any) -> Any:
        """The observation as it is."""
        return observation

    def applicable_actions(self, actions: Any) -> Any:
        """The script's own list, or the space as it is."""
        return actions.shown() if isinstance(actions, ListedSequence) else actions

    def action(self, answer: Any) -> Any:
        """The answer as it is."""
        return answer


def no_domain() -> Any:
    """In place of a factory: the planner's domain, if it has one, is among its arguments."""
    return None
