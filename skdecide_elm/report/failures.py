"""Failures by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from skdecide_elm.report.model import Failure, ShownProgram

__all__ = ["counted", "error_kinds"]

_NOT_KEPT = "reason not kept"
_LONGEST = 60
"""Characters of a kind: an exception may be called anything."""


def counted(group: str, counts: Mapping[str, int]) -> list[Failure]:
    """The kinds of a group that have occurred, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Failure(group, kind, count) for kind, count in ordered if count]


def error_kinds(programs: Iterable[ShownProgram], invalid: int) -> list[Failure]:
    """Why programs failed: the names of their exceptions.

    Args:
        programs: those that are known.
        invalid: how many have failed, known or not.
    """
    kinds = Counter(_kind(shown) for shown in programs if not shown.is_valid and not shown.is_copy)
    unknown = max(0, invalid - sum(kinds.values()))
    return counted("program", {**kinds, _NOT_KEPT: kinds.get(_NOT_KEPT, 0) + unknown})


def _kind(shown: ShownProgram) -> str:
    error = shown.program.evaluation.artifacts.get("error", "")
    return error.partition(":")[0].strip()[:_LONGEST] or _NOT_KEPT
