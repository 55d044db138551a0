"""Source text that names existing objects: types in annotations, and calls that make a domain."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from skdecide_elm.domain_api.annotations import is_unspecified, short_name, type_text

__all__ = ["Imports", "call_source", "is_importable"]

_LONGEST_ARGUMENTS = 2000
"""Longer arguments are not written out: the program's text goes into every prompt."""


@dataclass
class Imports:
    """The import lines that a generated module needs; names that would clash are not imported.

    Attributes:
        taken: names that the module uses for something else.
    """

    taken: frozenset[str] = frozenset()
    objects: dict[str, Any] = field(default_factory=dict)

    def name(self, thing: Any) -> str:
        """The name by which the module calls a class or function, or ``Any`` where it cannot import it."""
        if getattr(builtins, short_name(thing), None) is thing:
            return short_name(thing)
        if is_unspecified(thing) or not self.add(thing):
            thing = Any
            self.add(Any)
        return short_name(thing)

    def add(self, thing: Any) -> bool:
        """Import a class or function under its own name; whether that was possible."""
        if thing is Any:
            self.objects["Any"] = Any
            return True
        if not is_importable(thing):
            return False
        top = thing.__qualname__.partition(".")[0]
        known = self.objects.setdefault(top, _top_level(thing)) if top not in self.taken else None
        return known is _top_level(thing)

    def annotation(self, type_: Any) -> str:
        """A type as an annotation of the module."""
        return type_text(type_, self.name)

    def lines(self) -> tuple[list[str], list[str]]:
        """Sorted ``from module import a, b`` lines: those of the standard library, and the others."""
        by_module: dict[str, list[str]] = {}
        for name, thing in self.objects.items():
            by_module.setdefault(_home(thing), []).append(name)
        lines: tuple[list[str], list[str]] = [], []
        for module in sorted(by_module):
            is_standard = module.partition(".")[0] in sys.stdlib_module_names
            lines[0 if is_standard else 1].append(f"from {module} import {', '.join(sorted(by_module[module]))}")
        return lines


def _top_level(thing: Any) -> Any:
    """The object of the module's top level in which a class or function is defined."""
    return getattr(importlib.import_module(thing.__module__), thing.__qualname__.partition(".")[0])


def is_importable(thing: Any) -> bool:
    """Whether another process can import a class or function by its module and qualified name."""
    module, qualname = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not module or not qualname or module == "__main__" or "<" in qualname:
        return False
    try:
        found = reduce(getattr, qualname.split("."), importlib.import_module(module))
    except (ImportError, AttributeError):
        return False
    return found is thing


def call_source(factory: Callable[..., Any], imports: Imports) -> tuple[str, str]:
    """The source of a call of a factory, as ``(source, "")``; else ``("", reason)``.

    A factory can be written when it is an importable class or function that needs no argument, or a
    ``functools.partial`` of one whose arguments are literals.
    """
    call = factory if isinstance(factory, functools.partial) else functools.partial(factory)
    function = call.func
    name = getattr(function, "__qualname__", repr(function))
    if not is_importable(function):
        return "", f"the domain factory {name} cannot be imported by name"
    if not _accepts(function, *call.args, **call.keywords):
        return "", f"{name} needs arguments that are not known here"
    arguments = _arguments_source(call.args, call.keywords)
    if arguments is None or len(arguments) > _LONGEST_ARGUMENTS:
        return "", f"the arguments of {name} cannot be written as short literals"
    if not imports.add(function):
        return "", f"the name {name} clashes with another name of this module"
    return f"{name}({arguments})", ""


def _arguments_source(args: Iterable[Any], kwargs: Mapping[str, Any]) -> str | None:
    """The source of the arguments of a call, or None where one of them is no literal."""
    positional = [_literal(value) for value in args]
    named = {name: _literal(value) for name, value in kwargs.items()}
    if None in positional or None in named.values():
        return None
    return ", ".join([*map(str, positional), *(f"{name}={text}" for name, text in named.items())])


def _home(thing: Any) -> str:
    return "typing" if thing is Any else str(thing.__module__)


def _accepts(function: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):  # ValueError: a builtin without a signature
        return False
    return True


def _literal(value: Any) -> str | None:
    """The source of a value, where reading it gives the same value and type back."""
    text = repr(value)
    try:
        read = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return text if type(read) is type(value) and repr(read) == text else None
