"""The process in which programs run: ``python -m skdecide_elm.evaluation.worker MODE``.

It is executed afresh with a scrubbed environment (the process that holds keys is never forked), reads frames from its
standard input and answers with JSON frames on its standard output:

    → the task (cloudpickle: it comes from the user's own process)      ← {"status": "ready"}
    → {"code": …, "workdir": …}                                         ← {"status": "done" | "timeout" | "died", …}

In the mode ``forkserver`` each request is served by a forked child, which starts in milliseconds; the server kills it
at the time limit with everything it has started. In the mode ``single`` (where the system cannot fork) the process serves
one request itself and the other side kills it.

One of the two places of the package where a stranger's code is contained (the other is the solved policy).
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import random
import select
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NoReturn

import cloudpickle

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.frames import FrameReader, read_frame, write_frame
from skdecide_elm.evaluation.task import Task
from skdecide_elm.programs.loader import PROGRAM_FILENAME

__all__ = ["HANG_FILE", "OUTPUT_FILE", "describe_exception", "evaluate_contained", "main"]

OUTPUT_FILE = "output.txt"
"""In the working folder: what the program printed."""

HANG_FILE = "hang.txt"
"""In the working folder: where the program was just before the time limit."""

_MAX_ERROR_CHARS = 500
_MAX_TRACEBACK_CHARS = 4000
_MAX_REPLY_BYTES = 4 * 2**20
_POLL_SECONDS = 0.02


def main() -> None:
    """Serve evaluations until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the solver, which closes our input
    # descriptors of their own: what the domain or a program does with 0 and 1 must not mix with the frames
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    setup = read_frame(requests)
    if setup is None:
        return
    task = _load_task(setup)
    write_frame(replies, b'{"status": "ready"}')
    if sys.argv[1] == "forkserver":
        _serve(task, requests, replies)
    elif (request := read_frame(requests)) is not None:
        threading.Thread(target=_end_with_solver, args=[requests], daemon=True).start()
        _evaluate_here(task, json.loads(request), replies)


def _end_with_solver(requests: BinaryIO) -> None:
    requests.read()  # nothing more is sent: this returns when the solver closes the pipe, or dies
    os._exit(1)


def _load_task(setup: bytes) -> Task:
    path, payload = cloudpickle.loads(setup)
    sys.path[:] = path
    _seed_unseeded_gymnasium()
    task: Task = cloudpickle.loads(payload)
    task.warm_up()
    return task


def _seed_unseeded_gymnasium() -> None:
    """Make gymnasium's generators that nobody seeds follow `random`.

    A space whose `sample` is called, or an environment that is reset, without a seed takes one from the operating
    system; then the same program would score differently twice.
    """
    try:
        from gymnasium.utils import seeding
    except ImportError:
        return
    original = seeding.np_random

    def np_random(seed: int | None = None) -> Any:
        return original(random.getrandbits(32) if seed is None else seed)

    seeding.np_random = np_random


def _serve(task: Task, requests: BinaryIO, replies: BinaryIO) -> None:
    containment.adopt_orphans()
    gc.collect()
    gc.freeze()  # spares every child a collection that would copy the pages it shares with us
    while (request := read_frame(requests)) is not None:
        reply = _supervise(task, json.loads(request), requests.fileno())
        if reply is None:
            return
        write_frame(replies, json.dumps(reply).encode())


def _supervise(task: Task, request: dict[str, str], solver: int) -> dict[str, Any] | None:
    """Run one request in a forked child; None when the solver has gone."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        _child(task, request, os.fdopen(write_end, "wb"))
    os.close(write_end)
    try:
        return _await_reply(pid, read_end, solver, time.monotonic() + task.timeout)
    finally:
        os.close(read_end)
        containment.kill_family(pid)


def _await_reply(pid: int, pipe: int, solver: int, deadline: float) -> dict[str, Any] | None:
    reader = FrameReader(_MAX_REPLY_BYTES)
    while (remaining := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([pipe, solver], [], [], min(remaining, _POLL_SECONDS))
        if solver in ready:
            return None  # nothing is sent while we are busy: this is the end of the file
        if pipe in ready:
            chunk = os.read(pipe, 65536)
            if (frame := reader.feed(chunk)) is not None:
                reply: dict[str, Any] = json.loads(frame)
                return reply
            if not chunk:
                return {"status": "died", "exit": containment.exit_status(pid)}
        elif (status := containment.exit_status(pid, wait=False)) is not None:
            # gone without a reply while something it started still holds the pipe
            return {"status": "died", "exit": status}
    return {"status": "timeout"}


def _child(task: Task, request: dict[str, str], reply: BinaryIO) -> NoReturn:
    try:
        os.setsid()
        containment.die_with_parent()
        _evaluate_here(task, request, reply)
    finally:
        os._exit(0)


def _evaluate_here(task: Task, request: dict[str, str], reply: BinaryIO) -> None:
    """Evaluate in this very process, its output going to a file of the working folder."""
    os.chdir(request["workdir"])
    containment.redirect_output(Path(OUTPUT_FILE))
    containment.limit_resources(task.timeout, task.memory_limit_mb)
    with Path(HANG_FILE).open("wb") as hang:
        faulthandler.dump_traceback_later(task.timeout * 0.95, file=hang)
        evaluation = evaluate_contained(task, request["code"])
        faulthandler.cancel_dump_traceback_later()
    result = {"metrics": dict(evaluation.metrics), "artifacts": dict(evaluation.artifacts)}
    write_frame(reply, json.dumps({"status": "done", "evaluation": result}).encode())


def evaluate_contained(task: Task, code: str) -> Evaluation:
    """Evaluate a program; whatever it raises becomes an invalid evaluation."""
    try:
        return task.evaluate(code)
    except BaseException as error:  # noqa: BLE001 - a stranger's code may raise anything, SystemExit included
        message, trace = describe_exception(error)
        return Evaluation.invalid(message, traceback=trace)


def describe_exception(error: BaseException) -> tuple[str, str]:
    """``"NameError: …"`` and a traceback cut to the program's own lines, both short, whatever the exception does.

    The text reaches a prompt and a file: it is cut, and characters that no encoding holds are replaced.
    """
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - its __str__ is a stranger's code too
        text = "(its message cannot be shown)"
    message = f"{name}: {text[:_MAX_ERROR_CHARS]}" if text else name
    frames = traceback.extract_tb(_program_frames(error.__traceback__))
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
    trace = "".join(lines)[-_MAX_TRACEBACK_CHARS:] + message
    return _printable(message), _printable(trace)


def _program_frames(trace: TracebackType | None) -> TracebackType | None:
    """Skip the frames of the evaluation itself, down to the program's first line (all, if it has none)."""
    current = trace
    while current is not None and not _is_program(current.tb_frame.f_code.co_filename):
        current = current.tb_next
    return current or trace


def _is_program(filename: str) -> bool:
    return filename == PROGRAM_FILENAME or Path(filename).name == "program.py"


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


if __name__ == "__main__":
    main()
