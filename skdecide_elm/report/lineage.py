"""Where a program comes from, step by step."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from skdecide_elm.report.model import RunView, ShownProgram

__all__ = ["Lineage", "LineageStep", "final_program", "lineage_of"]


@dataclass(frozen=True)
class LineageStep:
    """One ancestor, or the program itself.

    Attributes:
        shown: the program.
        others: its further parents.
        diff: what distinguishes its text from that of its first parent: lines of a unified diff.
    """

    shown: ShownProgram
    others: tuple[ShownProgram, ...]
    diff: tuple[str, ...]


@dataclass(frozen=True)
class Lineage:
    """First parents of a program.

    Attributes:
        steps: the oldest ancestor that is known first.
        lost: the id of its parent, if that is not known; None where the line begins with an initial program.
    """

    steps: tuple[LineageStep, ...]
    lost: str | None


def final_program(view: RunView, code: str | None) -> ShownProgram | None:
    """The program with that text, rather the search's best than another; None if it is not known.

    Args:
        code: None for the search's best program.
    """
    best = None if view.best is None else view.programs[view.best]
    if code is None or (best is not None and best.program.code == code):
        return best
    return next((shown for shown in view.programs.values() if shown.program.code == code), None)


def lineage_of(view: RunView, shown: ShownProgram) -> Lineage:
    """The first parents of a program as far as they are known, without copies between islands."""
    line = [shown]
    seen = {shown.id}
    while (parent := _first_parent(line[-1], view.programs)) is not None and parent.id not in seen:
        seen.add(parent.id)
        line.append(parent)
    oldest = line[-1].program
    lost = oldest.parents[0] if oldest.parents and oldest.parents[0] not in seen else None
    line = [own for own in reversed(line) if not own.is_copy or own is line[-1]]
    texts = ["", *(own.program.code for own in line)]
    return Lineage(
        tuple(
            LineageStep(own, _others(own, view.programs), _diff(before, own.program.code) if before else ())
            for own, before in zip(line, texts, strict=False)
        ),
        lost,
    )


def _first_parent(shown: ShownProgram, programs: Mapping[str, ShownProgram]) -> ShownProgram | None:
    return programs.get(shown.program.parents[0]) if shown.program.parents else None


def _others(shown: ShownProgram, programs: Mapping[str, ShownProgram]) -> tuple[ShownProgram, ...]:
    return tuple(programs[parent] for parent in shown.program.parents[1:] if parent in programs)


def _diff(before: str, after: str) -> tuple[str, ...]:
    return tuple(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3))[2:]
