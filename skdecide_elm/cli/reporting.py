"""How commands answer: exit codes, results for people or machines, errors in one line."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import Annotated, Any

import typer

from skdecide_elm.errors import ElmError

__all__ = ["FAILED", "INTERRUPTED", "INVALID", "AsJson", "Overrides", "answer", "as_json_value", "reporting", "say"]

FAILED, INVALID, INTERRUPTED = 1, 3, 130
"""Exit codes beside 0 and that of wrong usage, 2."""

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON, also of errors.")]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Settings in place of the file's: database.num_islands=3"),
]


@contextmanager
def reporting(as_json: bool) -> Iterator[None]:
    """Turn what goes wrong within a command into a message and an exit code."""
    try:
        yield
    except ElmError as error:
        if as_json:
            answer({"error": str(error), "kind": type(error).__name__})
        say(f"skdecide-elm: {error}")
        raise typer.Exit(FAILED) from error
    except KeyboardInterrupt as error:
        say("skdecide-elm: stopped")
        raise typer.Exit(INTERRUPTED) from error


def say(text: str) -> None:
    """Tell a person something beside the result."""
    print(text, file=sys.stderr, flush=True)


def answer(record: Mapping[str, Any]) -> None:
    """Write a result for a machine: one JSON object, in which infinities and NaN are null."""
    print(json.dumps(as_json_value(record), allow_nan=False, indent=1), flush=True)


def as_json_value(value: Any) -> Any:
    """A value as JSON can hold it."""
    if is_dataclass(value) and not isinstance(value, type):
        return as_json_value(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): as_json_value(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [as_json_value(own) for own in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int | str | None) else str(value)
