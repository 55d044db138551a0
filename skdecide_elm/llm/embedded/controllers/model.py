"""What a controller is: weighted sums of products of features, chosen between by conditions on a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answer", "Controller", "Node", "Sum", "Switch", "Term", "leaves", "with_leaf"]

Answer = Literal["either", "rest", "clip", "bang"]
"""How the push becomes an action.

``either``: one of two listed actions, by the push's sign; ``rest``: of three, the middle one for small pushes;
``clip``: the push itself, within the bounds; ``bang``: one bound or the other.
"""


@dataclass(frozen=True)
class Term:
    """A weight times a product of features; no factors: a constant.

    Attributes:
        factors: sorted names, repeated for powers.
        weight: in the units in which every feature is about 1.
    """

    factors: tuple[str, ...]
    weight: float


@dataclass(frozen=True)
class Sum:
    """The push, as a sum of terms with different factors."""

    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Switch:
    """``near`` where the feature is small (``window``) or above the threshold, else ``far``.

    Attributes:
        level: the threshold, in units of the feature's scale.
    """

    feature: str
    window: bool
    level: float
    near: Node
    far: Node

    def is_near(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """For each of some values of the feature whether ``near`` decides."""
        size: NDArray[np.float64] = abs(values)
        return size < self.level if self.window else values > self.level


Node: TypeAlias = "Sum | Switch"


@dataclass(frozen=True)
class Controller:
    """A control law.

    Attributes:
        node: computes the push.
        answer: how it becomes an action.
        actions: the indices of the listed actions for a push below, about and above zero.
        dead_zone: pushes smaller than this take the middle action, where ``answer`` is ``rest``.
    """

    node: Node
    answer: Answer
    actions: tuple[int, int, int] = (0, 0, -1)
    dead_zone: float = 0.0


def leaves(node: Node, path: tuple[bool, ...] = ()) -> list[tuple[tuple[bool, ...], Sum]]:
    """The sums of a node with the ways to them: True for near, False for far."""
    if isinstance(node, Sum):
        return [(path, node)]
    return [*leaves(node.near, (*path, True)), *leaves(node.far, (*path, False))]


def with_leaf(node: Node, path: tuple[bool, ...], new: Node) -> Node:
    """The node with another one at the end of a way."""
    if not path or isinstance(node, Sum):
        return new
    near = with_leaf(node.near, path[1:], new) if path[0] else node.near
    far = node.far if path[0] else with_leaf(node.far, path[1:], new)
    return Switch(node.feature, node.window, node.level, near, far)
