"""A view of a domain that shows its public members only."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from typing import Any, NoReturn

from skdecide import Domain

__all__ = ["public_proxy"]

_COPIED_FROM_METHOD = ("__name__", "__qualname__", "__doc__", "__annotations__")


def public_proxy(domain: Domain) -> Any:
    """A read-only view of a domain without its private members.

    The view passes ``isinstance`` for the domain's class and all its characteristics, its methods work on the
    domain behind it, and ``copy``/``deepcopy`` give a view of a copy of that domain. It keeps honest programs
    to the public API; it is no protection against a program that searches the interpreter (closures, frames,
    ``gc``), nor does it wrap the objects that methods return.

    Raises, when used:
        AttributeError: a private member is read, or any attribute is set or deleted.
        TypeError: the view is pickled.
    """

    class PublicProxy:
        # the domain lives in the closures below: the instance has no attribute that leads to it
        __slots__ = ()

        def __getattribute__(self, name: str) -> Any:
            if _is_dunder(name):
                return object.__getattribute__(self, name)
            if name.startswith("_"):
                raise AttributeError(f"Access to private member '{name}' is not allowed.")
            return show(getattr(domain, name))

        def __setattr__(self, name: str, value: Any) -> NoReturn:
            raise AttributeError(_read_only(name))

        def __delattr__(self, name: str) -> NoReturn:
            raise AttributeError(_read_only(name))

        def __dir__(self) -> list[str]:
            return [name for name in dir(domain) if not name.startswith("_")]

        def __repr__(self) -> str:
            return f"<public API of {type(domain).__qualname__}>"

        def __copy__(self) -> Any:
            return public_proxy(copy.copy(domain))

        def __deepcopy__(self, memo: dict[int, Any]) -> Any:
            return public_proxy(copy.deepcopy(domain, memo))

        def __reduce_ex__(self, protocol: Any) -> NoReturn:
            raise TypeError(
                f"The public API of {type(domain).__qualname__} cannot be pickled: "
                "expected the domain or its factory; pickle that and make a new view of it."
            )

        @property  # type: ignore[misc]
        def __class__(self) -> type:  # what isinstance() asks
            return type(domain)

    def show(value: Any) -> Any:
        if value is domain:
            return proxy
        return _wrap(value, show) if _leads_to_owner(value) else value

    proxy = PublicProxy()
    return proxy


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _read_only(name: str) -> str:
    return (
        f"Cannot change '{name}': the domain is read-only through its public API. "
        "Keep data of the planner on the planner itself."
    )


def _leads_to_owner(value: Any) -> bool:
    """Whether a callable gives away the object that it belongs to, as bound and decorated methods do."""
    if not callable(value) or isinstance(value, type):
        return False
    return (
        inspect.isroutine(value)
        or isinstance(value, functools.partial)
        or hasattr(value, "__wrapped__")
        or hasattr(value, "__self__")
    )


def _wrap(method: Callable[..., Any], show: Callable[[Any], Any]) -> Callable[..., Any]:
    """A plain function that calls a method; ``functools.wraps`` would leave the method in ``__wrapped__``."""

    def public_method(*args: Any, **kwargs: Any) -> Any:
        return show(method(*args, **kwargs))

    for name in _COPIED_FROM_METHOD:
        if hasattr(method, name):
            setattr(public_method, name, getattr(method, name))
    public_method.__signature__ = _signature(method)  # type: ignore[attr-defined]
    return public_method


def _signature(method: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(method)
    except ValueError:  # some builtins have none; None lets inspect look at the wrapper itself
        return None
