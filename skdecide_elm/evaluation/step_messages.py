"""Messages from the referee to the planner's side, as short and as quickly written and read as Python allows.

They are pickled, but for the two kinds of observations that small, fast domains have: an array of numbers, and a named
tuple of plain values. Those are written as what they are made of, after a head that tells their form, which stays the
same from step to step and is worked out once: a third of the time.

Reading executes what pickle executes: only for what comes from the referee.
"""

from __future__ import annotations

import contextlib
import io
import marshal
import pickle
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cloudpickle
import numpy as np

__all__ = ["EPISODE", "STEP", "MessageWriter", "read_message"]

EPISODE, STEP = 0, 1
"""What the referee asks for: to begin an episode (instance, seed), to act (observation, applicable actions)."""

_PLAIN_HEAD = b"H"
"""First byte of a message with a head, whose length follows in two bytes; no pickle begins with it."""

_HEAD_FROM = len(_PLAIN_HEAD) + 2
_MOST_HEADS = 1000
_NUMBERS = "biuf"
_PLAIN = frozenset({bool, int, float, str, bytes, type(None)})
_FORMAT = 2
"""Of marshal: later ones write the same value in another way when somebody else holds it too; see `Trace.seen`."""

_Numbers = np.ndarray[Any, Any]


class MessageWriter:
    """Writes messages with one pickler for all.

    A class that cannot be imported (of a notebook, of a script) is carried by value, by cloudpickle: slower, and
    tried only from the first such class on.
    """

    def __init__(self) -> None:
        self._stream = io.BytesIO()
        self._pickler = pickle.Pickler(self._stream, pickle.HIGHEST_PROTOCOL)
        self._pickler.dispatch_table = {np.ndarray: _reduced}
        self._by_value = False
        self._heads: dict[Any, bytes] = {}

    def write_step(self, observation: Any, *sent: Any) -> bytes:
        """Ask for an action.

        Args:
            sent: what the planner's side gets of the applicable actions, where these are restricted.
        """
        if not sent and not self._by_value:
            kind = type(observation)
            if kind is np.ndarray:
                if _is_numbers_in_a_row(observation):
                    form = observation.dtype, observation.shape, observation.flags.writeable
                    return (self._heads.get(form) or self._head(form)) + bytes(observation.data)
            elif kind.__bases__ == (tuple,) and hasattr(kind, "_fields") and _PLAIN.issuperset(map(type, observation)):
                with contextlib.suppress(pickle.PicklingError, AttributeError):  # a local class
                    return (self._heads.get(kind) or self._head(kind)) + marshal.dumps(tuple(observation), _FORMAT)
        return self.write((STEP, observation, *sent))

    def write(self, message: tuple[Any, ...]) -> bytes:
        """Any message, for `read_message`."""
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

    def _head(self, form: Any) -> bytes:
        """The head of a form, kept for the next time."""
        pickled = pickle.dumps(form, pickle.HIGHEST_PROTOCOL)
        head = _PLAIN_HEAD + len(pickled).to_bytes(2, "big") + pickled
        if len(self._heads) < _MOST_HEADS:
            self._heads[form] = head
        return head


def read_message(written: bytes) -> Any:
    """The message, as a tuple of which `EPISODE` or `STEP` is the first."""
    if written[:1] != _PLAIN_HEAD:
        return pickle.loads(written)
    end = _HEAD_FROM + int.from_bytes(written[1:_HEAD_FROM], "big")
    return STEP, _reader(written[_HEAD_FROM:end])(written[end:])


@lru_cache(maxsize=_MOST_HEADS)
def _reader(head: bytes) -> Callable[[bytes], Any]:
    """What makes an observation of what follows a head."""
    form = pickle.loads(head)
    if isinstance(form, type):
        return lambda content: tuple.__new__(form, marshal.loads(content))
    dtype, shape, writeable = form
    return lambda content: np.ndarray(shape, dtype, bytearray(content) if writeable else content)


def _is_numbers_in_a_row(array: _Numbers) -> bool:
    return bool(array.flags.c_contiguous) and array.dtype.kind in _NUMBERS


def _reduced(array: _Numbers) -> Any:
    """How to rebuild an array, writeable if it was; what is more than numbers in a row is left to numpy."""
    if not _is_numbers_in_a_row(array):
        return array.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    data = bytearray(array) if array.flags.writeable else array.tobytes()
    return np.ndarray, (array.shape, array.dtype.str, data)
