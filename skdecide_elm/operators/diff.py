"""Diff: an LLM edits its parent by SEARCH/REPLACE blocks."""

from __future__ import annotations

from skdecide_elm.core import Program
from skdecide_elm.operators.rewrite import Rewrite
from skdecide_elm.programs.replies import Child, child_from_reply

__all__ = ["Diff"]


class Diff(Rewrite):
    """Asks for SEARCH/REPLACE blocks, which cost fewer tokens than a rewrite; shows what a rewrite shows."""

    name = "diff"

    def _child(self, base: Program, text: str | None) -> Child:
        return child_from_reply(
            base.code,
            text,
            diff_based=True,
            diff_pattern=self._settings.diff_pattern,
            max_code_length=self._settings.max_code_length,
        )
