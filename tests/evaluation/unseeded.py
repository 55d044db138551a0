"""Domains that do not follow their seeds; a module of their own, since evaluation processes import where they are."""

from __future__ import annotations

import random
import time

import numpy as np
from corridor import Corridor
from skdecide import Value

__all__ = ["Clock", "Late", "Stubborn"]


class Clock(Corridor):
    """Costs what the clock says."""

    def _get_transition_value(self, memory, action, next_state=None):
        return Value(cost=time.perf_counter())


class Stubborn(Corridor):
    """Starts where the operating system's own generator wants."""

    def _get_initial_state_(self):
        return random.SystemRandom().getrandbits(60)


class Late(Corridor):
    """Draws from generators that are made when they are needed, by nobody's seed."""

    def _get_transition_value(self, memory, action, next_state=None):
        return Value(cost=float(np.random.default_rng().random()) + random.Random().random())
