"""What a program leaves behind: how its process ended, and files that it may have tampered with."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

from skdecide_elm.evaluation.failure import printable

__all__ = ["file_head", "how_it_ended"]

_MAX_OUTPUT_CHARS = 2000


def how_it_ended(exit_code: int) -> str:
    """In words, how a process ended by itself (negative: the signal that ended it)."""
    return f"exit code {exit_code}" if exit_code >= 0 else _signal_name(-exit_code)


def _signal_name(number: int) -> str:
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return f"killed by signal {number}"


def file_head(path: Path) -> str:
    """The beginning of a file that a program may have replaced by something that must not be opened, or waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return ""
            raw = stream.read(4 * _MAX_OUTPUT_CHARS)
    except OSError:  # never written, or removed by the program
        return ""
    return printable(raw.decode("utf-8", "replace"), _MAX_OUTPUT_CHARS)
