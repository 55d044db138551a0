"""Where the package's log goes during a command. The root logger, and its handlers, are left alone."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm.auto import tqdm

__all__ = ["logged"]

_OURS, _ENGINE = "skdecide_elm", "openevolve"
_PROPOSALS = "skdecide_elm.backends.openevolve.config"


class _Lines(logging.Handler):
    """Lines on the standard error stream, above a progress bar that may be there."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


@contextmanager
def logged(path: Path | None = None, level: int = logging.WARNING, is_search: bool = True) -> Iterator[None]:
    """Write the log to a file, and what matters of it to the standard error stream.

    Args:
        path: of the file, to which is appended; None: none.
        level: what matters.
        is_search: whether programs are proposed; else nothing is said of where they would come from.
    """
    lines = _Lines(level)
    lines.addFilter(lambda record: is_search or record.name != _PROPOSALS)
    handlers: list[tuple[str, logging.Handler]] = [(_OURS, lines)]
    if path is None:
        handlers.append((_ENGINE, logging.NullHandler()))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = logging.FileHandler(path, encoding="utf-8")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handlers += [(_OURS, file), (_ENGINE, file)]
    loggers = {name: logging.getLogger(name) for name in (_OURS, _ENGINE)}
    before = {name: (logger.level, logger.propagate) for name, logger in loggers.items()}
    for name, handler in handlers:
        loggers[name].addHandler(handler)
    for name, level in ((_OURS, logging.INFO), (_ENGINE, logging.WARNING)):
        loggers[name].setLevel(level)
        loggers[name].propagate = False
    try:
        yield
    finally:
        for name, handler in handlers:
            loggers[name].removeHandler(handler)
            handler.close()
        for name, (level, propagates) in before.items():
            loggers[name].setLevel(level)
            loggers[name].propagate = propagates
