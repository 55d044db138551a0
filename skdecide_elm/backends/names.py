"""Objects by name: ``module:object``."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator

__all__ = ["Named", "import_object"]

_HOW = "write module:object, such as 'skdecide.hub.domain.maze:Maze'"


def import_object(name: Any) -> Any:
    """The class or function that ``module:object`` names; ``module:Class.method`` is one, too.

    Raises:
        ValueError: there is none of that name; the message is a clause that follows "expected … found".
    """
    if not isinstance(name, str):
        raise ValueError(_HOW)
    module_name, colon, path = name.partition(":")
    if not (module_name and colon and path):
        raise ValueError(_HOW)
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        raise ValueError(
            f"the module {module_name!r} cannot be imported ({error}); install it, or name its folder in domain.path"
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, dir(found), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{module_name} has no {path!r}{hint}")
        found = getattr(found, part)
    if not callable(found):
        raise ValueError(f"{name!r} is no class and no function, but of type {type(found).__name__}")
    return found


def _found(part: Any) -> Any:
    return part if callable(part) else import_object(part)


Named = Annotated[Callable[..., Any], BeforeValidator(_found)]
"""A class or function, in a file by its name ``module:object``."""
