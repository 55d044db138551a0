"""Messages from the referee to the planner's side, as short and as quickly written as pickle allows."""

from __future__ import annotations

import io
import pickle
from typing import Any

import cloudpickle
import numpy as np

__all__ = ["MessageWriter"]


class MessageWriter:
    """Pickles messages with one pickler for all, and arrays as their bytes (twice as fast as numpy's own way).

    A class that cannot be imported (of a notebook, of a script) is carried by value, by cloudpickle: slower, and
    tried only from the first such class on.
    """

    def __init__(self) -> None:
        self._stream = io.BytesIO()
        self._pickler = pickle.Pickler(self._stream, pickle.HIGHEST_PROTOCOL)
        self._pickler.dispatch_table = {np.ndarray: _reduced}
        self._by_value = False

    def write(self, message: Any) -> bytes:
        """The message, ready for `pickle.loads`."""
        if self._by_value:
            return bytes(cloudpickle.dumps(message))
        self._stream.seek(0)
        self._stream.truncate()
        self._pickler.clear_memo()  # before, not after: a failed attempt leaves one
        try:
            self._pickler.dump(message)
        except (pickle.PicklingError, AttributeError, TypeError):
            self._by_value = True
            return self.write(message)
        return self._stream.getvalue()


def _reduced(array: np.ndarray[Any, Any]) -> Any:
    """How to rebuild an array, writeable if it was; what is more than numbers in a row is left to numpy."""
    if not array.flags.c_contiguous or array.dtype.kind not in "biuf":
        return array.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    data = bytearray(array) if array.flags.writeable else array.tobytes()
    return np.ndarray, (array.shape, array.dtype.str, data)
