"""A real HTTP server on 127.0.0.1 that speaks OpenAI's chat and completion protocols from a script of behaviours.

with Loopback(["first reply", Status(429), "second reply"]) as server:
    client = openai.OpenAI(base_url=server.url, api_key="any")
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

__all__ = ["Behaviour", "Drop", "Garbage", "Loopback", "Stall", "Status"]

MODEL = "loopback"


@dataclass(frozen=True)
class Status:
    """An answer with an HTTP status and an error message as OpenAI sends it."""

    code: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stall:
    """Nothing for some seconds, then a reply."""

    seconds: float
    reply: str = "late"


@dataclass(frozen=True)
class Garbage:
    """Status 200 and a body that is no chat completion."""

    body: bytes = b"<html>proxy</html>"


@dataclass(frozen=True)
class Drop:
    """The connection is closed without an answer."""


Behaviour = str | None | Status | Stall | Garbage | Drop
"""A text is a reply with that content; None a reply without content."""


class Loopback:
    """The server, as a context manager. A list of behaviours goes on with its last one.

    Attributes:
        requests: the bodies of the requests so far, in order of arrival; those for completions have a ``prompt``.
        url: what a client takes as its base URL.
        completes: whether there is a completion endpoint beside that for chats.
    """

    def __init__(
        self, script: Sequence[Behaviour] | Callable[[dict[str, Any]], Behaviour], *, completes: bool = True
    ) -> None:
        self.completes = completes
        self.requests: list[dict[str, Any]] = []
        self.closing = threading.Event()
        self._script = script
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.loopback = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def next_behaviour(self, request: dict[str, Any]) -> Behaviour:
        """Record a request and say how to answer it."""
        with self._lock:
            self.requests.append(request)
            index = len(self.requests) - 1
        if callable(self._script):
            return self._script(request)
        return self._script[min(index, len(self._script) - 1)]

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a request in progress does not hold up the end of a test
    request_queue_size = 128  # with the default of 5, of many requests at once some connections are reset
    loopback: Loopback


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self._send_json(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        else:
            self._send_json(404, _error(f"no such path: {self.path}"))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        paths = {"/v1/chat/completions"} | ({"/v1/completions"} if self.server.loopback.completes else set())
        if self.path not in paths:
            self._send_json(404, _error(f"no such path: {self.path}"))
            return
        request = json.loads(body)
        self._behave(self.server.loopback.next_behaviour(request), request)

    def _behave(self, behaviour: Behaviour, request: dict[str, Any]) -> None:
        if isinstance(behaviour, Status):
            self._send_json(behaviour.code, _error(f"scripted {behaviour.code}"), behaviour.headers)
        elif isinstance(behaviour, Stall):
            if not self.server.loopback.closing.wait(behaviour.seconds):
                self._send_json(200, _completion(behaviour.reply, request))
        elif isinstance(behaviour, Garbage):
            self._send(200, behaviour.body, {"Content-Type": "text/html"})
        elif not isinstance(behaviour, Drop):
            self._send_json(200, _completion(behaviour, request))

    def _send_json(self, code: int, content: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self._send(code, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})})

    def _send(self, code: int, body: bytes, headers: Mapping[str, str]) -> None:
        try:
            self.send_response(code)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # the client has given up waiting

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "scripted", "param": None, "code": None}}


def _completion(reply: str | None, request: dict[str, Any]) -> dict[str, Any]:
    """A chat completion, or a text completion; tokens are counted as words."""
    if "prompt" in request:
        kind, texts = "text_completion", [request["prompt"]]
        choice: dict[str, Any] = {"text": reply or ""}
    else:
        kind, texts = "chat.completion", [message["content"] for message in request["messages"]]
        choice = {"message": {"role": "assistant", "content": reply}}
    prompt = sum(len(text.split()) for text in texts)
    completion = len((reply or "").split())
    return {
        "id": "chatcmpl-loopback",
        "object": kind,
        "created": 0,
        "model": request["model"],
        "choices": [{"index": 0, "finish_reason": "stop", **choice}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    }
