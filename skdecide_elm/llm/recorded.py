"""LLM runs that can be repeated: one model writes down what another replies, a third replies from that.

Which programs ran past the time limit, and how far they came, is in the file as well: no seed repeats it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from skdecide_elm.errors import ConfigError, ReplayError, RequestError
from skdecide_elm.llm.journal import Journal
from skdecide_elm.llm.model import Model, Prompt, Reply, Usage

__all__ = ["Matching", "Recorded", "Recorder", "Recording", "Replayed"]

logger = logging.getLogger(__name__)

Matching = Literal["strict", "best"]
"""``strict``: the same request must have been recorded; ``best``: else the most similar one answers."""


class Recorder:
    """Writes requests and what came of them, and time-outs, to a JSON-lines file, which is created or continued.

    Args:
        seeds: of the run, by name; the file says them, so that a replay can take them over.

    Attributes:
        time_outs: what was told of programs, by their keys, that ran past the time limit.
    """

    def __init__(self, path: Path, seeds: Mapping[str, int] | None = None) -> None:
        self._journal = Journal(path)
        records = self._journal.read()  # which also repairs a torn last line
        self._begun = bool(records)
        self.time_outs = _time_outs(records)
        self._header = {"seeds": dict(seeds or {})}
        self._lock = threading.Lock()  # time-outs come from the pools' threads

    def write(self, prompt: Prompt, model: str, result: dict[str, Any]) -> None:
        """Append one request with its result."""
        self._append({"model": model, **asdict(prompt), **result})

    def add_time_out(self, program: str, artifacts: Mapping[str, str]) -> None:
        """Append what is told of a program, by a key of it, that ran past the time limit."""
        self._append({"time_out": program, "artifacts": dict(artifacts)})
        self.time_outs[program] = artifacts

    def _append(self, record: dict[str, Any]) -> None:
        with self._lock:
            if not self._begun:  # a recorder that is never asked makes no file
                self._journal.append(self._header)
                self._begun = True
            self._journal.append(record)


class Recorded:
    """A model whose requests and replies, or final failures, are written down."""

    def __init__(self, model: Model, recorder: Recorder) -> None:
        self.name = model.name
        self._model = model
        self._recorder = recorder

    async def ask(self, prompt: Prompt) -> Reply:
        """The model's reply."""
        try:
            reply = await self._model.ask(prompt)
        except RequestError as error:
            failure = {"kind": error.kind, "message": str(error), "attempts": error.attempts}
            self._recorder.write(prompt, self.name, {"failure": failure})
            raise
        self._recorder.write(prompt, self.name, {"reply": asdict(reply)})
        return reply


class Recording:
    """A file of requests and replies, to be replied from.

    A request is the same as a recorded one when model, texts, kind and stops are; seeds, temperatures and the like
    need not be. Of several records of the same request, the last one of the same seed replies (a run that went on after
    a crash has recorded some anew), else the first that has not replied yet.

    Attributes:
        models: the names of the models that were recorded, in order of appearance.
        seeds: of the recorded run, by name.
        time_outs: what was told of programs, by their keys, that ran past the time limit.

    Raises:
        ConfigError: there is no such file, or it is empty.
        CheckpointError: the file is damaged.
    """

    def __init__(self, path: Path, matching: Matching = "strict") -> None:
        self._path = path
        self._matching = matching
        records = Journal(path).read()
        self.seeds: dict[str, int] = next((record["seeds"] for record in records if "seeds" in record), {})
        self.time_outs = _time_outs(records)
        self._has_new_time_outs = False
        self._records = [record for record in records if not record.keys() & {"seeds", "time_out"}]
        self._unused: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._by_seed: dict[tuple[str, int], dict[str, Any]] = {}
        for record in self._records:
            key = _key(_prompt(record), record["model"])
            self._unused[key].append(record)
            if record["seed"] is not None:
                self._by_seed[key, record["seed"]] = record
        if not self._records:
            raise ConfigError(f"expected recorded LLM replies at {path}; there are none; record a run there first")
        self.models = tuple(dict.fromkeys(record["model"] for record in self._records))

    def reply(self, prompt: Prompt, model: str) -> Reply:
        """The recorded reply to a request.

        Raises:
            RequestError: the recorded request had failed.
            ReplayError: matching is strict, and this request was not recorded, or not so often.
        """
        record = self._same(prompt, model)
        if record is None and self._matching == "strict":
            raise ReplayError(
                f"expected a recorded reply in {self._path} to a request to the model {model!r} that begins "
                f"{prompt.user[:60]!r}; there is none left; {self._remedy}"
            )
        return _result(record or self._most_similar(prompt, model))

    def add_time_out(self, program: str, artifacts: Mapping[str, str]) -> None:
        """A program ran past the time limit that is not among the recorded `time_outs`; nothing is written."""
        is_first, self._has_new_time_outs = not self._has_new_time_outs, True
        if is_first and self._matching == "strict":
            logger.warning("The replay of %s may differ from here on: %s", self._path, self._remedy)

    @property
    def _remedy(self) -> str:
        if self._has_new_time_outs:
            return "a program ran past the time limit that did not when recorded: give a longer evaluator_timeout"
        return "record the run anew, or replay by best match"

    def _same(self, prompt: Prompt, model: str) -> dict[str, Any] | None:
        key = _key(prompt, model)
        unused = self._unused.get(key, [])
        record = None if prompt.seed is None else self._by_seed.get((key, prompt.seed))
        record = record or next(iter(unused), None)
        if record in unused:
            unused.remove(record)
        return record

    def _most_similar(self, prompt: Prompt, model: str) -> dict[str, Any]:
        """The record with the most lines in common (Jaccard), of the same model if there is one."""
        lines = set(prompt.user.splitlines())

        def similarity(record: dict[str, Any]) -> tuple[bool, float]:
            other = set(record["user"].splitlines())
            return record["model"] == model, len(lines & other) / max(1, len(lines | other))

        return max(self._records, key=similarity)


class Replayed:
    """A model that replies from a recording, with no server and no key."""

    def __init__(self, name: str, recording: Recording) -> None:
        self.name = name
        self._recording = recording

    async def ask(self, prompt: Prompt) -> Reply:
        """The recorded reply; see `Recording.reply`."""
        return self._recording.reply(prompt, self.name)


def _key(prompt: Prompt, model: str) -> str:
    text = json.dumps([model, prompt.kind, prompt.system, prompt.user, *prompt.stop])
    return hashlib.sha256(text.encode()).hexdigest()


def _time_outs(records: Iterable[dict[str, Any]]) -> dict[str, Mapping[str, str]]:
    return {record["time_out"]: record["artifacts"] for record in records if "time_out" in record}


def _prompt(record: dict[str, Any]) -> Prompt:
    return Prompt(record["user"], record["system"], record["kind"], tuple(record["stop"]), record["seed"])


def _result(record: dict[str, Any]) -> Reply:
    if "failure" in record:
        raise RequestError(**record["failure"])
    reply = record["reply"]
    return Reply(**{**reply, "usage": Usage(**reply["usage"])})
