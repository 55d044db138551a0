"""From the text of a program to its ``Planner`` class. This executes the program: only where it may be."""

from __future__ import annotations

import linecache
import sys
import types
from typing import Any

from skdecide_elm.errors import PlannerError

__all__ = ["PROGRAM_FILENAME", "load_planner_class"]

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
