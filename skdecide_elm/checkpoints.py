"""Directories that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from skdecide_elm.errors import CheckpointError

__all__ = ["find_directory", "write_directory"]


def write_directory(path: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write into a new directory and put that in the place of ``path``.

    A process that is killed meanwhile, at whatever instant, leaves the previous directory or the new one for
    `find_directory`, each whole: the new one is flushed to disk before the previous one is moved aside, and that one is
    deleted only when the new one has its name.

    Raises:
        CheckpointError: ``path`` is a file.
    """
    path = path.resolve()  # "." has no name to put a new directory under
    if path.exists() and not path.is_dir():
        raise CheckpointError(f"expected {path} to be a directory or not to exist; it is a file: name another path")
    path.parent.mkdir(parents=True, exist_ok=True)
    find_directory(path)  # finishes what a killed save has begun
    for abandoned in path.parent.glob(f".{path.name}.new-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{path.name}.new-", dir=path.parent))
    try:
        fill(staged)
        _flush(staged)
        staged.chmod(0o755)
        if path.exists():
            path.rename(_previous(path))
        staged.rename(path)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        find_directory(path)
        raise
    shutil.rmtree(_previous(path), ignore_errors=True)


def find_directory(path: Path) -> Path:
    """The directory ``path``, or the one that a killed `write_directory` had moved aside, moved back."""
    path = path.resolve()
    previous = _previous(path)
    if previous.is_dir():
        if path.exists():
            shutil.rmtree(previous, ignore_errors=True)
        else:
            previous.rename(path)
    return path


def _previous(path: Path) -> Path:
    return path.with_name(f".{path.name}.previous")


def _flush(folder: Path) -> None:
    for file in (f for f in folder.rglob("*") if f.is_file()):
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
