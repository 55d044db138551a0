"""Embedded: typed edits and idioms, with no LLM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from skdecide_elm.core import Context, Program, Proposal
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.operators.base import PromptSettings
from skdecide_elm.programs.replies import child_from_reply
from skdecide_elm.prompts.sections import code_block

__all__ = ["Embedded"]


class Embedded:
    """The embedded proposer as an operator beside those that ask an LLM; it costs nothing but its evaluations."""

    name = "embedded"
    num_parents = 1

    def __init__(self, proposer: EmbeddedProposer, settings: PromptSettings) -> None:
        self._proposer = proposer
        self._settings = settings

    async def propose(self, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        """One child.

        Raises:
            ReplyError: the parent has nothing that can be varied.
        """
        parent = parents[0]
        self._proposer.calls = context.iteration  # a run that goes on from a checkpoint draws what it would have drawn
        mates = [program.code for program in (*parents[1:], *context.examples)]  # parts of theirs may be taken over
        shown = "".join(f"{code_block(code)}\n" for code in mates)
        reply = self._proposer.reply(f"{shown}# Current Program\n{code_block(parent.code)}\n")
        child = child_from_reply(
            parent.code,
            reply,
            diff_based=False,
            diff_pattern=self._settings.diff_pattern,
            max_code_length=self._settings.max_code_length,
        )
        child = replace(child, changes=reply.partition("\n")[0])
        return [Proposal(child.code, self.name, (parent.id,), child.changes)]
