"""Spaces of a domain: by agent, and as a short text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from skdecide import Space
from skdecide.hub.space.gym import EnumSpace, GymSpace, ListSpace

from skdecide_elm.domain_api.annotations import plain_repr

__all__ = ["call_or_none", "space_detail", "spaces_by_agent"]

_SHOWN_ELEMENTS = 20
_LONGEST_DETAIL = 300


def call_or_none(getter: Callable[[], Any]) -> Any:
    """The spaces that a method of a domain answers with, or None where the domain does not implement it."""
    try:
        return getter()
    except NotImplementedError:
        return None


def spaces_by_agent(spaces: Any) -> Mapping[str | None, Any]:
    """The spaces by agent, as they are in a multi-agent domain; else the one space under the agent None."""
    return spaces if isinstance(spaces, Mapping) else {None: spaces}


def space_detail(space: Space) -> str:
    """What a space contains: its first elements, the gymnasium space behind it, or nothing where unknown."""
    if isinstance(space, (EnumSpace, ListSpace)):
        elements = [plain_repr(element) for element in islice(space.get_elements(), _SHOWN_ELEMENTS + 1)]
        elements[_SHOWN_ELEMENTS:] = ["..."] if len(elements) > _SHOWN_ELEMENTS else []
        return _shortened(f"{{{', '.join(elements)}}}")
    return _shortened(repr(space.unwrapped())) if isinstance(space, GymSpace) else ""


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_DETAIL else flat[:_LONGEST_DETAIL] + "..."
