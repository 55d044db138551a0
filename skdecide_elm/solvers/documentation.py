"""Docstrings of constructors that are inherited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["documented_by"]

_Class = TypeVar("_Class", bound=type)
_ARGS = "    Args:\n"


def documented_by(parent: type) -> Callable[[_Class], _Class]:
    """A class decorator: the parameters that a parent documents follow on those of the class's own docstring."""

    def documented(cls: _Class) -> _Class:
        own, inherited = (cls.__doc__ or "").rstrip(), (parent.__doc__ or "").partition(_ARGS)[2]
        cls.__doc__ = f"{own}\n{inherited}" if _ARGS in own else f"{own}\n\n{_ARGS}{inherited}"
        return cls

    return documented
