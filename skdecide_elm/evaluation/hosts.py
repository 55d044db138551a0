"""The warm processes that run programs, seen from the referee."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import subprocess

import cloudpickle

from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.channel import Channel, ChannelClosed
from skdecide_elm.evaluation.host_process import HostProcess, execute_host, start_host
from skdecide_elm.evaluation.planner_host import (
    AWAIT,
    CLOSE_SECONDS,
    DISMISS,
    DUMP_SECONDS,
    EXIT_SECONDS,
    HOST_READY,
    KILLED,
    START,
    STATUS,
)
from skdecide_elm.evaluation.planner_side import HANG_SIGNAL, Assignment, PlannerSetup
from skdecide_elm.evaluation.referee import RemotePlanner

__all__ = ["Control", "PlannerHost", "SingleHost"]

_MAX_ANSWER_BYTES = 4 * 2**20
_DISMISS_SECONDS = 0.5
"""How long a host may take to end a program; one that takes longer was stopped by it, and is replaced."""


class PlannerHost:
    """The warm process that runs programs for the referee; started anew when it is lost.

    Args:
        setup: what the planner's side knows.
        mode: ``forkserver`` (a child per program) or ``single`` (a process per program; the next one starts when a
            program has ended, not before: it would take the program's time, on the same core).
        process: of the host, if it was started already.
    """

    def __init__(self, setup: PlannerSetup, mode: str, process: HostProcess | None = None) -> None:
        self._setup = setup
        self._mode = mode
        self._payload = cloudpickle.dumps(setup)
        self._process: _ForkingHost | SingleHost = (
            self._start() if process is None else _ForkingHost(self._payload, process)
        )
        self._channel: Channel | None = None

    def await_ready(self) -> None:
        """Wait until the host can run programs.

        Raises:
            EvaluationError: it cannot, for instance because a factory for the planner's copy raises.
        """
        self._process.await_ready()

    def pin_to_core(self, core: int) -> None:
        """Let the present process, and all that it forks, run on one core; later ones are where we are."""
        containment.pin_to_core(core, self._process.pid)

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

    def _start(self) -> _ForkingHost | SingleHost:
        return _ForkingHost(self._payload, execute_host()) if self._mode == "forkserver" else SingleHost(self._payload)


class Control:
    """The socket on which whoever forks a child per program (`planner_host.serve`) is told what to do."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def open_channel(self) -> Channel:
        """Have a child forked, and be connected with it."""
        (their_read_end, our_write_end), (our_read_end, their_write_end) = os.pipe(), os.pipe()
        socket.send_fds(self._control, [START], [their_read_end, their_write_end])
        os.close(their_read_end)
        os.close(their_write_end)
        return Channel(our_read_end, our_write_end, _MAX_ANSWER_BYTES)

    def dismiss(self, gone: bool) -> None:
        """Have the child ended with all it has started; if it is gone, when it has ended. `status` follows."""
        with contextlib.suppress(OSError):  # `status` says so
            self._control.sendall(AWAIT if gone else DISMISS)

    def status(self) -> int | None:
        """How the child had ended by itself, `KILLED` if it had not; None: nobody answers, nor will anybody again."""
        self._control.settimeout(_DISMISS_SECONDS)
        try:
            answer = self._control.recv(STATUS.size, socket.MSG_WAITALL)
        except OSError:
            answer = b""
        if len(answer) < STATUS.size:
            return None
        self._control.settimeout(None)
        (status,) = STATUS.unpack(answer)
        return int(status)

    def close(self) -> None:
        """Have the child ended, and no other started."""
        self._control.close()


class _ForkingHost:
    """A host that forks a child per program."""

    def __init__(self, payload: bytes, started: HostProcess) -> None:
        self._process = started.process
        self.pid = self._process.pid
        self._control = Control(started.control)
        self._frames = Channel(started.control.fileno(), started.control.fileno(), _MAX_ANSWER_BYTES)
        self._ready = False
        with contextlib.suppress(ChannelClosed):  # await_ready says so
            self._frames.send(payload)

    def await_ready(self) -> None:
        if not self._ready:
            _await_ready(self._frames)
            self._ready = True

    def open_channel(self) -> Channel:
        return self._control.open_channel()

    def dismiss(self, gone: bool) -> tuple[int | None, bool]:
        self._control.dismiss(gone)
        status = self._control.status()
        if status is None:
            return _exit_code(self._process, EXIT_SECONDS), True
        return (None if status == KILLED else status), False

    def kill(self) -> None:
        self._control.close()
        containment.end_process(self._process)


class SingleHost:
    """A host that plays one program itself, over pipes that are its standard input and output."""

    def __init__(self, payload: bytes) -> None:
        self._process = start_host("single", subprocess.PIPE, subprocess.PIPE)
        self.pid = self._process.pid
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
        """Wait until it can play. Raises as `PlannerHost.await_ready` does."""
        if not self._ready:
            _await_ready(self._channel)
            self._ready = True

    def open_channel(self) -> Channel:
        """The channel to the program."""
        return self._channel

    def dismiss(self, gone: bool) -> tuple[int | None, bool]:
        """How the program had ended by itself, and that the host is lost by it."""
        status = _exit_code(self._process, EXIT_SECONDS if gone else CLOSE_SECONDS)
        if status is None and HANG_SIGNAL is not None:
            self._process.send_signal(HANG_SIGNAL)  # it hangs: have it write down where
            _exit_code(self._process, DUMP_SECONDS)
        return status, True

    def kill(self) -> None:
        """End the process and its group."""
        containment.end_process(self._process)


def _exit_code(process: containment.Process, seconds: float) -> int | None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(seconds)
    return None


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
