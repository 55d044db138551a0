"""Evaluations by program: the same program on the same task is not run twice.

Two programs are the same if their normal forms are (formatting, comments and docstrings aside). A task is the same if
everything that it is made of is: factories, bridge, seeds and limits, the source files that these name, and the
versions of the libraries below.
"""

from __future__ import annotations

import hashlib
import json
import math
import pickletools
import platform
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation.executor_pool import Pool
from skdecide_elm.evaluation.racing import Bar
from skdecide_elm.evaluation.score import STOPPED_EARLY
from skdecide_elm.evaluation.task import Task, dump_task
from skdecide_elm.programs.normal_form import fingerprint

__all__ = ["CachedPool", "EvaluationCache", "answered", "task_digest"]

_MAX_ENTRIES = 10_000
_FAILURE_USES = 3
_LIBRARIES = ("skdecide-elm", "scikit-decide", "gymnasium", "numpy")


@dataclass
class _Entry:
    evaluation: Evaluation
    uses: int = 0


class EvaluationCache:
    """The latest evaluations on one task.

    A failure, which may have been a time-out on a busy machine, is given out a few times and then forgotten. What a
    lost race has left is an answer for the same bar only.

    Args:
        digest: of the task; see `task_digest`.

    Attributes:
        hits: how often an answer was given.
    """

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.hits = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, code: str, bar: Bar | None = None) -> Evaluation | None:
        """The evaluation of a program, if it is known."""
        with self._lock:
            for key in dict.fromkeys([_key(code), _key(code, bar)]):
                if (entry := self._entries.get(key)) is not None:
                    self.hits += 1
                    return self._use(key, entry)
        return None

    def put(self, code: str, evaluation: Evaluation, bar: Bar | None = None) -> None:
        """Remember an evaluation."""
        stopped = STOPPED_EARLY in evaluation.metrics
        with self._lock:
            self._entries[_key(code, bar if stopped else None)] = _Entry(evaluation)
            if len(self._entries) > _MAX_ENTRIES:
                self._entries.popitem(last=False)

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        with self._lock:
            entries = [_entry_to_json(key, entry) for key, entry in self._entries.items()]
        return {"digest": self.digest, "hits": self.hits, "entries": entries}

    def restore(self, record: dict[str, Any]) -> None:
        """Take over what `to_json` wrote, if it was for the same task.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it was not written by `to_json`.
        """
        entries = OrderedDict(_entry_from_json(entry) for entry in record["entries"])
        with self._lock:
            same = record["digest"] == self.digest
            self._entries = entries if same else OrderedDict()
            self.hits = int(record["hits"]) if same else 0

    def _use(self, key: str, entry: _Entry) -> Evaluation:
        self._entries.move_to_end(key)
        entry.uses += 1
        if not entry.evaluation.is_valid and entry.uses >= _FAILURE_USES:
            del self._entries[key]
        return entry.evaluation


class CachedPool:
    """A pool that answers from a cache, and runs a program that is asked for twice at a time once."""

    def __init__(self, pool: Pool, cache: EvaluationCache) -> None:
        self.workers = pool.workers
        self._pool = pool
        self._cache = cache
        self._running: dict[str, Future[Evaluation]] = {}
        self._lock = threading.Lock()

    def submit(self, code: str, bar: Bar | None = None) -> Future[Evaluation]:
        """As `EvaluationPool.submit`."""
        key = _key(code, bar)
        with self._lock:
            running = self._running.get(key)
            if running is not None:
                self._cache.hits += 1
                return _follower(running)
            known = self._cache.get(code, bar)
            if known is not None:
                return answered(known)
            future = self._pool.submit(code, bar)
            self._running[key] = future
        future.add_done_callback(partial(self._ended, key, code, bar))
        return future

    def evaluate(self, code: str) -> Evaluation:
        """As `EvaluationPool.evaluate`."""
        return self.submit(code).result()

    def evaluate_all(self, codes: Sequence[str]) -> list[Evaluation]:
        """Evaluate programs, as many at a time as there are workers. Raises as `evaluate` does."""
        futures = [self.submit(code) for code in codes]
        return [future.result() for future in futures]

    def _ended(self, key: str, code: str, bar: Bar | None, future: Future[Evaluation]) -> None:
        with self._lock:
            if not future.cancelled() and future.exception() is None:
                self._cache.put(code, future.result(), bar)
            del self._running[key]


def task_digest(task: Task) -> str:
    """A key that differs for tasks which may evaluate differently: 64 hexadecimal digits.

    Raises:
        ConfigError: the task cannot be pickled.
    """
    pickled = dump_task(task)
    digest = hashlib.sha256(pickled)
    digest.update(" ".join([platform.python_version(), *map(version, _LIBRARIES)]).encode())
    for path in sorted(_named_files(pickled)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _named_files(pickled: bytes) -> set[Path]:
    """The source files that a pickle names, as modules or as scripts."""
    names = {text for _, text, _ in pickletools.genops(pickled) if isinstance(text, str)}
    modules = [getattr(sys.modules[name], "__file__", None) for name in names & sys.modules.keys()]
    paths = [Path(name) for name in (*modules, *names) if name and name.endswith(".py")]
    return {path for path in paths if path.is_file()}


def _key(code: str, bar: Bar | None = None) -> str:
    program = fingerprint(code)
    if bar is None:
        return program
    return f"{program}/{hashlib.sha256(json.dumps(bar.to_json()).encode()).hexdigest()}"


def answered(evaluation: Evaluation) -> Future[Evaluation]:
    """A future of what is known already."""
    future: Future[Evaluation] = Future()
    future.set_result(evaluation)
    return future


def _follower(leader: Future[Evaluation]) -> Future[Evaluation]:
    """A future that ends as another one does, and can be cancelled without harm to that."""
    follower: Future[Evaluation] = Future()

    def follow(ended: Future[Evaluation]) -> None:
        if ended.cancelled():
            follower.cancel()
        if not follower.set_running_or_notify_cancel():
            return
        if (error := ended.exception()) is None:
            follower.set_result(ended.result())
        else:
            follower.set_exception(error)

    leader.add_done_callback(follow)
    return follower


def _entry_to_json(key: str, entry: _Entry) -> list[Any]:
    evaluation = entry.evaluation
    metrics = {name: value if math.isfinite(value) else str(value) for name, value in evaluation.metrics.items()}
    texts = {name: text.encode("utf-8", "replace").decode() for name, text in evaluation.artifacts.items()}
    return [key, metrics, texts, list(evaluation.scores), entry.uses]


def _entry_from_json(record: list[Any]) -> tuple[str, _Entry]:
    key, metrics, texts, scores, uses = record
    numbers = {str(name): float(value) for name, value in metrics.items()}
    return str(key), _Entry(Evaluation(numbers, dict(texts), tuple(map(float, scores))), int(uses))
