"""Crossover: an LLM unites two or more programs."""

from __future__ import annotations

from collections.abc import Sequence

from skdecide_elm.core import Context, Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.llm.model import Model, Prompt
from skdecide_elm.operators.base import LLMOperator, PromptSettings
from skdecide_elm.prompts.sections import example_sections, repeats_note

__all__ = ["Crossover"]


class Crossover(LLMOperator):
    """Shows all parents and asks for one program that unites them; what is outside the block comes from the first.

    Args:
        num_parents: how many it asks for; given fewer, it takes examples of the context for those that are missing.
    """

    name = "crossover"
    num_parents = 2

    def __init__(self, model: Model, settings: PromptSettings, num_parents: int = 2) -> None:
        if num_parents < 2:
            raise ConfigError(f"expected num_parents of a crossover to be at least 2; found {num_parents}")
        super().__init__(model, settings)
        self.num_parents = num_parents

    def prompt(self, parents: Sequence[Program], context: Context) -> Prompt:
        """The parents with their metrics."""
        known = {parent.code for parent in parents}
        others = [program for program in context.examples if program.code not in known]
        shown = [*parents, *others[: max(0, self.num_parents - len(parents))]]
        return self._chat(
            context,
            parents=example_sections(shown, "Program"),
            repeats=repeats_note(context.duplicates),
        )
