"""LMX: a language model continues a list of elites."""

from __future__ import annotations

import random
from collections.abc import Sequence

from skdecide_elm.core import Context, Program
from skdecide_elm.llm.model import Prompt
from skdecide_elm.operators.base import LLMOperator
from skdecide_elm.programs.replies import Child
from skdecide_elm.prompts.sections import code_block

__all__ = ["LMX"]


class LMX(LLMOperator):
    """Language model crossover: few-shot continuation with no instruction (Meyerson et al., 2023, arXiv 2302.12170).

    The prompt is a list of programs in random order and the beginning of one more. It asks for a completion, and thus
    suits base models; a server without a completion endpoint is asked to continue the same text in a chat.
    """

    name = "lmx"
    num_parents = 3

    def prompt(self, parents: Sequence[Program], context: Context) -> Prompt:
        """Parents, and examples of the context in the place of those that are missing, shuffled by its seed."""
        known = {parent.code for parent in parents}
        others = [program for program in context.examples if program.code not in known]
        shown = [*parents, *others][: max(self.num_parents, len(parents))]
        random.Random(context.seed).shuffle(shown)
        programs = "\n\n".join(f"# Planner {n}\n{code_block(p.code)}" for n, p in enumerate(shown, start=1))
        begun = f"# Planner {len(shown) + 1}\n```python\n"
        return Prompt(
            self._settings.templates.fill(self.name, programs=f"{programs}\n\n{begun}"),
            kind="completion",
            stop=("\n```",),
            seed=context.seed,
        )

    def _child(self, base: Program, text: str | None) -> Child:
        code = (text or "").lstrip("\n").removeprefix("```python\n")  # a chat model opens the block again
        return super()._child(base, code_block(code) if code.strip() else text)
