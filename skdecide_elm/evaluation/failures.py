"""Short texts about what went wrong in a stranger's code; they reach prompts and files."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

from skdecide_elm.programs.loader import PROGRAM_FILENAME

__all__ = ["describe_exception"]

_MAX_ERROR_CHARS = 500
_MAX_TRACEBACK_CHARS = 4000


def describe_exception(error: BaseException) -> tuple[str, str]:
    """``"NameError: …"`` and a traceback cut to the program's own lines, both short, whatever the exception does.

    The text reaches a prompt and a file: it is cut, and characters that no encoding holds are replaced.
    """
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - its __str__ is a stranger's code too
        text = "(its message cannot be shown)"
    message = f"{name}: {text[:_MAX_ERROR_CHARS]}" if text else name
    frames = traceback.extract_tb(_program_frames(error.__traceback__))
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
    trace = "".join(lines)[-_MAX_TRACEBACK_CHARS:] + message
    return _printable(message), _printable(trace)


def _program_frames(trace: TracebackType | None) -> TracebackType | None:
    """Skip the frames of the evaluation itself, down to the program's first line (all, if it has none)."""
    current = trace
    while current is not None and not _is_program(current.tb_frame.f_code.co_filename):
        current = current.tb_next
    return current or trace


def _is_program(filename: str) -> bool:
    return filename == PROGRAM_FILENAME or Path(filename).name == "program.py"


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
