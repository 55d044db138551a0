"""A domain that is drawn when it is made; a module of its own, since evaluation processes import where it is."""

from __future__ import annotations

import random

import numpy as np
from corridor import Corridor

__all__ = ["lucky_factory"]


def lucky_factory() -> Corridor:
    """A domain that is drawn when it is made."""
    return Corridor(price=random.random() + float(np.random.random()))
