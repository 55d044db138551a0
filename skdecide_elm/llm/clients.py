"""Models behind OpenEvolve's configurations and clients."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import openai
from openevolve.config import LLMModelConfig
from openevolve.llm.base import LLMInterface
from openevolve.llm.ensemble import LLMEnsemble
from openevolve.llm.openai import OpenAILLM

from skdecide_elm.errors import ElmError, RequestError
from skdecide_elm.llm.model import Model, Prompt, Reply, Usage
from skdecide_elm.llm.request_threads import RequestThreads
from skdecide_elm.llm.retries import Retrying

__all__ = ["ForeignModel", "OpenAIModel", "open_model"]


def open_model(config: LLMModelConfig) -> Model:
    """The model that a configuration of OpenEvolve names, whatever its provider.

    Failed requests to a server that speaks OpenAI's protocol are repeated here; other clients see to that themselves.
    """
    foreign = config.init_client or config.manual_mode or config.provider not in (None, "openai")
    if foreign:
        return ForeignModel(config.name, LLMEnsemble([replace(config, weight=1.0)]).models[0])
    return Retrying(OpenAIModel(config), config.retries or 0, config.retry_delay or 0)


class ForeignModel:
    """A client of OpenEvolve's or of the user's, which retries as it sees fit."""

    def __init__(self, name: str, client: LLMInterface) -> None:
        self.name = name
        self._client = client

    async def ask(self, prompt: Prompt) -> Reply:
        """The client's reply; a completion is asked for as a chat without a system message."""
        messages = [{"role": "user", "content": prompt.user}]
        try:
            text: str | None = await self._client.generate_with_context(prompt.system, messages)
        except ElmError:
            raise
        except Exception as error:  # a stranger's client may raise anything; it costs this proposal, not the run
            raise RequestError(type(error).__name__, str(error)) from error
        counted = getattr(self._client, "last_usage", None)  # no other request runs between the reply and this line
        return Reply(prompt.cut(text), _usage(counted, prompt, text))


class OpenAIModel:
    """A server that speaks OpenAI's protocol; each request is made once.

    OpenEvolve's client chooses the parameters (reasoning models take others) and keeps the time limit. Its retries, and
    those of the openai client within them, are switched off: together they made (retries + 1)² requests.
    """

    def __init__(self, config: LLMModelConfig) -> None:
        self.name: str = config.name
        self._client = _Client(replace(config, retries=0))
        self._completes = True

    async def ask(self, prompt: Prompt) -> Reply:
        """The server's reply.

        Where it has no completion endpoint for the model (404), it is asked to continue the text in a chat.
        """
        if prompt.kind == "completion" and self._completes:
            try:
                return await self._client.complete(prompt)
            except openai.NotFoundError:
                self._completes = False
        return await self._client.chat(prompt)


class _Client(OpenAILLM):  # type: ignore[misc]
    """OpenEvolve's client with one request at a time, whose usage and text stay together.

    Requests are made by a blocking client in threads, whatever OpenEvolve's own is: its asynchronous one (since 0.4.1)
    belongs to the event loop that it was first used in, and a solver may be run in several, one after the other.
    """

    def __init__(self, config: LLMModelConfig) -> None:
        super().__init__(config)
        self.client = openai.OpenAI(api_key=self.api_key, base_url=self.api_base, timeout=self.timeout, max_retries=0)

    async def chat(self, prompt: Prompt) -> Reply:
        """A reply of the chat endpoint."""
        sampling = {} if prompt.seed is None else {"seed": prompt.seed}
        messages = [{"role": "user", "content": prompt.user}]
        response = await self.generate_with_context(prompt.system, messages, retries=0, **sampling)
        text = getattr(getattr(response.choices[0], "message", None), "content", None)
        return Reply(prompt.cut(text), _usage(getattr(response, "usage", None), prompt, text))

    async def complete(self, prompt: Prompt) -> Reply:
        """A reply of the completion endpoint."""
        settings = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "seed": self.random_seed if prompt.seed is None else prompt.seed,
            "stop": list(prompt.stop) or None,
        }
        known = {name: value for name, value in settings.items() if value is not None}
        request = self._in_thread(lambda: self.client.completions.create(model=self.model, prompt=prompt.user, **known))
        response = _readable(await asyncio.wait_for(request, self.timeout))
        text = getattr(response.choices[0], "text", None)
        return Reply(prompt.cut(text), _usage(getattr(response, "usage", None), prompt, text))

    async def _call_api(self, params: dict[str, Any]) -> Any:
        """Called by the base class, within the time limit, with the parameters that it has chosen."""
        messages = [message for message in params["messages"] if message["role"] != "system" or message["content"]]
        return _readable(
            await self._in_thread(lambda: self.client.chat.completions.create(**{**params, "messages": messages}))
        )

    def _in_thread(self, request: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(RequestThreads(), request)


def _readable(response: Any) -> Any:
    """The response, if it is one: the openai client returns whatever a server sends with status 200."""
    choices = getattr(response, "choices", None)
    if not isinstance(choices, list) or not choices:
        raise RequestError(
            "UnreadableResponse", f"expected a completion from the server; found {str(response)[:200]!r}"
        )
    return response


def _usage(counted: Any, prompt: Prompt, text: str | None) -> Usage:
    """What the server or the client has counted; an estimate where that cannot be read."""
    given = counted if isinstance(counted, Mapping) else getattr(counted, "__dict__", {})
    try:
        return Usage(int(given["prompt_tokens"]), int(given.get("completion_tokens") or 0))
    except (KeyError, TypeError, ValueError, OverflowError):
        return Usage.estimate(prompt, text)
