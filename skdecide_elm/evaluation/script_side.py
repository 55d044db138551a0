"""A user's own evaluation script, run in a process that is killed at the time limit with all it has started.

In the mode ``forkserver`` each program is served by a forked child; in the mode ``single`` by this process itself,
which the solver then ends.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import select
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import BinaryIO, NoReturn

from skdecide_elm.core import Evaluation
from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.failure import failed_evaluation
from skdecide_elm.evaluation.frames import FrameReader, read_frame, write_frame
from skdecide_elm.evaluation.isolation import IsolationPolicy
from skdecide_elm.evaluation.isolation.limits import cpu_seconds_within, limit_resources
from skdecide_elm.evaluation.messages import READY, Failure, encode_evaluation, encode_failure
from skdecide_elm.evaluation.planner_side import HANG_FILE, OUTPUT_FILE, seconds_until_dump
from skdecide_elm.evaluation.referee import PlannerFailed
from skdecide_elm.evaluation.task import ScriptTask

__all__ = ["run_scripts"]

_POLL_SECONDS = 0.02


def run_scripts(task: ScriptTask, mode: str, requests: BinaryIO, replies: BinaryIO) -> None:
    """Serve programs until the solver closes our input (in the mode ``single``: one program)."""
    if mode == "forkserver":
        containment.die_with_parent(False)  # rather notice it, and take the program's family along
        warm_host = _start_warm_host()
        write_frame(replies, READY)
        _serve(task, requests, replies, warm_host)
        return
    write_frame(replies, READY)
    if (request := read_frame(requests)) is not None:
        threading.Thread(target=_end_with_solver, args=[requests.fileno()], daemon=True).start()
        _evaluate_and_exit(task, json.loads(request), replies)


def _end_with_solver(requests: int) -> NoReturn:
    os.read(requests, 1)  # nothing more is sent: this returns when the solver closes the pipe, or dies
    os._exit(1)


def _start_warm_host() -> int | None:
    """Where the script uses isolated planners: the process that they are forked from, which outlives our children."""
    module = sys.modules.get("skdecide_elm.evaluation.warm_host")
    return None if module is None else int(module.start_warm_host())


def _serve(task: ScriptTask, requests: BinaryIO, replies: BinaryIO, warm_host: int | None) -> None:
    containment.adopt_orphans()
    gc.collect()
    gc.freeze()  # spares every child a collection that would copy the pages it shares with us
    while (request := read_frame(requests)) is not None:
        answer = _supervise(task, json.loads(request), requests, replies, warm_host)
        if answer is None:
            return
        write_frame(replies, answer)
        write_frame(replies, READY)


def _supervise(
    task: ScriptTask, request: dict[str, str], requests: BinaryIO, replies: BinaryIO, warm_host: int | None
) -> bytes | None:
    """Run one request in a forked child; None when the solver has gone."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        for inherited in (requests.fileno(), replies.fileno(), read_end):
            os.close(inherited)
        os.setsid()
        containment.die_with_parent()
        _evaluate_and_exit(task, request, os.fdopen(write_end, "wb"))
    os.close(write_end)
    try:
        return _await_answer(pid, read_end, requests.fileno(), time.monotonic() + task.timeout)
    except EvaluationError:
        return encode_failure(Failure("malformed"))
    finally:
        os.close(read_end)
        containment.kill_family(pid, warm_host)


def _await_answer(pid: int, pipe: int, solver: int, deadline: float) -> bytes | None:
    """What the child writes, unread; or what became of it; None when the solver has gone."""
    reader = FrameReader()
    sources, status = [pipe, solver], None
    while (remaining := deadline - time.monotonic()) > 0:
        # once the child has ended there is no need to wait for what it left in the pipe
        ready, _, _ = select.select(sources, [], [], min(remaining, _POLL_SECONDS) if status is None else 0)
        if solver in ready:
            return None  # nothing is sent while we are busy: this is the end of the file
        if pipe in ready:
            chunk = os.read(pipe, 65536)
            if (frame := reader.feed(chunk)) is not None:
                return frame
            if not chunk:
                sources.remove(pipe)  # the child has ended, or has merely closed it
        elif status is not None:
            return encode_failure(Failure("died", status))
        else:  # something that it started may still hold the pipe
            status = containment.exit_status(pid)
    return encode_failure(Failure("timeout"))


def _evaluate_and_exit(task: ScriptTask, request: dict[str, str], reply: BinaryIO) -> NoReturn:
    """Evaluate in this very process, and end it at once, whatever the program has left running in it."""
    try:
        _evaluate_here(task, request, reply)
    finally:
        os._exit(0)


def _evaluate_here(task: ScriptTask, request: dict[str, str], reply: BinaryIO) -> None:
    os.chdir(request["workdir"])
    tempfile.tempdir = request["workdir"]  # removed with all that a killed script has left there
    containment.redirect_output(Path(OUTPUT_FILE))  # of the working folder
    _limit_resources(task, Path(request["workdir"]))
    with Path(HANG_FILE).open("wb") as hang:
        faulthandler.enable(hang)
        faulthandler.dump_traceback_later(seconds_until_dump(task.timeout), file=hang)
        evaluation = _evaluate_contained(task, request["code"])
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()
    write_frame(reply, encode_evaluation(evaluation))


def _limit_resources(task: ScriptTask, workdir: Path) -> None:
    limits = IsolationPolicy(
        writable=workdir.resolve(),
        memory_limit_mb=task.memory_limit_mb,
        cpu_seconds=cpu_seconds_within(task.timeout),
        max_open_files=None,
        threads=True,
    )
    with contextlib.suppress(OSError):  # Windows has none
        limit_resources(limits)


def _evaluate_contained(task: ScriptTask, code: str) -> Evaluation:
    """Evaluate a program; whatever it raises becomes an invalid evaluation."""
    if planners := sys.modules.get("skdecide_elm.evaluation.isolated_planner"):
        planners.end_planners_after(task.timeout)
    try:
        return task.evaluate(code)
    except PlannerFailed as failure:
        return Evaluation.invalid(str(failure), traceback=failure.trace)
    except BaseException as error:  # noqa: BLE001 - a stranger's code may raise anything, SystemExit included
        return failed_evaluation(error)
