"""What a controller would answer in drawn situations, without running it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.llm.embedded.controllers.model import Controller, Node, Sum
from skdecide_elm.llm.embedded.features import Feature

__all__ = ["Situations"]

_COUNT = 300
_SMALLEST = -2.0
"""Features are drawn over so many orders of magnitude: what decides is often near zero."""


class Situations:
    """Values of some features, as an observation vector might give them, in units of their scales.

    Args:
        features: of a profile, in their order.

    Attributes:
        values: of each feature, by its name.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        rng = np.random.default_rng(0)
        self.values: dict[str, NDArray[np.float64]] = {}
        for feature in features:
            size = 10 ** rng.uniform(_SMALLEST, 0, _COUNT)
            self.values[feature.name] = rng.uniform(-1, 1, _COUNT) * size
        for feature in features:
            if feature.role == "angle":
                angle = math.pi * self.values[feature.name]
                self.values[feature.name.replace("angle", "cosine")] = np.cos(angle)
                self.values[feature.name.replace("angle", "sine")] = np.sin(angle)

    def answers(self, controller: Controller) -> NDArray[np.float64]:
        """The index of the action that it takes in each situation; where actions are pushes, the clipped push."""
        push = self._push(controller.node)
        if controller.answer == "clip":
            return np.clip(push, -1, 1)
        if controller.answer == "bang":
            return np.where(push > 0, 1.0, -1.0)
        below, about, above = map(float, controller.actions)
        either = np.where(push > 0, above, below)
        return np.where(abs(push) < controller.dead_zone, about, either) if controller.answer == "rest" else either

    def _push(self, node: Node) -> NDArray[np.float64]:
        if isinstance(node, Sum):
            total = np.zeros(_COUNT)
            for term in node.terms:
                total += term.weight * math.prod((self.values[name] for name in term.factors), start=np.ones(_COUNT))
            return total
        near = node.is_near(self.values[node.feature])
        return np.where(near, self._push(node.near), self._push(node.far))
