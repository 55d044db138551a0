"""Checkpoints of a search: a directory that a person can read, and from which nothing is ever executed.

skdecide_elm.json   version, what the search is about, its state, where programs are named by keys
programs.jsonl      the programs, one per line: key, metrics, lineage, text
arrays.npz          measures, boundaries, centroids
best_program.py     the best program
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skdecide_elm.checkpoints import find_directory, write_directory
from skdecide_elm.core import Program
from skdecide_elm.errors import CheckpointError
from skdecide_elm.search.snapshot import Snapshot, program_from_json, program_key, program_to_json

__all__ = ["FORMAT_VERSION", "Checkpoint", "damaged", "load_checkpoint", "save_checkpoint"]

FORMAT_VERSION = 1
_STATE, _PROGRAMS, _ARRAYS, _BEST = "skdecide_elm.json", "programs.jsonl", "arrays.npz", "best_program.py"
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile, EOFError)


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    Attributes:
        snapshot: the state of the search.
        extra: what else its owner wants to keep, as JSON can hold it.
    """

    snapshot: Snapshot
    extra: Mapping[str, Any]


def save_checkpoint(path: Path, checkpoint: Checkpoint, identity: Mapping[str, str], best: Program | None) -> None:
    """Write a checkpoint to the directory ``path``, all of it or nothing.

    Args:
        identity: what the search is about (solver, domain, behaviour); `load_checkpoint` compares it.
        best: the best program, for the reader.
    """

    def fill(folder: Path) -> None:
        snapshot = checkpoint.snapshot
        with (folder / _PROGRAMS).open("w", encoding="utf-8") as lines:
            for program in snapshot.programs.values():
                lines.write(json.dumps(program_to_json(program), allow_nan=False) + "\n")
        with (folder / _ARRAYS).open("wb") as stream:
            np.savez_compressed(stream, **snapshot.arrays)  # type: ignore[arg-type]
        if best is not None:
            (folder / _BEST).write_text(best.code, encoding="utf-8")
        state = {
            "format_version": FORMAT_VERSION,
            "identity": dict(identity),
            "best_score": None if best is None else best.evaluation.combined_score,
            "search": snapshot.state,
            "extra": dict(checkpoint.extra),
        }
        (folder / _STATE).write_text(json.dumps(state, allow_nan=False, indent=1), encoding="utf-8")

    write_directory(path, fill)


def load_checkpoint(path: Path, identity: Mapping[str, str]) -> Checkpoint:
    """Read what `save_checkpoint` wrote.

    Raises:
        CheckpointError: there is none, it is damaged, of a newer format, or of a search for something else.
    """
    folder = find_directory(path)
    if not (folder / _STATE).is_file():
        raise CheckpointError(
            f"expected a checkpoint of skdecide_elm at {path}; found no {_STATE} there; "
            "give the directory that save() wrote, or one below checkpoints/ of a run's output_dir"
        )
    try:
        state = dict(json.loads((folder / _STATE).read_text(encoding="utf-8")))
        version, found = state["format_version"], dict(state["identity"])
    except _DAMAGE as error:
        raise damaged(path, error) from error
    _check(path, version, found, identity)
    try:
        return Checkpoint(Snapshot(state["search"], _programs(folder), _arrays(folder)), dict(state["extra"]))
    except _DAMAGE as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> CheckpointError:
    """What to say of a checkpoint that cannot be read."""
    return CheckpointError(
        f"expected a whole checkpoint at {path}; it is damaged ({type(error).__name__}: {error}); load another one"
    )


def _programs(folder: Path) -> dict[str, Program]:
    with (folder / _PROGRAMS).open(encoding="utf-8") as lines:
        programs = [program_from_json(json.loads(line)) for line in lines]
    return {program_key(program): program for program in programs}


def _arrays(folder: Path) -> dict[str, Any]:
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        return {name: np.asarray(arrays[name], dtype=np.float64) for name in arrays.files}


def _check(path: Path, version: Any, found: Mapping[str, str], identity: Mapping[str, str]) -> None:
    for what, expected in identity.items():
        if found.get(what) != expected:
            raise CheckpointError(
                f"expected a checkpoint whose {what} is {expected} at {path}; found {found.get(what)}; "
                "load it into a solver for what it was saved from"
            )
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"expected a checkpoint of format {FORMAT_VERSION} at {path}; found format {version}; "
            "load it with the version of skdecide_elm that wrote it"
        )
