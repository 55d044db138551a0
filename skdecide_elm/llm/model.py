"""What an LLM is to the rest of the package: it is asked a prompt and replies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

__all__ = ["Model", "Prompt", "Reply", "Usage"]

_CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for English and code, where nobody counts."""


@dataclass(frozen=True)
class Prompt:
    """What an LLM is asked.

    Attributes:
        user: the question, or the text to continue.
        system: the system message of a chat.
        kind: ``completion``: ``user`` is continued where it ends, with no instruction around it.
        stop: texts at which the reply ends; they are no part of it.
        seed: of the server's sampling, where it has one. Two prompts that differ only in it are the same prompt.
    """

    user: str
    system: str = ""
    kind: Literal["chat", "completion"] = "chat"
    stop: tuple[str, ...] = ()
    seed: int | None = field(default=None, compare=False)

    def cut(self, text: str | None) -> str | None:
        """A reply as it is before the first of the texts at which it ends."""
        for stop in self.stop if text else ():
            text = (text or "").partition(stop)[0]
        return text


@dataclass(frozen=True)
class Usage:
    """Tokens of one request; ``estimated`` where the server did not count them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False

    @classmethod
    def estimate(cls, prompt: Prompt, text: str | None) -> Usage:
        """What a request and its reply cost, by their lengths."""
        asked = len(prompt.system) + len(prompt.user)
        return cls(asked // _CHARACTERS_PER_TOKEN, len(text or "") // _CHARACTERS_PER_TOKEN, estimated=True)


@dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        text: None where the server sent none.
        usage: what it cost.
        attempts: requests that it took; those before the last had failed.
    """

    text: str | None
    usage: Usage = Usage()
    attempts: int = 1


class Model(Protocol):
    """An LLM, or what stands in for one."""

    @property
    def name(self) -> str:
        """By which configurations, ledgers and reports call it."""

    async def ask(self, prompt: Prompt) -> Reply:
        """The reply to a prompt.

        Raises:
            RequestError: there is none, for good.
        """
