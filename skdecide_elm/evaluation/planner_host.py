"""The planner's host: ``python -m skdecide_elm.evaluation.planner_host MODE``, or a fork of a worker that is as new.

It holds the planner's own copies of the domains, warm, and runs each program in a process of its own: in the mode
``forkserver`` in a forked child, which it kills with all it has started when the referee says so; in the mode
``single`` in itself, once.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import cloudpickle
from skdecide import Domain

from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.channel import Channel, ChannelClosed
from skdecide_elm.evaluation.isolation import confine_parent, prepare_isolation
from skdecide_elm.evaluation.planner_side import HANG_SIGNAL, Assignment, PlannerSetup, Preparation, play
from skdecide_elm.evaluation.preloading import import_modules
from skdecide_elm.evaluation.randomness import derive_seed, make_unseeded_generators_follow, seed_everything

__all__ = [
    "AWAIT",
    "CLOSE_SECONDS",
    "DISMISS",
    "DUMP_SECONDS",
    "EXIT_SECONDS",
    "HOST_READY",
    "KILLED",
    "MAX_FRAME_BYTES",
    "START",
    "STATUS",
    "main",
    "serve",
]

MAX_FRAME_BYTES = 2**30
"""Of frames from the referee, who is trusted; the other direction has a limit of its own."""

HOST_READY = b"ready"
START, DISMISS, AWAIT = b"S", b"K", b"W"
"""Commands on the control socket: play a program (with the descriptors of its channel); be done with it; be done with
it when it has ended, which it is about to do."""

EXIT_SECONDS = 0.2
"""How long a process that has closed its channel may take to end."""

CLOSE_SECONDS = 0.03
"""How long a process whose channel we have closed may take to notice and to end."""

DUMP_SECONDS = 0.03
"""How long a process may take to write down where it hangs."""

_PLAYED_UNTIL_COLLAPSE = 16
"""Programs after which the host takes a tenth of a second to make the following ones cheaper."""

STATUS = struct.Struct(">i")
"""The answer to `DISMISS`: how the program's process had ended, or `KILLED` if it had not."""

KILLED = -(2**31)


def main(mode: str) -> None:
    """Serve programs until the referee closes our input (or, in the mode ``single``, play one)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the solver
    # descriptors of their own: what a domain prints must not mix with the frames
    control = Channel(os.dup(0), os.dup(1), MAX_FRAME_BYTES)
    os.dup2(2, 1)
    make_unseeded_generators_follow()
    try:
        setup: PlannerSetup = cloudpickle.loads(control.receive())
    except ChannelClosed:  # the referee could not make itself ready, and says why
        return
    copies = [_build(setup, instance) for instance in range(len(setup.copies))]
    import_modules(setup.preload)
    prepare_isolation(setup.policy(Path.cwd()))
    sys.stdout.flush()  # what a domain has printed is not the output of a program
    containment.buffer_lines()
    control.send(HOST_READY)
    if mode == "single":
        containment.die_with_parent()  # the program may be in no state to notice that the referee has gone
        _play_and_exit(_preparation(setup, copies, control), control)
    else:
        control.close()  # a program must not find it open
        commands = socket.socket(fileno=os.dup(0))
        confine_parent(setup.policy(Path.cwd()))
        serve(commands, setup, copies)


def _build(setup: PlannerSetup, instance: int) -> Domain:
    """The planner's own copy, with other luck than the rollout's domain."""
    seed_everything(derive_seed(setup.seed, "copy", instance))
    return setup.copies[instance]()


def serve(control: socket.socket, setup: PlannerSetup, copies: Sequence[Domain]) -> None:
    """Run programs in forked children until the client closes the control socket."""
    containment.adopt_orphans()
    gc.collect()
    gc.freeze()  # spares every child a collection that would copy the pages it shares with us
    played = 0
    while True:
        command, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not command:
            return
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # what the program executes must not inherit it
        channel = Channel(descriptors[0], descriptors[1], MAX_FRAME_BYTES)
        preparation = _preparation(setup, copies, channel)
        pid = os.fork()
        if pid == 0:
            control.close()
            os.setsid()
            containment.die_with_parent()
            _play_and_exit(preparation, channel)
        preparation.close()
        channel.close()
        status = _await_end(pid, control)
        if status is None:
            return
        control.sendall(STATUS.pack(status))
        played += 1
        if played == _PLAYED_UNTIL_COLLAPSE:
            containment.collapse_memory()


def _preparation(setup: PlannerSetup, copies: Sequence[Domain], channel: Channel) -> Preparation:
    assignment: Assignment = pickle.loads(channel.receive())
    return Preparation(setup, copies, assignment)


def _play_and_exit(preparation: Preparation, channel: Channel) -> NoReturn:
    """Play one program in this very process, and end it at once, whatever the program has left running in it."""
    try:
        play(preparation, channel)
    finally:
        os._exit(0)


def _await_end(pid: int, control: socket.socket) -> int | None:
    """Wait until the referee is done with the program, and end it; None if the referee has gone."""
    process = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([control.fileno(), process], [], [])
        command = b"" if process in ready else control.recv(1)
        ended = not command or _has_ended(process, EXIT_SECONDS if command == AWAIT else CLOSE_SECONDS)
        status = containment.exit_status(pid) if ended else None
        if not ended:
            assert HANG_SIGNAL is not None  # where there is fork there are signals
            os.kill(pid, HANG_SIGNAL)  # it hangs: have it write down where
            _has_ended(process, DUMP_SECONDS)
        containment.kill_family(pid)  # what it left behind may hold the channel open
    finally:
        os.close(process)
    if process in ready:
        command = control.recv(1)
    if not command:
        return None
    return KILLED if status is None else status


def _has_ended(process: int, seconds: float) -> bool:
    return bool(select.select([process], [], [], seconds)[0])


if __name__ == "__main__":
    main(sys.argv[1])
