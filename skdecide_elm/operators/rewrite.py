"""Rewrite: an LLM writes a better program in place of its parent."""

from __future__ import annotations

from collections.abc import Sequence

from skdecide_elm.core import Context, Program
from skdecide_elm.llm.model import Prompt
from skdecide_elm.operators.base import LLMOperator
from skdecide_elm.prompts.sections import example_sections, program_section, repeats_note

__all__ = ["Rewrite"]


class Rewrite(LLMOperator):
    """Asks for a whole program."""

    name = "rewrite"

    def prompt(self, parents: Sequence[Program], context: Context) -> Prompt:
        """The parent with its metrics, and the examples of the context."""
        return self._chat(
            context,
            parent=program_section(parents[0]),
            examples=example_sections(context.examples),
            repeats=repeats_note(context.duplicates),
        )
