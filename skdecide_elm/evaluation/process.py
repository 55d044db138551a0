"""One worker process, seen from the pool."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, Literal

from skdecide_elm.core import Evaluation
from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation.containment import scrubbed_environment
from skdecide_elm.evaluation.cores import ClaimedCore
from skdecide_elm.evaluation.frames import MAX_REPLY_BYTES, read_frame, write_frame
from skdecide_elm.evaluation.messages import READY, Failure, decode_answer

__all__ = ["WorkerMode", "WorkerProcess"]

WorkerMode = Literal["forkserver", "single"]
"""``forkserver``: a warm process per worker forks a child per evaluation; ``single``: a fresh process for each.

``forkserver`` starts an evaluation in milliseconds and leaves no process behind, but a domain that keeps threads or
processes of its own needs ``single``.
"""

_STOP_SECONDS = 0.5
_MAX_ERROR_CHARS = 3000
_NONSENSE = b""
"""In place of an answer that is too long to be one."""


class WorkerProcess:
    """A process that runs programs on one task. It starts at once and gets warm while nobody waits for it.

    Start it in a thread that lives as long as it shall: Linux ends it with that thread.

    Args:
        mode: how it, or its planner's host, makes a process for a program.
        kind: of the task: ``rollouts`` or ``script``.
        core: that it may use for rollouts; released when it has stopped.
        setup: the pickled task.
        folder: its working folder, which exists.
        grace: seconds beyond the time limit that it may take to answer, if it keeps the time itself; None: it does not.

    Attributes:
        folder, core: as given.
        lost: whether it must be replaced before the next request.
    """

    def __init__(
        self, mode: WorkerMode, kind: str, core: ClaimedCore, setup: bytes, folder: Path, grace: float | None
    ) -> None:
        self.folder = folder
        self.core = core
        self.lost = False
        self._grace = grace
        self._errors = folder / "stderr.txt"
        self._replies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stop_lock = threading.Lock()
        self._ready = threading.Event()  # also set when it has ended
        self._ended = False
        self._was_ready = False
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "skdecide_elm.evaluation.worker", mode, str(core.number), kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=scrubbed_environment(),
                cwd=folder,
                start_new_session=True,
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests: IO[bytes] = self._process.stdin
        threading.Thread(target=self._exchange, args=[setup, self._process.stdout], daemon=True).start()

    def request(self, request: dict[str, Any], timeout: float) -> Evaluation | Failure:
        """Send one request and wait for its answer; a process that does not answer in time is lost.

        Raises:
            EvaluationError: the process could not make itself ready, or cannot evaluate on this task.
        """
        self._await_ready()
        self._ready.clear()
        deadline = time.monotonic() + timeout + (self._grace or 0)
        self._send(json.dumps(request).encode())
        try:
            answer = self._replies.get(timeout=deadline - time.monotonic())
        except queue.Empty:
            self.lost = True
            return Failure("timeout")
        return self._end(deadline) if answer is None else decode_answer(answer)

    def is_spoilt(self) -> bool:
        """Whether something happened to it since it last answered: it must be replaced before the next request."""
        return self._was_ready and (self._process.poll() is not None or not self._replies.empty())

    def ask_to_stop(self) -> None:
        """Tell a process that listens to end itself and all that runs below it; does not wait."""
        if self._was_ready:  # before, it may not be reading, and we would wait for it
            with contextlib.suppress(BrokenPipeError):
                self._requests.close()

    def stop(self) -> None:
        """End the process and all that runs below it."""
        with self._stop_lock:
            self.ask_to_stop()
            if self._was_ready and self._grace is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_STOP_SECONDS)
            self._kill()
            self._process.wait()
            with contextlib.suppress(BrokenPipeError):
                self._requests.close()
            self.core.release()

    def _await_ready(self) -> None:
        self._ready.wait()
        if self._ended:
            self.lost = True
            raise EvaluationError(
                "expected the worker process to build the domains; it ended instead: check that each domain factory "
                "works in a fresh Python process, which has few of this one's environment variables.\n"
                + _tail(self._errors)
            )
        self._was_ready = True

    def _end(self, deadline: float) -> Failure:
        """What became of a process that will not answer any more.

        Raises:
            EvaluationError: it is one that no program runs in, and it could not go on.
        """
        self.lost = True
        try:
            status = self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return Failure("timeout")
        if status > 0 and self._grace is not None:
            raise EvaluationError("expected the worker process to evaluate; it failed\n" + _tail(self._errors))
        return Failure("died", status)

    def _exchange(self, setup: bytes, replies: IO[bytes]) -> None:
        self._send(setup)
        with replies:
            try:
                while (frame := read_frame(replies, MAX_REPLY_BYTES)) is not None:
                    if frame == READY:
                        self._ready.set()
                    else:
                        self._replies.put(frame)
            except EvaluationError:
                self._replies.put(_NONSENSE)
        self._ended = True
        self._replies.put(None)
        self._ready.set()

    def _send(self, content: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended, or was stopped: no answer will say so
            write_frame(self._requests, content)

    def _kill(self) -> None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # a group may outlive its leader
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()


def _tail(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")[-_MAX_ERROR_CHARS:]
    except OSError:  # the pool was closed meanwhile
        return ""
