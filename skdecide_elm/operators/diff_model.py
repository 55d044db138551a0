"""Diff model: a model that was trained on commits continues one."""

from __future__ import annotations

import random
from collections.abc import Sequence

from skdecide_elm.core import Context, Program
from skdecide_elm.errors import ReplyError
from skdecide_elm.llm.model import Prompt
from skdecide_elm.operators.base import LLMOperator
from skdecide_elm.programs.markers import Blocks, split_blocks
from skdecide_elm.programs.replies import Child
from skdecide_elm.programs.unified_diffs import apply_unified_diff
from skdecide_elm.prompts.sections import code_block

__all__ = ["DiffModel"]

_MESSAGES = "diff_model_messages"
_STOPS = ("<NME>", "<BEF>", "<MSG>", "<|endoftext|>")


class DiffModel(LLMOperator):
    """The mutation of Evolution through Large Models (Lehman et al., 2022, arXiv 2206.08896).

    The prompt has the format that CarperAI's diff models (diff-codegen-350m, -2b, -6b) were trained on: file name,
    text before the commit, commit message; they complete it by a unified diff. The text is the evolve block alone, for
    these models read 2,048 tokens; the message is drawn from the template ``diff_model_messages``, one per line.
    """

    name = "diff_model"

    def prompt(self, parents: Sequence[Program], context: Context) -> Prompt:
        """The parent's evolve block and a commit message."""
        messages = [line for line in self._settings.templates.text(_MESSAGES).splitlines() if line.strip()]
        text = self._settings.templates.fill(
            self.name,
            program=_blocks(parents[0].code).inside[0].strip("\n"),
            message=random.Random(context.seed).choice(messages),
        )
        return Prompt(text, kind="completion", stop=_STOPS, seed=context.seed)

    def _child(self, base: Program, text: str | None) -> Child:
        if not (text or "").strip():
            raise ReplyError("empty", "expected a unified diff, found an empty reply; ask again")
        blocks = _blocks(base.code)
        body = blocks.inside[0].strip("\n")
        edited = apply_unified_diff(body, text or "")
        inside = (blocks.inside[0].replace(body, edited, 1), *blocks.inside[1:])
        return super()._child(base, code_block(Blocks(blocks.outside, inside).join()))


def _blocks(code: str) -> Blocks:
    return split_blocks(code.replace("\r\n", "\n"))
