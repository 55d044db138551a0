"""What the operators that ask an LLM share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from openevolve.config import Config

from skdecide_elm.core import Context, Program, Proposal
from skdecide_elm.llm.model import Model, Prompt
from skdecide_elm.programs.replies import Child, child_from_reply
from skdecide_elm.prompts.templates import Templates

__all__ = ["LLMOperator", "PromptSettings"]

_DEFAULTS = Config()


@dataclass(frozen=True)
class PromptSettings:
    """What all operators of a run share.

    Attributes:
        task: the system message: what programs are for, the rules, the domain's API.
        templates: of the prompts.
        diff_pattern: regular expression of a SEARCH/REPLACE block, as OpenEvolve's configuration has it.
        max_code_length: longest child allowed, in characters.
    """

    task: str = ""
    templates: Templates = field(default_factory=Templates)
    diff_pattern: str = _DEFAULTS.diff_pattern
    max_code_length: int = _DEFAULTS.max_code_length


class LLMOperator(ABC):
    """A variation that sends one prompt and reads one child program from the reply.

    Attributes:
        name: by which configurations, ledgers and reports call it.
        num_parents: how many parents it asks for.
    """

    name: str
    num_parents: int = 1

    def __init__(self, model: Model, settings: PromptSettings) -> None:
        self._model = model
        self._settings = settings

    @abstractmethod
    def prompt(self, parents: Sequence[Program], context: Context) -> Prompt:
        """What the LLM will be asked; equal arguments give equal prompts."""

    async def propose(self, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        """One child.

        Raises:
            ReplyError: the reply holds no usable program.
            RequestError: there was no reply.
        """
        base = self._base(parents, context)
        reply = await self._model.ask(self.prompt(parents, context))
        child = self._child(base, reply.text)
        ids = tuple(parent.id for parent in (parents if self.num_parents > 1 else [base]))
        return [Proposal(child.code, self.name, ids, child.changes, child.repaired)]

    def _base(self, parents: Sequence[Program], context: Context) -> Program:
        """The program whose surroundings the child keeps."""
        return parents[0]

    def _child(self, base: Program, text: str | None) -> Child:
        return child_from_reply(
            base.code,
            text,
            diff_based=False,
            diff_pattern=self._settings.diff_pattern,
            max_code_length=self._settings.max_code_length,
        )

    def _chat(self, context: Context, **values: str) -> Prompt:
        """The operator's template, filled, as a question below the task."""
        user = self._settings.templates.fill(self.name, **values)
        return Prompt(user, self._settings.task, seed=context.seed)
