"""How a planner meets a domain: as it is, or through a user's converters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["AS_IT_IS", "View", "is_plain_collection"]


def _elements(space: Any) -> Any:
    return space.get_elements() if hasattr(space, "get_elements") else None


@dataclass(frozen=True)
class View:
    """What a planner gets of what a domain gives.

    Attributes:
        observation: what it sees of an observation.
        offered: what it may choose from, of the space of applicable actions.
        answers_actions: whether what it answers are the domain's own actions.
        observes_as_is: whether what it sees are the domain's own observations.
    """

    observation: Callable[[Any], Any] = lambda observation: observation
    offered: Callable[[Any], Any] = _elements
    answers_actions: bool = True
    observes_as_is: bool = True

    def choices(self, applicable: Any) -> list[Any] | None:
        """What the planner may choose from, given the space of applicable actions; None where it cannot be listed."""
        offered = self.offered(applicable)
        return list(offered) if is_plain_collection(offered) else None


AS_IT_IS = View()
"""The planner is given the domain."""


def is_plain_collection(values: Any) -> bool:
    """Whether these are values that can be gone through, and no text."""
    return isinstance(values, Iterable) and not isinstance(values, (str, bytes, Mapping))
