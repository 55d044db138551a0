"""Arrays of observations, which domain and planner share with their copies."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_only"]

_Scalar = TypeVar("_Scalar", bound=np.generic)


def read_only(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """The same array, which cannot be changed any more."""
    array.flags.writeable = False
    return array
