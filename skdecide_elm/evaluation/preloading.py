"""What a program imports, imported for it beforehand: where files are closed to it, it could not."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable

from skdecide_elm.programs.loader import imported_modules

__all__ = ["import_for_program", "import_modules"]


def import_modules(names: Iterable[str]) -> None:
    """Import modules; one that is not there is for whoever needs it to complain about."""
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def import_for_program(code: str) -> None:
    """Import what a program's text imports anywhere. To be called where its process is confined already.

    The program chooses among what is installed, so a module may raise anything; if so, it does so again, for the
    program.
    """
    for name in imported_modules(code):
        with contextlib.suppress(Exception):
            importlib.import_module(name)
