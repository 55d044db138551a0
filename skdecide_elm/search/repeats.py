"""Proposals of programs that a search knows already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from skdecide_elm.programs.normal_form import fingerprint

__all__ = ["Repeats"]

_IN_A_ROW = 20
"""Free repeats between two steps that count; a proposer that has nothing new to say ends its run all the same."""


class Repeats:
    """What a search has met, where a proposal costs nothing: a repeat is then no step of the run."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._in_a_row = 0

    def add(self, code: str) -> None:
        """A program is known from now on."""
        self._known[fingerprint(code)] = None
        self._in_a_row = 0

    def are_free(self, codes: Iterable[str]) -> bool:
        """Whether programs are all known, up to layout, comments and docstrings, and not too many were in a row."""
        if self._in_a_row == _IN_A_ROW or any(fingerprint(code) not in self._known for code in codes):
            return False
        self._in_a_row += 1
        return True

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"known": list(self._known), "in_a_row": self._in_a_row}

    def restore(self, state: Mapping[str, Any]) -> None:
        """The inverse of `to_json`."""
        self._known = dict.fromkeys(map(str, state["known"]))
        self._in_a_row = int(state["in_a_row"])
