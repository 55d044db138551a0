"""Leave out the cases of a controller that never come up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from skdecide_elm.llm.embedded.controllers.model import Controller, Node, Sum, Switch

__all__ = ["simplified"]


@dataclass(frozen=True)
class _Known:
    """What holds where a node is asked: the outcome of a condition above it."""

    switch: Switch
    is_near: bool

    def decides(self, other: Switch) -> bool | None:
        """Whether ``other`` is near wherever this holds; None where it may be either."""
        if (self.switch.feature, self.switch.window) != (other.feature, other.window):
            return None
        # near a window means below its level, near a threshold above it
        below = self.is_near is self.switch.window
        if below and self.switch.level <= other.level:
            return other.window
        if not below and self.switch.level >= other.level:
            return not other.window
        return None


def simplified(controller: Controller) -> Controller:
    """A controller that acts alike, without the conditions that others decide."""
    return replace(controller, node=_node(controller.node, ()))


def _node(node: Node, known: Sequence[_Known]) -> Node:
    if isinstance(node, Sum):
        return node
    decided = next((found for fact in known if (found := fact.decides(node)) is not None), None)
    if decided is not None:
        return _node(node.near if decided else node.far, known)
    near = _node(node.near, (*known, _Known(node, True)))
    far = _node(node.far, (*known, _Known(node, False)))
    return near if near == far else replace(node, near=near, far=far)
