"""The folders in which modules are found that a file names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["add_to_path"]


def add_to_path(folders: Iterable[Path]) -> None:
    """Let this process, and evaluations, import from folders.

    They precede all others, and stand in PYTHONPATH, whose modules the isolation lets programs import.
    """
    names = [os.fspath(folder.resolve()) for folder in folders]
    sys.path[:0] = [name for name in names if name not in sys.path]
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(filter(None, [*names, *inherited])))
