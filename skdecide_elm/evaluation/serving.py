"""What a worker does once it is warm: it reads frames from its standard input and answers with frames on its output.

    → the task (cloudpickle: it comes from the user's own process)      ← an empty frame: ready
    → {"code": …, "workdir": …, "bar": … if it races}                   ← an answer, as `messages` has it
                                                                        ← an empty frame: ready for the next

For rollouts it is the referee, and programs run in the processes of its `PlannerHost`. For a user's own script it
starts a process per program, in which the script runs.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

import cloudpickle

from skdecide_elm.core import COMBINED_SCORE, Evaluation
from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.frames import read_frame, write_frame
from skdecide_elm.evaluation.host_process import HostProcess
from skdecide_elm.evaluation.hosts import PlannerHost
from skdecide_elm.evaluation.messages import READY, UNSEEDED, encode_evaluation
from skdecide_elm.evaluation.planner_side import Assignment
from skdecide_elm.evaluation.racing import Bar
from skdecide_elm.evaluation.randomness import make_unseeded_generators_follow, seed_everything
from skdecide_elm.evaluation.referee import DeadlinePassed, deadline
from skdecide_elm.evaluation.refereed import evaluate_with_referee, planner_setup
from skdecide_elm.evaluation.script_side import run_scripts
from skdecide_elm.evaluation.seeding import find_unseeded
from skdecide_elm.evaluation.task import RolloutTask, ScriptTask, Task

__all__ = ["serve"]

_MAX_PRINTED_BYTES = 2**20


def serve(mode: str, core: int, host: HostProcess | None) -> None:
    """Serve evaluations until standard input closes.

    Args:
        mode: how processes for programs are made.
        core: number of the core for rollouts.
        host: of the planner, on its way; None: one is started when it is needed.
    """
    # descriptors of their own: what the domain or a program does with 0 and 1 must not mix with the frames
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    setup = read_frame(requests)
    if setup is None:
        return
    task = _load_task(setup)
    if isinstance(task, RolloutTask):
        _judge_programs(task, PlannerHost(planner_setup(task), mode, host), core, requests, replies)
    elif isinstance(task, ScriptTask):
        run_scripts(task, mode, requests, replies)


def _judge_programs(task: RolloutTask, host: PlannerHost, core: int, requests: BinaryIO, replies: BinaryIO) -> None:
    containment.adopt_orphans()
    try:
        host.await_ready()
        containment.pin_to_core(core)
        host.pin_to_core(core)
        containment.die_with_parent(False)  # rather notice it, and take the program's family along
        write_frame(replies, READY)
        for request in _until_solver_goes(requests, host):
            write_frame(replies, _answer(task, request, host))
            _forget_what_was_printed()
            host.await_ready()  # it may have to start first, which is no program's time
            write_frame(replies, READY)
    finally:
        host.close()


def _answer(task: RolloutTask, request: dict[str, Any], host: PlannerHost) -> bytes:
    if request.get("check") == "seeding":
        return encode_evaluation(Evaluation({COMBINED_SCORE: 0.0}, {UNSEEDED: _seeding_problem(task)}))
    bar = Bar.from_json(request["bar"]) if "bar" in request else None
    return evaluate_with_referee(task, Assignment(request["code"], request["workdir"]), host, bar)


def _seeding_problem(task: RolloutTask) -> str:
    try:
        with deadline(task.timeout):
            return find_unseeded(task)
    except DeadlinePassed:
        return ""
    except Exception:  # noqa: BLE001 - the domain may raise anything at random actions
        return ""


def _forget_what_was_printed() -> None:
    """Keep the file of our standard output and error small: a domain may print at each step."""
    if os.fstat(2).st_size > _MAX_PRINTED_BYTES:
        os.ftruncate(2, 0)


def _until_solver_goes(requests: BinaryIO, host: PlannerHost) -> Iterator[dict[str, Any]]:
    """The requests as they come; the process ends when the solver closes our input, even in the middle of a program."""
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        while (request := read_frame(requests)) is not None:
            waiting.put(request)
        host.close()
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(waiting.get())


def _load_task(setup: bytes) -> Task:
    seed_everything(0)
    make_unseeded_generators_follow()
    task: Task = cloudpickle.loads(setup)
    task.warm_up()
    sys.stdout.flush()  # what the domain has printed is not the output of a program
    return task
