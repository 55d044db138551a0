"""A user's own evaluation script, run in a process that is killed at the time limit with all it has started.

In the mode ``forkserver`` each program is served by a forked child; in the mode ``single`` by this process itself, which
the solver then ends.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import select
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.failures import describe_exception
from skdecide_elm.evaluation.frames import FrameReader, read_frame, write_frame
from skdecide_elm.evaluation.planner_side import HANG_FILE, OUTPUT_FILE
from skdecide_elm.evaluation.task import ScriptTask

__all__ = ["run_scripts"]

_MAX_REPLY_BYTES = 4 * 2**20
_POLL_SECONDS = 0.02


def run_scripts(task: ScriptTask, mode: str, requests: BinaryIO, replies: BinaryIO) -> None:
    """Serve programs until the solver closes our input (in the mode ``single``: one program)."""
    if mode == "forkserver":
        _serve(task, requests, replies)
    elif (request := read_frame(requests)) is not None:
        threading.Thread(target=_end_with_solver, args=[requests], daemon=True).start()
        _evaluate_here(task, json.loads(request), replies)


def _end_with_solver(requests: BinaryIO) -> None:
    requests.read()  # nothing more is sent: this returns when the solver closes the pipe, or dies
    os._exit(1)


def _serve(task: ScriptTask, requests: BinaryIO, replies: BinaryIO) -> None:
    containment.adopt_orphans()
    gc.collect()
    gc.freeze()  # spares every child a collection that would copy the pages it shares with us
    while (request := read_frame(requests)) is not None:
        reply = _supervise(task, json.loads(request), requests.fileno())
        if reply is None:
            return
        write_frame(replies, json.dumps(reply).encode())


def _supervise(task: ScriptTask, request: dict[str, str], solver: int) -> dict[str, Any] | None:
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


def _child(task: ScriptTask, request: dict[str, str], reply: BinaryIO) -> NoReturn:
    try:
        os.setsid()
        containment.die_with_parent()
        _evaluate_here(task, request, reply)
    finally:
        os._exit(0)


def _evaluate_here(task: ScriptTask, request: dict[str, str], reply: BinaryIO) -> None:
    """Evaluate in this very process, its output going to a file of the working folder."""
    os.chdir(request["workdir"])
    containment.redirect_output(Path(OUTPUT_FILE))
    containment.limit_resources(task.timeout, task.memory_limit_mb)
    with Path(HANG_FILE).open("wb") as hang:
        faulthandler.dump_traceback_later(task.timeout * 0.95, file=hang)
        evaluation = _evaluate_contained(task, request["code"])
        faulthandler.cancel_dump_traceback_later()
    result = {"metrics": dict(evaluation.metrics), "artifacts": dict(evaluation.artifacts)}
    write_frame(reply, json.dumps({"status": "done", "evaluation": result}).encode())


def _evaluate_contained(task: ScriptTask, code: str) -> Evaluation:
    """Evaluate a program; whatever it raises becomes an invalid evaluation."""
    try:
        return task.evaluate(code)
    except BaseException as error:  # noqa: BLE001 - a stranger's code may raise anything, SystemExit included
        message, trace = describe_exception(error)
        return Evaluation.invalid(message, traceback=trace)
