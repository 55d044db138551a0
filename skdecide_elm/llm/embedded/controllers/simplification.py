"""Leave out the cases of a controller that never come up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.llm.embedded.controllers.model import Controller, Node, Sum, Switch

__all__ = ["simplified"]


def simplified(controller: Controller) -> Controller:
    """A controller that acts alike, without the conditions that others decide."""
    levels: dict[str, set[float]] = {}
    for switch in _switches(controller.node):
        levels.setdefault(switch.feature, set()).update((-switch.level, switch.level))
    possible = {feature: _telling_values(found) for feature, found in levels.items()}
    return replace(controller, node=_node(controller.node, possible))


def _switches(node: Node) -> Iterator[Switch]:
    if isinstance(node, Switch):
        yield node
        yield from _switches(node.near)
        yield from _switches(node.far)


def _telling_values(levels: set[float]) -> NDArray[np.float64]:
    """The levels, and a value of each range between and beyond them: what holds for these holds for any."""
    at = np.sort(np.array(list(levels)))
    return np.concatenate([at, (at[1:] + at[:-1]) / 2, [at[0] - 1, at[-1] + 1]])


def _node(node: Node, possible: Mapping[str, NDArray[np.float64]]) -> Node:
    """The node where the features can only have values like these."""
    if isinstance(node, Sum):
        return node
    values = possible[node.feature]
    is_near = node.is_near(values)
    if is_near.all() or not is_near.any():
        return _node(node.near if is_near.all() else node.far, possible)
    near = _node(node.near, {**possible, node.feature: values[is_near]})
    far = _node(node.far, {**possible, node.feature: values[~is_near]})
    return near if near == far else replace(node, near=near, far=far)
