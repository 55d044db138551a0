"""Repair: an LLM mends a program that failed."""

from __future__ import annotations

from collections.abc import Sequence

from skdecide_elm.core import Context, Program
from skdecide_elm.errors import ReplyError
from skdecide_elm.llm.model import Prompt
from skdecide_elm.operators.base import LLMOperator
from skdecide_elm.prompts.sections import artifact_sections, example_sections, program_section, repeats_note

__all__ = ["Repair"]


class Repair(LLMOperator):
    """Shows a failed program with its error, traceback and output, and asks for the program without the failure.

    It repairs the first invalid program among the parents and the context's failures; with none, it is a
    `ReplyError` of kind ``nothing_to_repair``, and nothing is asked.
    """

    name = "repair"

    def prompt(self, parents: Sequence[Program], context: Context) -> Prompt:
        """The failed program and what its evaluation says."""
        failed = self._base(parents, context)
        return self._chat(
            context,
            parent=program_section(failed),
            artifacts=artifact_sections(failed.evaluation.artifacts),
            examples=example_sections(context.examples[:1], "Working program"),
            repeats=repeats_note(context.duplicates),
        )

    def _base(self, parents: Sequence[Program], context: Context) -> Program:
        for program in [*parents, *context.failures]:
            if not program.evaluation.is_valid:
                return program
        raise ReplyError("nothing_to_repair", "expected a failed program, found only valid ones; ask another operator")
