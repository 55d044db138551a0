"""What a failed program is told: which exception, where in its own text.

The texts reach prompts, files and terminals. They are short, they name no temporary path, and no character in them is
one that UTF-8 cannot hold, whatever a hostile exception does.
"""

from __future__ import annotations

import linecache
import re
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from traceback import FrameSummary
from typing import TypeAlias

from skdecide_elm.core import Evaluation
from skdecide_elm.programs.loader import PROGRAM_FILENAME

__all__ = ["PROGRAM_FILE", "failed_evaluation", "has_timed_out", "printable", "timeout_error", "traceback_from_dump"]

PROGRAM_FILE = "program.py"
"""What a program's text is called where it is given to a user's script as a file."""

_MAX_ERROR_CHARS = 500
_MAX_LINE_CHARS = 200
_MAX_FRAMES = 20
_TIMEOUT = "TimeoutError: the evaluation took longer than"
_Place: TypeAlias = tuple[str, int, str]
"""File, line, function."""

_HEADER = "Traceback (most recent call last):\n"

_PACKAGE = Path(__file__).parents[1]
_MACHINERY = tuple(str(_PACKAGE / part) for part in ("evaluation", "bridges.py", "programs"))
_DUMPED_FRAME = re.compile(r'  File "(.*)", line (\d+) in (.*)')


def timeout_error(seconds: float) -> str:
    """What a program is told that ran past the time limit."""
    return f"{_TIMEOUT} {seconds:g} s"


def has_timed_out(evaluation: Evaluation) -> bool:
    """Whether the program ran past the time limit: on a machine that is less busy it might not."""
    return evaluation.artifacts.get("error", "").startswith(_TIMEOUT)


def failed_evaluation(error: BaseException) -> Evaluation:
    """The evaluation of a program that raised something: artifacts ``error`` and ``traceback``."""
    message = _message(error)
    return Evaluation.invalid(message, traceback=_traceback(error, message))


def printable(text: str, max_chars: int) -> str:
    """The beginning of a text, without the characters (lone surrogates) that no encoding holds."""
    return str.__getitem__(text, slice(max_chars)).encode("utf-8", "backslashreplace").decode("utf-8")


def _message(error: BaseException) -> str:
    """``"NameError: name 'x' is not defined"``; the name alone where there is no text."""
    try:
        name = printable(type(error).__name__, _MAX_LINE_CHARS)
    except BaseException:  # noqa: BLE001 - a stranger's metaclass
        name = "an exception without a name"
    try:
        text = printable(str(error), _MAX_ERROR_CHARS)
    except BaseException:  # noqa: BLE001 - a stranger's __str__
        text = "(its message cannot be shown)"
    return f"{name}: {text}" if text else name


def _traceback(error: BaseException, message: str) -> str:
    try:
        return _text(_places(error), linecache.getline, message)
    except BaseException:  # noqa: BLE001 - a stranger's attributes, or the memory is at its end
        return message


def _places(error: BaseException) -> Iterator[_Place]:
    """Where the exception passed, as it was raised; of a syntax error also the line where the parser stopped."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        yield code.co_filename, trace.tb_lineno, code.co_name
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename is not None:
        yield error.filename, error.lineno or 0, "<module>"


def traceback_from_dump(dump: str, code: str, message: str) -> str:
    """The traceback of a program from what `faulthandler` wrote about it.

    Args:
        dump: all threads, most recent call first, without source lines; the program may have written to it.
        code: text of the program.
        message: last line of the traceback.

    Returns:
        the traceback, "" where the dump has no frame.
    """
    lines = dict(enumerate(code.splitlines(), start=1))

    def source(filename: str, number: int) -> str:
        return lines.get(number, "") if _is_program(filename) else ""

    places = [(file, int(number), name) for file, number, name in _DUMPED_FRAME.findall(_relevant_thread(dump))]
    return _text(reversed(places), source, message) if places else ""


def _relevant_thread(dump: str) -> str:
    """The thread that failed, or else the one that was started first: the main thread."""
    threads = re.split(r"^(?=(?:Current t|T)hread 0x)", dump, flags=re.MULTILINE)
    return next((thread for thread in threads if thread.startswith("Current")), threads[-1])


def _text(places: Iterable[_Place], source: Callable[[str, int], str], message: str) -> str:
    """A traceback of the program's own lines; where it has none, of all lines but those of this machinery."""
    own: deque[_Place] = deque(maxlen=_MAX_FRAMES)
    others: deque[_Place] = deque(maxlen=_MAX_FRAMES)
    for place in places:  # a million of them, if the recursion was deep
        if _is_program(place[0]):
            own.append(place)
        elif not _is_machinery(place[0]):
            others.append(place)
    frames = [_shown(place, source(*place[:2])) for place in own or others]
    return _HEADER + "".join(traceback.format_list(frames)) + message


def _shown(place: _Place, line: str) -> FrameSummary:
    filename, number, name = place
    shown = PROGRAM_FILENAME if _is_program(filename) else printable(filename, _MAX_LINE_CHARS)
    text = printable(line.strip(), _MAX_LINE_CHARS)
    return FrameSummary(shown, number, printable(name, _MAX_LINE_CHARS), lookup_line=False, line=text)


def _is_program(filename: str) -> bool:
    return filename == PROGRAM_FILENAME or Path(filename).name == PROGRAM_FILE


def _is_machinery(filename: str) -> bool:
    return filename.startswith((*_MACHINERY, "<frozen ")) or Path(filename).name == "runpy.py"
