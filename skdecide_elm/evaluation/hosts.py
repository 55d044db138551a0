"""The warm processes that run programs, seen from the referee."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import subprocess
import sys

import cloudpickle

from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.channel import Channel, ChannelClosed
from skdecide_elm.evaluation.planner_host import AWAIT, DISMISS, EXIT_SECONDS, HOST_READY, KILLED, START, STATUS
from skdecide_elm.evaluation.planner_side import Assignment, PlannerSetup
from skdecide_elm.evaluation.referee import RemotePlanner

__all__ = ["PlannerHost"]

_MAX_ANSWER_BYTES = 4 * 2**20
_DISMISS_SECONDS = 0.5
"""How long a host may take to end a program; one that takes longer was stopped by it, and is replaced."""


class PlannerHost:
    """The warm process that runs programs for the referee; started anew when it is lost.

    Args:
        setup: what the planner's side knows.
        mode: ``forkserver`` (a child per program) or ``single`` (a process per program; the next one starts when a
            program has ended, not before: it would take the program's time, on the same core).
    """

    def __init__(self, setup: PlannerSetup, mode: str) -> None:
        self._setup = setup
        self._mode = mode
        self._payload = cloudpickle.dumps(setup)
        self._process = self._start()
        self._channel: Channel | None = None

    def await_ready(self) -> None:
        """Wait until the host can run programs.

        Raises:
            EvaluationError: it cannot, for instance because a factory for the planner's copy raises.
        """
        self._process.await_ready()

    def begin(self, assignment: Assignment) -> RemotePlanner:
        """Give a program to a fresh process. Raises as `await_ready` does."""
        self._process.await_ready()
        self._channel = self._process.open_channel()
        self._channel.send(pickle.dumps(assignment))
        return RemotePlanner(self._channel, self._setup)

    def finish(self, gone: bool) -> int | None:
        """End the program's process with all it has started; how it had ended by itself, None if it had not.

        A host that the program has killed is replaced; how the host ended is what is told then.

        Args:
            gone: the process has closed its end of the channel, so that its exit may be waited for.
        """
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        status, lost = self._process.dismiss(gone)
        if lost:
            self._process.kill()
            containment.kill_strays()
            self._process = self._start()
        return status

    def close(self) -> None:
        """End all processes."""
        self._process.kill()
        containment.kill_strays()

    def _start(self) -> _ForkingHost | _SingleHost:
        kind = _ForkingHost if self._mode == "forkserver" else _SingleHost
        return kind(self._payload)


class _ForkingHost:
    """A host that forks a child per program, told so over a socket that is its standard input and output."""

    def __init__(self, payload: bytes) -> None:
        self._control, theirs = socket.socketpair()
        self._process = _popen("forkserver", theirs.fileno(), theirs.fileno())
        theirs.close()
        self._frames = Channel(self._control.fileno(), self._control.fileno(), _MAX_ANSWER_BYTES)
        self._ready = False
        with contextlib.suppress(ChannelClosed):  # await_ready says so
            self._frames.send(payload)

    def await_ready(self) -> None:
        if not self._ready:
            _await_ready(self._frames)
            self._ready = True

    def open_channel(self) -> Channel:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [START], [theirs.fileno()])
        descriptor = ours.detach()
        return Channel(descriptor, descriptor, _MAX_ANSWER_BYTES)

    def dismiss(self, gone: bool) -> tuple[int | None, bool]:
        self._control.settimeout(_DISMISS_SECONDS)
        try:
            self._control.sendall(AWAIT if gone else DISMISS)
            answer = self._control.recv(STATUS.size, socket.MSG_WAITALL)
        except OSError:
            answer = b""
        if len(answer) < STATUS.size:
            return _exit_code(self._process, EXIT_SECONDS), True
        self._control.settimeout(None)
        (status,) = STATUS.unpack(answer)
        return (None if status == KILLED else status), False

    def kill(self) -> None:
        self._control.close()
        containment.end_process(self._process)


class _SingleHost:
    """A host that plays one program itself, over pipes that are its standard input and output."""

    def __init__(self, payload: bytes) -> None:
        self._process = _popen("single", subprocess.PIPE, subprocess.PIPE)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._channel = Channel(
            os.dup(self._process.stdout.fileno()), os.dup(self._process.stdin.fileno()), _MAX_ANSWER_BYTES
        )
        self._process.stdin.close()
        self._process.stdout.close()
        self._ready = False
        with contextlib.suppress(ChannelClosed):
            self._channel.send(payload)

    def await_ready(self) -> None:
        if not self._ready:
            _await_ready(self._channel)
            self._ready = True

    def open_channel(self) -> Channel:
        return self._channel

    def dismiss(self, gone: bool) -> tuple[int | None, bool]:
        return _exit_code(self._process, EXIT_SECONDS if gone else 0), True

    def kill(self) -> None:
        containment.end_process(self._process)


def _exit_code(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(seconds)
    return None


def _popen(mode: str, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "skdecide_elm.evaluation.planner_host", mode]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, start_new_session=True)


def _await_ready(channel: Channel) -> None:
    try:
        answer = channel.receive()
    except ChannelClosed as error:
        raise EvaluationError(
            "expected the planner's process to build its own copies of the domains; it ended instead: check that "
            "planner_domain_factory works in a fresh Python process"
        ) from error
    if answer != HOST_READY:
        raise EvaluationError(f"expected the planner's process to be ready; it said {answer[:100]!r}")
