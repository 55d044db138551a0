"""Actions as bytes that are decoded against a schema: what comes from a stranger's process is never unpickled.

The referee looks at the domain's actions once and lists the classes that they are made of. The planner's process writes
an action as JSON, with a class as its number in that list; the referee builds nothing but plain values, arrays of
numbers and instances of the listed classes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

import numpy as np

from skdecide_elm.errors import ProgramError

__all__ = ["ActionCodec", "ActionError", "classes_of_values"]

_PLAIN = (type(None), bool, int, float, str)
_MAX_DEPTH = 20
_MAX_ITEMS = 100_000


class ActionError(ProgramError):
    """A planner's answer that is no action: it cannot be written, or what was written is not of the schema."""


class ActionCodec:
    """Writes and reads actions made of plain values, numpy numbers and arrays, and the classes listed.

    Args:
        classes: enumerations, named tuples, dataclasses and plain classes; both sides need the same list.
    """

    def __init__(self, classes: Iterable[type]) -> None:
        self.classes = tuple(classes)
        self._numbers = {cls: number for number, cls in enumerate(self.classes)}

    def encode(self, action: Any) -> bytes:
        """Write an action.

        Raises:
            ActionError: it contains something that no action of this domain is made of.
        """
        return json.dumps(self._write(action, 0)).encode()

    def decode(self, content: bytes) -> Any:
        """Read an action.

        Raises:
            ActionError: the bytes are not what `encode` writes for some action.
        """
        try:
            return self._read(json.loads(content), 0)
        except ActionError:
            raise
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
            raise ActionError(f"expected an encoded action; found bytes that are none ({error})") from error

    def _write(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if depth > _MAX_DEPTH:
            raise ActionError(f"expected an action nested at most {_MAX_DEPTH} deep; found a deeper one")
        if kind in self._numbers:
            return self._write_instance(value, kind, depth)
        if isinstance(value, np.generic):
            return self._write(value.item(), depth)
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            return ["array", value.dtype.str, list(value.shape), value.ravel().tolist()]
        if kind in (list, tuple, set, frozenset):
            return [kind.__name__, *(self._write(item, depth + 1) for item in value)]
        if kind is dict:
            return ["dict", *([self._write(k, depth + 1), self._write(v, depth + 1)] for k, v in value.items())]
        raise ActionError(
            f"expected an action of plain values, arrays or {[c.__name__ for c in self.classes]}; "
            f"found a {kind.__name__}"
        )

    def _write_instance(self, value: Any, cls: type, depth: int) -> Any:
        number = self._numbers[cls]
        if isinstance(value, Enum):
            return ["enum", number, value.name]
        if isinstance(value, tuple):
            return ["named", number, *(self._write(item, depth + 1) for item in value)]
        return ["object", number, *([name, self._write(item, depth + 1)] for name, item in _attributes(value).items())]

    def _read(self, written: Any, depth: int) -> Any:
        if type(written) in _PLAIN:
            return written
        if depth > _MAX_DEPTH or not isinstance(written, list) or len(written) > _MAX_ITEMS:
            raise ActionError("expected an encoded action; found one that is nested too deep or too long")
        tag, *rest = written
        if tag in ("list", "tuple", "set", "frozenset"):
            items = [self._read(item, depth + 1) for item in rest]
            return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[tag](items)
        if tag == "dict":
            return {self._read(k, depth + 1): self._read(v, depth + 1) for k, v in rest}
        if tag == "array":
            return _read_array(*rest)
        return self._read_instance(tag, self._class(rest[0]), rest[1:], depth)

    def _class(self, number: Any) -> type:
        if type(number) is not int or not 0 <= number < len(self.classes):
            raise ActionError(f"expected the number of one of {len(self.classes)} classes; found {number!r}")
        return self.classes[number]

    def _read_instance(self, tag: Any, cls: Any, parts: list[Any], depth: int) -> Any:
        if tag == "enum" and issubclass(cls, Enum):
            return cls[parts[0]]
        if tag == "named" and issubclass(cls, tuple):
            return cls(*(self._read(part, depth + 1) for part in parts))
        if tag == "object" and not issubclass(cls, (Enum, tuple)):
            instance = object.__new__(cls)
            for name, part in parts:
                if not name.isidentifier() or name.startswith("__"):
                    raise ActionError(f"expected the name of an attribute; found {name!r}")
                object.__setattr__(instance, name, self._read(part, depth + 1))  # a dataclass may be frozen
            return instance
        raise ActionError(f"expected a tag that fits {cls.__name__}; found {tag!r}")


def _read_array(dtype: str, shape: list[int], numbers: list[Any]) -> Any:
    kind = np.dtype(dtype)
    if kind.kind not in "biuf" or len(numbers) > _MAX_ITEMS:
        raise ActionError(f"expected an array of at most {_MAX_ITEMS} numbers; found {len(numbers)} of dtype {dtype}")
    return np.array(numbers, dtype=kind).reshape(shape)


def _attributes(value: Any) -> Mapping[str, Any]:
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    attributes: Mapping[str, Any] = vars(value)
    return attributes


def classes_of_values(values: Iterable[Any]) -> list[type]:
    """The classes, other than plain ones, that values are made of, in order of appearance."""
    found: dict[type, None] = {}
    for value in values:
        _collect(value, found, 0)
    return list(found)


def _collect(value: Any, found: dict[type, None], depth: int) -> None:
    kind = type(value)
    if kind in _PLAIN or depth > _MAX_DEPTH or isinstance(value, (np.generic, np.ndarray)):
        return
    if kind is dict:
        parts: Iterable[Any] = [*value, *value.values()]
    elif kind in (list, tuple, set, frozenset):
        parts = value
    else:
        found.setdefault(kind)
        parts = () if isinstance(value, Enum) else value if isinstance(value, tuple) else _attributes(value).values()
    for part in parts:
        _collect(part, found, depth + 1)
