"""An LLM for tests: it answers from a script and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from openevolve.config import LLMModelConfig
from openevolve.llm.base import LLMInterface

from skdecide_elm.errors import ConfigError

__all__ = ["Message", "Request", "Script", "ScriptedLLM", "as_model_config"]

Message = dict[str, str]
"""One message of a chat: its ``role`` and its ``content``."""

Script = Sequence[str | None] | Callable[[str, list[Message]], str | None]
"""The replies in order, or what makes one of the system message and the messages; None is an empty reply."""


@dataclass(frozen=True)
class Request:
    """What an LLM was asked.

    Attributes:
        system: the system message.
        messages: the messages of the chat so far; the last one is the question.
    """

    system: str
    messages: tuple[Message, ...]

    @property
    def user(self) -> str:
        """The text of the last message."""
        return self.messages[-1]["content"]


class ScriptedLLM(LLMInterface):  # type: ignore[misc]  # openevolve has no types
    """A client for OpenEvolve that answers from a script: for tests of solvers, prompts and programs.

    It is one and the same object wherever its configuration goes in this process: `copy.copy` and
    `copy.deepcopy` return it itself, so that a solver which copies its ``Config`` still asks, and fills, the
    client that the test holds. It may be used from several threads, not from another process: pickling it is
    a TypeError. The token counts in ``last_usage`` are counts of words.

    Args:
        script: the replies, or a function of the system message and the messages.
        cycle: begin again after the last reply of a list.
        name: the model name that logs and usage counts show.

    Attributes:
        requests: what was asked so far, in order.
        model: the model name.
        last_usage: ``prompt_tokens``, ``completion_tokens``, ``total_tokens``, ``model`` of the last answer.

    Raises:
        ConfigError: the list of replies is empty or a single text; later, when it has come to its end.
    """

    def __init__(self, script: Script, *, cycle: bool = False, name: str = "scripted") -> None:
        if isinstance(script, str) or (not callable(script) and not script):
            raise ConfigError(f"expected a list of replies or a function, found {script!r}; put the reply in a list")
        self.model = name
        self.last_usage: dict[str, Any] | None = None
        self.requests: list[Request] = []
        self._script = script
        self._cycle = cycle
        self._lock = threading.Lock()

    async def generate(self, prompt: str, **kwargs: Any) -> str | None:
        """The next reply, to a prompt without a system message."""
        return await self.generate_with_context("", [{"role": "user", "content": prompt}], **kwargs)

    async def generate_with_context(self, system_message: str, messages: list[Message], **kwargs: Any) -> str | None:
        """The next reply, to a chat."""
        request = Request(system_message, tuple(dict(message) for message in messages))
        with self._lock:
            self.requests.append(request)
            reply = self._reply(request)
            self.last_usage = _usage(request, reply, self.model)
        return reply

    def _reply(self, request: Request) -> str | None:
        if callable(self._script):
            return self._script(request.system, list(request.messages))
        index, length = len(self.requests) - 1, len(self._script)
        if index >= length and not self._cycle:
            raise ConfigError(
                f"expected at most {length} request(s), one per scripted reply, found number {index + 1}; "
                "script more replies, or pass cycle=True"
            )
        return self._script[index % length]

    def __copy__(self) -> ScriptedLLM:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptedLLM:
        return self

    def __reduce__(self) -> str:
        raise TypeError(
            "expected a ScriptedLLM to stay in its process, found it pickled; its copy would answer from the "
            "first reply again, unseen by the test: call the LLM in this process"
        )


def as_model_config(client: LLMInterface, name: str = "scripted") -> LLMModelConfig:
    """The OpenEvolve model configuration under which ``client`` itself is the LLM.

    Deep copies of the configuration share the client if the client's own ``__deepcopy__`` returns it, as that
    of :class:`ScriptedLLM` does.
    """
    return LLMModelConfig(
        name=name, init_client=partial(_given, client), weight=1.0, timeout=60, retries=0, retry_delay=0
    )


def _given(client: LLMInterface, _config: LLMModelConfig) -> LLMInterface:
    return client


def _usage(request: Request, reply: str | None, model: str) -> dict[str, Any]:
    contents = [request.system, *(message["content"] for message in request.messages)]
    prompt = sum(len(content.split()) for content in contents)
    completion = len((reply or "").split())
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "model": model,
    }
