"""Programs for the script of a page: in plain data, and in bounded room."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from skdecide_elm.report.formatting import number
from skdecide_elm.report.model import RunView, ShownProgram

__all__ = ["embedded"]

_LONGEST_ARTIFACT = 2000
_ROOM = 7_000_000
"""Bytes for texts; the page of some thousand programs then stays below 10 MB."""


class _Lines:
    """The different lines of many programs; a program is then a list of their numbers.

    Attributes:
        size: bytes that they need.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.size = 0

    def add(self, code: str) -> list[int]:
        """The numbers of a program's lines."""
        return [self._number(line) for line in code.split("\n")]

    def to_json(self) -> list[str]:
        """The lines by number."""
        return list(self._numbers)

    def _number(self, line: str) -> int:
        if line not in self._numbers:
            self._numbers[line] = len(self._numbers)
            self.size += _size(line)
        return self._numbers[line]


def embedded(view: RunView, first: str | None, others: Iterable[str]) -> dict[str, Any]:
    """All programs by id, as JSON can hold them, and the program to begin with.

    Where there are too many, the texts of those that come last are left out: after the first program and the others,
    the elites, then by score.

    Args:
        first: the program to begin with; None: there is none.
        others: further programs whose texts matter.
    """
    lines, artifacts_size = _Lines(), 0
    programs = {}
    for shown in _ordered(view, [*([] if first is None else [first]), *others]):
        is_kept = lines.size + artifacts_size < _ROOM
        artifacts = _artifacts(shown) if is_kept else {}
        artifacts_size += sum(map(_size, artifacts.values()))
        programs[shown.id] = _record(shown, artifacts, lines.add(shown.program.code) if is_kept else None)
    return {"first": first, "programs": programs, "lines": lines.to_json()}


def _size(text: str) -> int:
    """Bytes of a text in a page: characters that mean something there are escaped."""
    return len(json.dumps(text)) + sum(map(text.count, "<>&'")) * len("u003c")


def _ordered(view: RunView, first: Iterable[str]) -> Iterable[ShownProgram]:
    elites = (program_id for drawn in view.maps for spot in drawn.spots for program_id in spot.programs)
    ranked = sorted(view.programs.values(), key=lambda shown: -shown.score)
    ids = dict.fromkeys([*first, *elites, *(shown.id for shown in ranked)])
    return [view.programs[program_id] for program_id in ids]


def _record(shown: ShownProgram, artifacts: Mapping[str, str], lines: list[int] | None) -> dict[str, Any]:
    program = shown.program
    return {
        "label": shown.label,
        "step": shown.step,
        "score": number(shown.score) if math.isfinite(shown.score) else "invalid",
        "operator": program.operator,
        "parents": list(program.parents),
        "metrics": {name: number(float(value)) for name, value in program.evaluation.metrics.items()},
        "artifacts": artifacts,
        "lines": lines,
    }


def _artifacts(shown: ShownProgram) -> dict[str, str]:
    return {name: str(text)[:_LONGEST_ARTIFACT] for name, text in shown.program.evaluation.artifacts.items()}
