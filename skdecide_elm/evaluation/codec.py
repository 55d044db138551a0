"""Actions as bytes that are decoded against a schema: what comes from a stranger's process is never unpickled.

The referee looks at the domain's actions once and lists the classes that they are made of. The planner's process writes
an action as JSON, with a class as its number in that list; the referee builds nothing but plain values, arrays of
numbers and instances of the listed classes.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

import numpy as np

from skdecide_elm.errors import ProgramError

__all__ = ["ActionCodec", "ActionError", "classes_of_values"]

_PLAIN = (type(None), bool, int, float, str)
_MAX_DEPTH = 20
_MAX_ITEMS = 100_000
_MAX_REMEMBERED = 1000
_MAX_DIGITS = 18
_BASES = (int, float, str, list, dict, set, frozenset)
_FILLED: Mapping[Any, Any] = {list: list.extend, dict: dict.update, set: set.update}
"""How an empty one is filled; the others are made with their content."""

_DTYPE = re.compile(r"[<>|=]?[biuf][1248]")


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
        self._simple = {int, bool, *(cls for cls in self.classes if issubclass(cls, Enum))}
        self._written: dict[tuple[type, Any], bytes] = {}

    def encode(self, action: Any) -> bytes:
        """Write an action.

        Raises:
            ActionError: it contains something that no action of this domain is made of.
        """
        kind = type(action)
        if kind not in self._simple:
            return json.dumps(self._write(action, 0)).encode()
        written = self._written.get((kind, action))  # True == 1
        if written is None:
            written = json.dumps(self._write(action, 0)).encode()
            if len(self._written) < _MAX_REMEMBERED:
                self._written[kind, action] = written
        return written

    def is_simple(self, action: Any) -> bool:
        """Whether an action is a whole number or a member of an enumeration, which never change."""
        return type(action) in self._simple

    def decode(self, content: bytes) -> Any:
        """Read an action.

        Raises:
            ActionError: the bytes are not what `encode` writes for some action.
        """
        if content.isdigit() and len(content) < _MAX_DIGITS:
            return int(content)  # most actions are numbers, and this is five times as fast
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
            return self._write(value.item(), depth + 1)  # a long double is its own item
        if isinstance(value, np.ndarray) and _DTYPE.fullmatch(value.dtype.str):
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
        attributes = [[name, self._write(item, depth + 1)] for name, item in _attributes(value).items()]
        base = _base(cls)
        if base is not None:
            return ["based", number, self._write(base(value), depth + 1), *attributes]
        return ["object", number, *attributes]

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
            return _named_tuple(cls, [self._read(part, depth + 1) for part in parts])
        if tag == "based" and not issubclass(cls, Enum):
            content, attributes = self._read(parts[0], depth + 1), parts[1:]
            return _based(cls, content, {name: self._read(part, depth + 1) for name, part in attributes})
        if tag == "object" and not issubclass(cls, (Enum, tuple, *_BASES)):
            return _instance(cls, {name: self._read(part, depth + 1) for name, part in parts})
        raise ActionError(f"expected a tag that fits {cls.__name__}; found {tag!r}")


def _read_array(dtype: str, shape: list[int], numbers: list[Any]) -> Any:
    if not _DTYPE.fullmatch(dtype) or len(numbers) > _MAX_ITEMS:
        raise ActionError(f"expected an array of at most {_MAX_ITEMS} numbers; found {len(numbers)} of dtype {dtype}")
    if not all(type(number) in (bool, int, float) for number in numbers):
        raise ActionError("expected an array of numbers; found other elements")
    return np.array(numbers, dtype=np.dtype(dtype)).reshape(shape)


def _named_tuple(cls: type[tuple[Any, ...]], parts: list[Any]) -> Any:
    fields = getattr(cls, "_fields", parts)
    if len(parts) != len(fields):
        raise ActionError(f"expected {len(fields)} parts of a {cls.__name__}; found {len(parts)}")
    return tuple.__new__(cls, parts)  # its own __new__ may do anything


def _base(cls: Any) -> Any:
    """The plain class that a class is built on; None where it is on none, or keeps its items elsewhere."""
    base: Any = next((base for base in _BASES if issubclass(cls, base)), None)
    return None if base is dict and cls.__setitem__ is not dict.__setitem__ else base


def _based(cls: type, content: Any, attributes: dict[Any, Any]) -> Any:
    """An instance of a class built on a plain one, made without running code of the class."""
    base = _base(cls)
    new: Any = base.__new__
    if base is None or type(content) is not base:
        raise ActionError(f"expected the content of a {cls.__name__}; found a {type(content).__name__}")
    if base in _FILLED:
        instance = new(cls)
        _FILLED[base](instance, content)
    else:
        instance = new(cls, content)
    return _with_attributes(instance, attributes)


def _instance(cls: type, attributes: dict[Any, Any]) -> Any:
    """An instance with these attributes, made without running code of the class."""
    if dataclasses.is_dataclass(cls):
        expected = {field.name for field in dataclasses.fields(cls)}
        if attributes.keys() != expected:
            raise ActionError(f"expected the fields {sorted(expected)} of a {cls.__name__}; found {list(attributes)}")
    return _with_attributes(object.__new__(cls), attributes)


def _with_attributes(instance: Any, attributes: dict[Any, Any]) -> Any:
    slots = _slots(type(instance))
    for name, value in attributes.items():
        if type(name) is not str or not name.isidentifier() or name.startswith("__"):
            raise ActionError(f"expected the name of an attribute; found {name!r}")
        if name in slots:
            object.__setattr__(instance, name, value)  # a dataclass may be frozen
        else:
            vars(instance)[name] = value
    return instance


def _slots(cls: type) -> set[str]:
    found: set[str] = set()
    for base in cls.__mro__:
        slots = vars(base).get("__slots__", ())
        found |= {slots} if isinstance(slots, str) else set(slots)
    return {name for name in found if not name.startswith("__")}


def _attributes(value: Any) -> Mapping[str, Any]:
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    slots = {name: getattr(value, name) for name in _slots(type(value)) if hasattr(value, name)}
    return {**getattr(value, "__dict__", {}), **slots}


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
        if (base := _base(kind)) in _FILLED and not isinstance(value, Enum):
            parts = [base(value), *parts]
    for part in parts:
        _collect(part, found, depth + 1)
