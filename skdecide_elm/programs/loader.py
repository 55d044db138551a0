"""From the text of a program to its ``Planner`` class. This executes the program: only where it may be."""

from __future__ import annotations

import ast
import linecache
import sys
import types
from typing import Any

from skdecide_elm.errors import PlannerError

__all__ = ["PROGRAM_FILENAME", "imported_modules", "load_planner_class"]

PROGRAM_FILENAME = "<program>"
"""What tracebacks call the evolved program."""

_MODULE_NAME = "evolved_program"


def load_planner_class(code: str) -> type[Any]:
    """Execute ``code`` as a module of its own and return its ``Planner``.

    The text is registered with `linecache`, so tracebacks and `inspect.getsource` show the program's lines, and the
    module is put in `sys.modules`, so dataclasses and pickle find the classes it defines.

    Raises:
        PlannerError: the program runs but defines no class ``Planner`` with a ``sample_action`` method.
        BaseException: whatever the program raises while it is executed.
    """
    linecache.cache[PROGRAM_FILENAME] = (len(code), None, code.splitlines(keepends=True), PROGRAM_FILENAME)
    module = types.ModuleType(_MODULE_NAME)
    module.__file__ = PROGRAM_FILENAME
    sys.modules[_MODULE_NAME] = module
    exec(compile(code, PROGRAM_FILENAME, "exec", dont_inherit=True), module.__dict__)
    planner = getattr(module, "Planner", None)
    if not isinstance(planner, type) or not callable(getattr(planner, "sample_action", None)):
        found = "nothing of that name" if planner is None else f"{planner!r}"
        raise PlannerError(
            f"expected the program to define a class Planner with a method sample_action; found {found}; "
            "keep `class Planner` and its `sample_action` inside the evolve block"
        )
    return planner


def imported_modules(code: str) -> tuple[str, ...]:
    """The modules that a program imports anywhere in its text, in order of appearance; none if it does not parse."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return ()
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found[node.module] = None
    return tuple(name for name in found if name != "__future__")
