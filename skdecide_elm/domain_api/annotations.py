"""Type annotations of domains: resolved for a domain, written for a reader, searched for classes."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from itertools import islice
from types import NoneType, SimpleNamespace
from typing import Any

import numpy as np
from skdecide import Domain, StrDict

__all__ = [
    "class_fields",
    "class_kind",
    "classes_in",
    "describe_type",
    "is_unspecified",
    "plain_repr",
    "resolve",
    "runtime_type",
    "short_name",
    "type_text",
]

_SAMPLED_ELEMENTS = 20
_MAX_RUNTIME_DEPTH = 3
_MAX_DESCRIBED = 20
_LONGEST_REPR = 60


def resolve(annotation: Any, module: Mapping[str, Any], domain_cls: type[Domain]) -> Any:
    """What an annotation means for a domain.

    In a domain class ``T_agent``, ``T_memory`` and ``T_concurrency`` are ``typing.Union`` when it is single
    agent, Markovian or sequential, and ``T_state``, ... are its types; so putting the class in the place of
    scikit-decide's ``D`` turns ``D.T_agent[D.T_memory[D.T_state]]`` into the very type.

    Args:
        annotation: a type or its text.
        module: the global names of the module in which the annotation stands.
        domain_cls: the class that ``D`` stands for.

    Returns:
        The type, or the annotation itself where it cannot be evaluated.
    """
    if not isinstance(annotation, str):
        return annotation
    names_domain = hasattr(module.get("D", domain_cls), "T_agent")
    try:
        return typing.get_type_hints(
            SimpleNamespace(__annotations__={"it": annotation}),
            globalns=dict(module),
            localns={"D": domain_cls} if names_domain else None,
        )["it"]
    except (NameError, TypeError, AttributeError, SyntaxError):
        return annotation


def is_unspecified(type_: Any) -> bool:
    """Whether a domain type is ``Any``, or the placeholder inherited from ``skdecide.Domain``."""
    if type_ is Any:
        return True
    return isinstance(type_, typing.NewType) and type_.__module__ == Domain.__module__


def short_name(type_: Any) -> str:
    """The name of a class, function or type variable inside its module."""
    name: str = getattr(type_, "__qualname__", None) or getattr(type_, "__name__", None) or repr(type_)
    return name.rpartition("<locals>.")[2]


def type_text(type_: Any, name: Callable[[Any], str] = short_name) -> str:
    """A type as a short text, such as ``dict[str, State] | None``.

    Args:
        type_: a class, a ``typing`` construct or a text.
        name: how classes are called.
    """
    if type_ is None or type_ is NoneType:
        return "None"
    if type_ is Ellipsis:
        return "..."
    if isinstance(type_, str):
        return type_
    if isinstance(type_, typing.ForwardRef):
        return type_.__forward_arg__
    if isinstance(type_, list):
        return f"[{_joined(type_, name)}]"
    origin = typing.get_origin(type_)
    return name(type_) if origin is None else _generic_text(origin, typing.get_args(type_), name)


def _generic_text(origin: Any, args: tuple[Any, ...], name: Callable[[Any], str]) -> str:
    if origin in (typing.Union, types.UnionType):
        return " | ".join(dict.fromkeys(type_text(arg, name) for arg in args))
    if origin is typing.Annotated:
        return type_text(args[0], name)
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, args))}]"
    if origin is np.ndarray:  # its arguments (shape, dtype) say little and read badly
        return name(np.ndarray)
    if origin is StrDict:
        return f"dict[str, {_joined(args, name)}]"
    return f"{name(origin)}[{_joined(args, name)}]" if args else name(origin)


def _joined(types_: Iterable[Any], name: Callable[[Any], str]) -> str:
    return ", ".join(type_text(type_, name) for type_ in types_)


def classes_in(type_: Any) -> Iterator[type]:
    """The classes that appear in a type, outermost first."""
    if isinstance(type_, list):
        for part in type_:
            yield from classes_in(part)
    origin = typing.get_origin(type_)
    if origin is None:
        if isinstance(type_, type):
            yield type_
        return
    if isinstance(origin, type):
        yield origin
    for part in typing.get_args(type_):
        yield from classes_in(part)


def runtime_type(value: Any, depth: int = _MAX_RUNTIME_DEPTH) -> Any:
    """The type of a value; for a container also that of its first elements: ``dict[int, list[str]]``."""
    cls = type(value)
    if depth == 0 or not _is_plain_container(value) or not value:
        return cls
    if cls is dict:
        return types.GenericAlias(dict, (_common(value, depth), _common(value.values(), depth)))
    if cls is tuple:
        return types.GenericAlias(tuple, (_common(value, depth), ...))
    return types.GenericAlias(cls, (_common(value, depth),))


def _is_plain_container(value: Any) -> bool:
    """Whether a value is exactly a list, tuple, set, frozenset or dict."""
    return type(value) in (list, tuple, set, frozenset, dict)


def _common(values: Iterable[Any], depth: int) -> Any:
    """The one type of the first elements, or ``Any`` where they differ; empty containers do not count."""
    first = [runtime_type(value, depth - 1) for value in islice(values, _SAMPLED_ELEMENTS)]
    filled = {typing.get_origin(type_) for type_ in first}
    telling = [type_ for type_ in first if type_ not in filled]
    return telling[0] if all(type_ == telling[0] for type_ in telling) else Any


def class_kind(cls: type) -> str:
    """``enum``, ``named tuple``, ``dataclass`` or ``class``."""
    if issubclass(cls, Enum):
        return "enum"
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return "named tuple"
    return "dataclass" if dataclasses.is_dataclass(cls) else "class"


def class_fields(cls: type) -> dict[str, Any]:
    """The public fields of a named tuple or dataclass with their annotations, in order; else none."""
    kind = class_kind(cls)
    if kind == "named tuple":
        annotations = getattr(cls, "__annotations__", {})
        return {name: annotations.get(name, Any) for name in cls._fields}  # type: ignore[attr-defined]
    if kind == "dataclass":
        fields = dataclasses.fields(cls)
        return {field.name: field.type for field in fields if not field.name.startswith("_")}
    return {}


def describe_type(type_: Any) -> str:
    """A type and what it consists of, such as ``State, a named tuple (x: int, y: int)``."""
    if is_unspecified(type_):
        return "any object (the domain does not say)"
    text = type_text(type_)
    # in Python 3.10 list[int] passes for a class
    if not isinstance(type_, type) or typing.get_origin(type_) is not None:
        return text
    if issubclass(type_, Enum):
        names = [member.name for member in type_]
        more = [] if len(names) <= _MAX_DESCRIBED else [f"{len(names) - _MAX_DESCRIBED} more"]
        return f"{text}, an enum ({', '.join(names[:_MAX_DESCRIBED] + more)})"
    fields = ", ".join(f"{name}: {type_text(field)}" for name, field in class_fields(type_).items())
    return f"{text}, a {class_kind(type_)} ({fields})" if fields else text


def plain_repr(value: Any) -> str:
    """A repr that is short and the same in every run, or ``...``."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    text = short_name(value) if isinstance(value, type) else repr(value)
    return "..." if len(text) > _LONGEST_REPR or " at 0x" in text else text
