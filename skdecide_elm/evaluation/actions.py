"""Actions between the referee and the planner's side: what is sent of a space, and what comes back as an action."""

from __future__ import annotations

import io
import math
import pickle
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from skdecide import Domain, EnumerableSpace, SamplableSpace, Space

from skdecide_elm.domain_api.annotations import classes_in
from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation.codec import ActionCodec, ActionError, classes_of_values

__all__ = ["AskedActions", "EventLists", "ListedActions", "SpaceSender", "action_codec", "check_action"]

_SAMPLES = 1000
_ROUNDING = 1e-6
_COMMON_MODULES = ("builtins", "numpy", "skdecide.domains")


class ListedActions(EnumerableSpace, SamplableSpace):  # type: ignore[misc]
    """The elements of a space that cannot be sent as it is, for instance because it holds the rollout domain.

    Attributes:
        elements: in the order by which both sides number them.
    """

    def __init__(self, elements: Sequence[Any]) -> None:
        self.elements = elements

    def get_elements(self) -> Sequence[Any]:
        """The elements, in the order of the original space; a list of the caller's own, which a planner may sort."""
        return list(self.elements)

    def sample(self) -> Any:
        """One element at random."""
        return random.choice(self.elements)

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is one of the elements."""
        return x in self.elements

    def index(self, action: Any) -> int:
        """The place of an element, found by identity first, then by equality.

        Raises:
            ActionError: it is not there.
        """
        for place, element in enumerate(self.elements):
            if element is action:
                return place
        for place, element in enumerate(self.elements):
            if element == action:
                return place
        raise ActionError(f"expected one of the {len(self.elements)} applicable actions; found {str(action)[:200]}")


class EventLists(Space):  # type: ignore[misc]
    """The actions of a domain in which several events of a space happen in parallel: an event, or a list of them."""

    def __init__(self, events: Space[Any]) -> None:
        self._events = events

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is an event of the space or a list of such."""
        return all(_contains(self._events, event) for event in x) if isinstance(x, list) else _contains(self._events, x)


def action_codec(domains: Sequence[Domain]) -> ActionCodec:
    """The codec for the domains' actions, from their declared types and from actions of their spaces."""
    found: list[type] = []
    for domain in domains:
        found += [cls for cls in classes_in(domain.T_event) if not cls.__module__.startswith(_COMMON_MODULES)]
        spaces = domain.get_action_space()
        for space in spaces.values() if isinstance(spaces, Mapping) else [spaces]:
            found += classes_of_values(_examples(space))
    return ActionCodec(dict.fromkeys(found))


def _examples(space: Space[Any]) -> Sequence[Any]:
    if isinstance(space, SamplableSpace):
        return [space.sample() for _ in range(3)]
    if isinstance(space, EnumerableSpace):
        return list(space.get_elements())[:_SAMPLES]
    return []


class _NoDomains(pickle.Pickler):
    """Refuses to write a domain: it would carry the rollout's hidden state to the planner."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Domain):
            raise pickle.PicklingError("holds a domain")
        return NotImplemented


class AskedActions(Space):  # type: ignore[misc]
    """A space that can neither be sent nor listed: whether it contains an action is asked of the referee."""

    def __init__(self) -> None:
        self._ask: Callable[[Any], bool] | None = None

    def bind(self, ask: Callable[[Any], bool]) -> None:
        """Say how to ask, on the planner's side."""
        self._ask = ask

    def contains(self, x: Any) -> bool:
        """The referee's answer for ``x``."""
        assert self._ask is not None
        return self._ask(x)


class SpaceSender:
    """What the planner's side gets of spaces of applicable actions: as they are, or their elements, or their answers.

    Which of them is found out at the first space of a class, by trying; a space that holds a domain is never sent.
    """

    def __init__(self) -> None:
        self._as_they_are: dict[type, bool] = {}

    def __call__(self, spaces: Any) -> Any:
        """A space, or a dict of them by agent, ready to be pickled.

        Raises:
            EvaluationError: an agent's space can neither be pickled nor enumerated.
        """
        kind = type(spaces)
        if self._as_they_are.get(kind):
            return spaces
        if isinstance(spaces, Mapping):
            return {agent: self._of_agent(space) for agent, space in spaces.items()}
        if kind not in self._as_they_are:
            self._as_they_are[kind] = _is_sendable(spaces)
            return self(spaces)
        return ListedActions(list(spaces.get_elements())) if isinstance(spaces, EnumerableSpace) else AskedActions()

    def _of_agent(self, space: Space[Any]) -> Any:
        sent = self(space)
        if isinstance(sent, AskedActions):
            raise EvaluationError(
                f"expected applicable actions that can be sent to the planner's process; found a "
                f"{type(space).__name__} that can neither be pickled nor enumerated; give it get_elements()"
            )
        return sent


def _is_sendable(space: Space[Any]) -> bool:
    try:
        _NoDomains(io.BytesIO(), pickle.HIGHEST_PROTOCOL).dump(space)
    except (pickle.PicklingError, TypeError, AttributeError):
        return False
    return True


def check_action(action: Any, space: Any) -> None:
    """Check a decoded action against the space of actions that are applicable now (a dict of them by agent).

    Raises:
        ActionError: the action is not in the space.
    """
    if isinstance(space, Mapping):
        if not isinstance(action, Mapping) or set(action) != set(space):
            raise ActionError(f"expected an action for each of {sorted(map(str, space))}; found {str(action)[:200]}")
        for agent, own_space in space.items():
            check_action(action[agent], own_space)
    elif (box := _box(space)) is not None:
        if not _is_in_box(action, box):
            raise ActionError(
                f"expected numbers of shape {box.shape} from {box.low.min()} to {box.high.max()} as action; "
                f"found {str(action)[:200]}; clip to the bounds of the action space"
            )
    elif not _contains(space, action):
        raise ActionError(f"expected an applicable action; found {str(action)[:200]}")


def _box(space: Any) -> Any:
    """The gymnasium box behind a space; None where there is none."""
    box: Any = space.unwrapped() if hasattr(space, "unwrapped") else None
    return box if hasattr(box, "low") and hasattr(box, "high") else None


def _is_in_box(action: Any, box: Any) -> bool:
    """Whether the action is numbers of the box's size within its bounds, whatever their type and rounding."""
    try:
        numbers = np.asarray(action)
    except (ValueError, OverflowError):  # a ragged list
        return False
    if numbers.dtype.kind not in "biuf" or numbers.size != math.prod(box.shape) or not np.isfinite(numbers).all():
        return False
    flat, low, high = numbers.ravel(), box.low.ravel(), box.high.ravel()
    if (flat >= low).all() and (flat <= high).all():
        return True
    return bool((flat >= low - _slack(low)).all() and (flat <= high + _slack(high)).all())


def _slack(bound: Any) -> Any:
    return _ROUNDING * np.maximum(1.0, np.abs(np.where(np.isfinite(bound), bound, 0.0)))


def _contains(space: Any, action: Any) -> bool:
    try:
        answer = space.contains(action)
    except (TypeError, ValueError, AttributeError, IndexError, KeyError, NotImplementedError):
        answer = None if not isinstance(space, EnumerableSpace) else False
    if answer is None and isinstance(space, EnumerableSpace):  # a space whose contains() says nothing
        return any(element == action for element in space.get_elements())
    return answer is None or bool(answer)
