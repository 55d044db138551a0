"""The public members of a class: attributes and methods with their types, signatures and docstrings."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from skdecide import Domain

from skdecide_elm.domain_api.annotations import (
    class_fields,
    class_kind,
    classes_in,
    plain_repr,
    resolve,
    runtime_type,
    short_name,
    type_text,
)
from skdecide_elm.domain_api.api import AttributeApi, ClassApi, MethodApi

__all__ = ["MemberReader"]

_FOREIGN = frozenset({"numpy", *sys.stdlib_module_names})
"""Packages whose members are not worth repeating to a reader who knows Python."""


class _Verbatim(str):
    """A text that ``inspect.Signature`` writes as it is."""

    def __repr__(self) -> str:
        return str(self)


@dataclass
class MemberReader:
    """Reads public members and remembers every class that it meets in their types.

    Attributes:
        domain_cls: the class that ``D`` stands for in annotations.
        simplify: write resolved types rather than the annotations as they stand.
        clean: what is done to docstrings.
        met: the classes found so far, in order, without repetition.
    """

    domain_cls: type[Domain]
    simplify: bool
    clean: Callable[[str], str]
    met: dict[type, None] = field(default_factory=dict)

    def class_api(self, cls: type) -> ClassApi:
        """The public API of a class."""
        kind = class_kind(cls)
        return ClassApi(
            name=short_name(cls),
            module=cls.__module__,
            kind=kind,
            doc=self.own_doc(cls),
            signature=self._constructor(cls) if kind == "class" else "",
            fields=self._fields(cls),
            attributes=self.attributes(cls, MappingProxyType({})),
            methods=self.methods(cls),
        )

    def methods(self, cls: type) -> tuple[MethodApi, ...]:
        """The public methods of a class, by name."""
        members = sorted(_public_members(cls).items())
        return tuple(self._method(getattr(cls, name), name, raw) for name, raw in members if _is_method(raw))

    def attributes(self, cls: type, instance: Mapping[str, Any]) -> tuple[AttributeApi, ...]:
        """The public attributes of a class and of the dict of an instance, by name."""
        found = {name: self._attribute(name, value) for name, value in self._class_attributes(cls)}
        methods = {name for name, raw in _public_members(cls).items() if _is_method(raw)}
        for name, value in instance.items():
            if not name.startswith("_") and name not in methods and name not in found:
                found[name] = self._attribute(name, runtime_type(value))
        return tuple(found[name] for name in sorted(found))

    def own_doc(self, cls: type) -> str:
        """The docstring of a class: neither inherited nor made up by ``dataclass`` or ``NamedTuple``."""
        doc = cls.__dict__.get("__doc__") or ""
        generated = doc.startswith(f"{cls.__name__}(") or doc == Enum.__doc__
        return "" if generated else self.clean(inspect.cleandoc(doc))

    def text(self, annotation: Any, module: Mapping[str, Any]) -> str:
        """The text of an annotation; its classes are remembered."""
        resolved = resolve(annotation, module, self.domain_cls)
        self.met.update(dict.fromkeys(classes_in(resolved)))
        return type_text(resolved if self.simplify else annotation)

    def _method(self, method: Callable[..., Any], name: str, raw: Any) -> MethodApi:
        takes_self = not isinstance(raw, (staticmethod, classmethod))
        doc = self.clean(inspect.getdoc(method) or "")
        return MethodApi(name, self._signature(method, skip_self=takes_self), doc)

    def _attribute(self, name: str, value: Any) -> AttributeApi:
        if isinstance(value, AttributeApi):
            return value
        return AttributeApi(name, self.text(value, {}))

    def _class_attributes(self, cls: type) -> Iterator[tuple[str, Any]]:
        """Annotated attributes, properties and plain values of a class; a nested class is only remembered."""
        shown_elsewhere = set(class_fields(cls)) | _enum_members(cls)
        for name, (annotation, module) in _public_annotations(cls).items():
            if name not in shown_elsewhere:
                yield name, AttributeApi(name, self.text(annotation, module))
        for name, raw in _public_members(cls).items():
            if name in shown_elsewhere or name in _public_annotations(cls) or _is_method(raw):
                continue
            if isinstance(raw, type):
                self.met[raw] = None
            elif isinstance(raw, (property, functools.cached_property)):
                yield name, self._property(name, raw)
            else:
                yield name, runtime_type(raw)

    def _property(self, name: str, raw: property | functools.cached_property[Any]) -> AttributeApi:
        getter = raw.fget if isinstance(raw, property) else raw.func
        annotation = getattr(getter, "__annotations__", {}).get("return", Any)
        doc = self.clean(inspect.getdoc(raw) or "")
        return AttributeApi(name, self.text(annotation, _module_of(getter)), doc)

    def _fields(self, cls: type) -> tuple[AttributeApi, ...]:
        if issubclass(cls, Enum):
            return tuple(AttributeApi(member.name, plain_repr(member.value)) for member in cls)
        module = vars(sys.modules.get(cls.__module__, sys))
        return tuple(
            AttributeApi(name, self.text(_forward_text(annotation), module))
            for name, annotation in class_fields(cls).items()
        )

    def _constructor(self, cls: type) -> str:
        if cls.__init__ is object.__init__:  # type: ignore[misc]
            return "()"
        return self._signature(cls.__init__, skip_self=True).removesuffix(" -> None")  # type: ignore[misc]

    def _signature(self, function: Callable[..., Any], *, skip_self: bool) -> str:
        try:
            signature = inspect.signature(function)
        except (ValueError, TypeError):  # builtins and odd callables have none
            return "(...)"
        module = _module_of(function)
        parameters = list(signature.parameters.values())[1 if skip_self else 0 :]
        shown = [self._parameter(parameter, module) for parameter in parameters]
        result = signature.return_annotation
        if result is not inspect.Signature.empty:
            result = _Verbatim(self.text(result, module))
        return str(inspect.Signature(shown, return_annotation=result, __validate_parameters__=False))

    def _parameter(self, parameter: inspect.Parameter, module: Mapping[str, Any]) -> inspect.Parameter:
        if parameter.annotation is not inspect.Parameter.empty:
            parameter = parameter.replace(annotation=_Verbatim(self.text(parameter.annotation, module)))
        if parameter.default is not inspect.Parameter.empty:
            parameter = parameter.replace(default=_Verbatim(plain_repr(parameter.default)))
        return parameter


def _own_bases(cls: type) -> list[type]:
    return [base for base in cls.__mro__ if base.__module__.partition(".")[0] not in _FOREIGN]


def _is_public(name: str) -> bool:
    # T_state, T_agent, ... are the types of a domain, listed apart
    return not name.startswith("_") and not name.startswith("T_")


def _public_members(cls: type) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for base in _own_bases(cls):
        for name, raw in vars(base).items():
            if _is_public(name):
                members.setdefault(name, raw)
    return members


def _public_annotations(cls: type) -> dict[str, tuple[Any, Mapping[str, Any]]]:
    """Annotations of class attributes, each with the names of the module in which it stands."""
    found: dict[str, tuple[Any, Mapping[str, Any]]] = {}
    for base in _own_bases(cls):
        for name, annotation in inspect.get_annotations(base).items():
            if _is_public(name):
                found.setdefault(name, (annotation, vars(sys.modules.get(base.__module__, sys))))
    return found


def _enum_members(cls: type) -> set[str]:
    return set(cls.__members__) if issubclass(cls, Enum) else set()


def _is_method(raw: Any) -> bool:
    return inspect.isroutine(raw) or hasattr(raw, "__wrapped__")


def _module_of(function: Any) -> Mapping[str, Any]:
    globals_: Mapping[str, Any] = getattr(inspect.unwrap(function), "__globals__", {})
    return globals_


def _forward_text(annotation: Any) -> Any:
    """NamedTuple turns the text of an annotation into a ForwardRef."""
    return getattr(annotation, "__forward_arg__", annotation)
