"""The process in which programs run: ``python -m skdecide_elm.evaluation.worker MODE``.

It is executed afresh with a scrubbed environment (the process that holds keys is never forked), reads frames from its
standard input and answers with frames on its standard output:

    → the task (cloudpickle: it comes from the user's own process)      ← an empty frame: ready
    → {"code": …, "workdir": …}                                         ← an answer, as `messages` has it

In the mode ``forkserver`` each request is served by a forked child, which starts in milliseconds; the server kills it
at the time limit with everything it has started. In the mode ``single`` (where the system cannot fork) the process
serves one request itself and the other side kills it.

One of the two places of the package where a stranger's code is contained (the other is the solved policy).
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import select
import signal
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO, NoReturn

import cloudpickle

from skdecide_elm.core import Evaluation
from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.failure import failed_evaluation
from skdecide_elm.evaluation.frames import FrameReader, read_frame, write_frame
from skdecide_elm.evaluation.messages import Failure, encode_evaluation, encode_failure
from skdecide_elm.evaluation.randomness import make_unseeded_generators_follow, seed_everything
from skdecide_elm.evaluation.task import Task

__all__ = ["HANG_FILE", "OUTPUT_FILE", "evaluate_contained", "main"]

OUTPUT_FILE = "output.txt"
"""In the working folder: what the program printed."""

HANG_FILE = "hang.txt"
"""In the working folder: where the program was when it crashed, or just before the time limit."""

_POLL_SECONDS = 0.02


def main() -> None:
    """Serve evaluations until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the solver, which closes our input
    containment.die_with_parent()
    # descriptors of their own: what the domain or a program does with 0 and 1 must not mix with the frames
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    setup = read_frame(requests)
    if setup is None:
        return
    task = _load_task(setup)
    write_frame(replies, b"")
    if sys.argv[1] == "forkserver":
        containment.die_with_parent(False)  # rather notice it, and take the program's family along
        _serve(task, requests, replies)
    elif (request := read_frame(requests)) is not None:
        threading.Thread(target=_end_with_solver, args=[requests.fileno()], daemon=True).start()
        _evaluate_and_exit(task, json.loads(request), replies)


def _end_with_solver(requests: int) -> NoReturn:
    os.read(requests, 1)  # nothing more is sent: this returns when the solver closes the pipe, or dies
    os._exit(1)


def _load_task(setup: bytes) -> Task:
    seed_everything(0)
    make_unseeded_generators_follow()
    task: Task = cloudpickle.loads(setup)
    task.warm_up()
    sys.stdout.flush()  # what the domain has printed is not the output of a program
    return task


def _serve(task: Task, requests: BinaryIO, replies: BinaryIO) -> None:
    containment.adopt_orphans()
    gc.collect()
    gc.freeze()  # spares every child a collection that would copy the pages it shares with us
    while (request := read_frame(requests)) is not None:
        answer = _supervise(task, json.loads(request), requests, replies)
        if answer is None:
            return
        write_frame(replies, answer)


def _supervise(task: Task, request: dict[str, str], requests: BinaryIO, replies: BinaryIO) -> bytes | None:
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
        containment.kill_family(pid)


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


def _evaluate_and_exit(task: Task, request: dict[str, str], reply: BinaryIO) -> NoReturn:
    """Evaluate in this very process, and end it at once, whatever the program has left running in it."""
    try:
        _evaluate_here(task, request, reply)
    finally:
        os._exit(0)


def _evaluate_here(task: Task, request: dict[str, str], reply: BinaryIO) -> None:
    os.chdir(request["workdir"])
    containment.redirect_output(Path(OUTPUT_FILE))  # of the working folder
    containment.limit_resources(task.timeout, task.memory_limit_mb)
    with Path(HANG_FILE).open("wb") as hang:
        faulthandler.enable(hang)
        faulthandler.dump_traceback_later(task.timeout * 0.95, file=hang)
        evaluation = evaluate_contained(task, request["code"])
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()
    write_frame(reply, encode_evaluation(evaluation))


def evaluate_contained(task: Task, code: str) -> Evaluation:
    """Evaluate a program; whatever it raises becomes an invalid evaluation."""
    try:
        return task.evaluate(code)
    except BaseException as error:  # noqa: BLE001 - a stranger's code may raise anything, SystemExit included
        return failed_evaluation(error)


if __name__ == "__main__":
    main()
