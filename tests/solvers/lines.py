"""Lines on which steps cost something else; a light module, since the processes of an evaluation import it."""

from __future__ import annotations

import random
import time

from skdecide import Value
from tiny import Line, Move

__all__ = ["Clock", "Corridors", "Dice"]


class Corridors(Line):
    """Pays for each step; ``price`` depends on the instance, ``twist`` turns the goal to the left."""

    def __init__(self, price=1, twist=False):
        self.price = price
        self.twist = twist

    def _get_next_state(self, memory, action):
        return super()._get_next_state(memory, Move(-action.value) if self.twist else action)

    def _get_transition_value(self, memory, action, next_state=None):
        return Value(cost=self.price)


class Dice(Line):
    """A step costs what is drawn."""

    def _get_transition_value(self, memory, action, next_state=None):
        return Value(cost=random.random())


class Clock(Line):
    """What a step costs follows no seed."""

    def _get_transition_value(self, memory, action, next_state=None):
        return Value(cost=time.perf_counter())
