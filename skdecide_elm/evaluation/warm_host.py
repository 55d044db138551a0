"""The one warm process per script in which isolated planners are forked, seen from the script."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pickle
import site
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import cloudpickle

from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation.containment import end_process, scrubbed_environment
from skdecide_elm.evaluation.hosts import Control, SingleHost
from skdecide_elm.evaluation.isolation.importable import readable_to_programs
from skdecide_elm.evaluation.planner_host import KILLED
from skdecide_elm.evaluation.planner_side import Assignment, PlannerSetup
from skdecide_elm.evaluation.referee import RemotePlanner
from skdecide_elm.evaluation.script_host import KEEPER_READY, MAX_REQUEST_BYTES

__all__ = ["Line", "open_line", "own_modules", "put_back", "start_warm_host"]

_INSTALLED = tuple({sys.prefix, sys.base_prefix, *site.getsitepackages(), os.fspath(Path(__file__).parents[1])})
_START_SECONDS = 120
_END_SECONDS = 1


class Line(Protocol):
    """A way to have programs run in processes of their own, one at a time."""

    def start(self, assignment: Assignment, setup: PlannerSetup) -> RemotePlanner:
        """Run a program, whose setup is the assignment's."""

    def abort(self) -> None:
        """Kill the program at once, so that its channel ends; from any thread. `finish` follows."""

    def finish(self, gone: bool) -> int | None:
        """End the program with all it has started; how it had ended by itself, None if it had not."""


class _Keeper:
    """A process, forked by the warm one, that keeps the programs of this process."""

    def __init__(self, control: socket.socket) -> None:
        self._control = Control(control)
        self._telling = threading.Lock()
        self._is_dismissed = False
        self.owner = os.getpid()
        self.lost = False

    def start(self, assignment: Assignment, setup: PlannerSetup) -> RemotePlanner:
        self._is_dismissed = False
        self._channel = self._control.open_channel()
        self._channel.send(pickle.dumps(assignment))
        return RemotePlanner(self._channel, setup)

    def abort(self) -> None:
        self._dismiss(gone=False)

    def finish(self, gone: bool) -> int | None:
        self._channel.close()
        self._dismiss(gone)
        status = self._control.status()
        if status is None:
            self.lost = True
            self._control.close()
        return None if status == KILLED else status

    def _dismiss(self, gone: bool) -> None:
        with self._telling:
            if not self._is_dismissed:
                self._is_dismissed = True
                self._control.dismiss(gone)

    def close(self) -> None:
        self._control.close()


class _SingleLine:
    """A fresh process for each program, where processes that hold libraries cannot be forked."""

    def __init__(self, setup: PlannerSetup) -> None:
        self._host = SingleHost(bytes(cloudpickle.dumps(setup)))
        self._channel = self._host.open_channel()
        try:
            self._host.await_ready()  # before the program's time begins
        except EvaluationError:
            self._host.kill()
            raise

    def start(self, assignment: Assignment, setup: PlannerSetup) -> RemotePlanner:
        self._channel.send(pickle.dumps(assignment))
        return RemotePlanner(self._channel, setup)

    def abort(self) -> None:
        self._host.dismiss(gone=False)
        self._host.kill()

    def finish(self, gone: bool) -> int | None:
        self._channel.close()
        status, _ = self._host.dismiss(gone)
        self._host.kill()
        return status


class _WarmHost:
    """The warm process."""

    def __init__(self) -> None:
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "skdecide_elm.evaluation.script_host"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=scrubbed_environment(),
                start_new_session=True,
            )

    def keeper(self, modules: Iterable[str]) -> _Keeper:
        """A new keeper, once these modules are imported.

        Raises:
            OSError: the warm process has ended.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._door, [_request(modules)], [theirs.fileno()])
        ours.settimeout(_START_SECONDS)
        if ours.recv(1) != KEEPER_READY:
            ours.close()
            raise ConnectionResetError("the process has ended")
        ours.settimeout(None)
        return _Keeper(ours)

    def close(self) -> None:
        self._door.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_END_SECONDS)
        end_process(self.process)


def _request(modules: Iterable[str]) -> bytes:
    chosen: list[str] = []
    size = 2
    for module in sorted(set(modules)):
        size += len(module) + 4
        if size < MAX_REQUEST_BYTES:
            chosen.append(module)
    return json.dumps(chosen).encode()


_lock = threading.Lock()
_host: _WarmHost | None = None
_idle: list[_Keeper] = []


def start_warm_host() -> int:
    """Start the warm process, if it is not there, without waiting for it; its number.

    Processes forked from this one share it, and it ends with the last of them.
    """
    global _host
    with _lock:
        if _host is None:
            _host = _WarmHost()
            readable_to_programs([])  # remembered, also by the processes forked from this one
            atexit.register(_close, os.getpid())
        return _host.process.pid


def open_line(setup: PlannerSetup, modules: Iterable[str], mode: str) -> Line:
    """A line for one program at a time.

    Args:
        setup: of the program.
        modules: that the warm process imports first.
        mode: ``forkserver`` or ``single``.

    Raises:
        EvaluationError: no process can be started.
    """
    if mode == "single":
        return _SingleLine(setup)
    with _lock:
        while _idle:
            keeper = _idle.pop()
            if keeper.owner == os.getpid():
                return keeper
    return _new_keeper(tuple(modules))


def own_modules() -> set[str]:
    """The modules of this process that belong to no installed package: the script's own.

    Their classes may occur in observations, and a confined process may not be able to read them.
    """
    found = set()
    for name, module in tuple(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and not file.startswith(_INSTALLED) and name not in ("__main__", "__mp_main__"):
            found.add(name)
    return found


def put_back(line: Line) -> None:
    """Keep a line for the next program, if it can be used again."""
    if isinstance(line, _Keeper) and not line.lost:
        with _lock:
            _idle.append(line)


def _new_keeper(modules: tuple[str, ...]) -> _Keeper:
    global _host
    for _ in range(2):
        start_warm_host()
        host = _host
        assert host is not None
        try:
            return host.keeper(modules)
        except OSError:
            with _lock:
                _host = None if _host is host else _host
    raise EvaluationError(
        "expected to start a process for programs; it ended at once: check that skdecide_elm works in a fresh Python "
        "process"
    )


def _close(owner: int) -> None:
    if os.getpid() == owner and _host is not None:  # not in a fork of the process that has started it
        for keeper in _idle:
            keeper.close()
        _host.close()
