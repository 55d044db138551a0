"""The referee: it holds the rollout domain, asks a program in another process for actions, and computes the score.

Nothing that the program does to its own process reaches the domain, the clock or the score: observations go over,
actions come back, are decoded against a schema and checked against the space of applicable actions.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import cloudpickle

from skdecide_elm.errors import EvaluationError, ProgramError
from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.actions import check_action
from skdecide_elm.evaluation.channel import Channel, ChannelClosed
from skdecide_elm.evaluation.codec import ActionError
from skdecide_elm.evaluation.planner_host import AWAIT, DISMISS, EXIT_SECONDS, KILLED, READY, START, STATUS
from skdecide_elm.evaluation.planner_side import ACTION, EPISODE, FAILED, INDEX, STEP, Assignment, PlannerSetup

__all__ = ["DeadlinePassed", "PlannerFailed", "PlannerHost", "RemotePlanner", "deadline"]

_MAX_ANSWER_BYTES = 4 * 2**20


class PlannerFailed(ProgramError):
    """The program raised something; ``trace`` shows its own lines."""

    def __init__(self, error: str, trace: str) -> None:
        super().__init__(error)
        self.trace = trace


class DeadlinePassed(BaseException):
    """The evaluation's time is over. Not an `Exception`: no domain shall catch it by accident."""


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `DeadlinePassed` in the main thread after so many seconds, also out of a blocking read.

    Where the system has no interval timer the solver's own time limit is all there is.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def expire(number: int, frame: Any) -> None:
        raise DeadlinePassed

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


class RemotePlanner:
    """A planner in another process, as the rollout sees it."""

    def __init__(self, channel: Channel, setup: PlannerSetup) -> None:
        self._channel = channel
        self._codec = setup.codec

    def begin(self, instance: int, seed: int) -> None:
        """Have a fresh planner made for an episode.

        Raises:
            PlannerFailed, ChannelClosed: the program raised, or its process has ended.
        """
        self._ask((EPISODE, instance, seed))

    def act(self, observation: Any, space: Any, *sent: Any) -> Any:
        """The planner's action for an observation, checked against ``space``.

        Args:
            space: of the actions applicable now.
            sent: what the planner's side gets of it, where actions are restricted.

        Raises:
            ActionError: the answer is no applicable action.
            PlannerFailed, ChannelClosed: the program raised, or its process has ended.
        """
        answer = self._ask((STEP, observation, *sent))
        if answer[:1] == INDEX and sent:
            return _element(sent[0], answer[1:])
        if answer[:1] != ACTION:
            raise ActionError("expected an action; found another kind of answer")
        action = self._codec.decode(answer[1:])
        check_action(action, space)
        return action

    def _ask(self, message: tuple[Any, ...]) -> bytes:
        self._channel.send(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
        answer = self._channel.receive()
        if answer[:1] == FAILED:
            raise _failure(answer[1:])
        return answer


def _element(listed: Any, written: bytes) -> Any:
    elements = listed.get_elements()
    if not written.isdigit() or len(written) > 9 or int(written) >= len(elements):
        raise ActionError(f"expected the index of one of {len(elements)} applicable actions; found {written[:20]!r}")
    return elements[int(written)]


def _failure(written: bytes) -> ProgramError:
    try:
        report = json.loads(written)
        return PlannerFailed(str(report["error"]), str(report["traceback"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return ActionError("expected an error report; found bytes that are none")


class PlannerHost:
    """The warm process that runs programs for the referee; started anew when it is lost.

    Args:
        setup: what the planner's side knows.
        mode: ``forkserver`` (a child per program) or ``single`` (a process per program, the next one warming up).
    """

    def __init__(self, setup: PlannerSetup, mode: str) -> None:
        self._setup = setup
        self._mode = mode
        self._payload = cloudpickle.dumps(setup)
        self._process = self._start()
        self._spare = self._start() if mode == "single" else None
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

        Args:
            gone: the process has closed its end of the channel, so that its exit may be waited for.
        """
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        status, lost = self._process.dismiss(gone)
        if lost:
            self._process.kill()
            containment.kill_strays([] if self._spare is None else [self._spare.pid])
            self._process = self._spare or self._start()
            self._spare = self._start() if self._mode == "single" else None
        return status

    def close(self) -> None:
        """End all processes."""
        self._process.kill()
        if self._spare is not None:
            self._spare.kill()
        containment.kill_strays([])

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

    @property
    def pid(self) -> int:
        return self._process.pid

    def open_channel(self) -> Channel:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [START], [theirs.fileno()])
        descriptor = ours.detach()
        return Channel(descriptor, descriptor, _MAX_ANSWER_BYTES)

    def dismiss(self, gone: bool) -> tuple[int | None, bool]:
        try:
            self._control.sendall(AWAIT if gone else DISMISS)
            answer = self._control.recv(STATUS.size, socket.MSG_WAITALL)
        except OSError:
            answer = b""
        if len(answer) < STATUS.size:
            return None, True
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

    @property
    def pid(self) -> int:
        return self._process.pid

    def open_channel(self) -> Channel:
        return self._channel

    def dismiss(self, gone: bool) -> tuple[int | None, bool]:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(EXIT_SECONDS if gone else 0), True
        return None, True

    def kill(self) -> None:
        containment.end_process(self._process)


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
    if answer != READY:
        raise EvaluationError(f"expected the planner's process to be ready; it said {answer[:100]!r}")
