"""Starting the process of a planner's host: executed afresh, or forked from a worker that knows nothing yet."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from skdecide_elm.evaluation.containment import Process, scrubbed_environment

__all__ = ["HostProcess", "execute_host", "fork_host", "start_host"]


@dataclass(frozen=True)
class HostProcess:
    """A host that is told by a socket, its standard input and output, to fork a child per program.

    Attributes:
        process: itself.
        control: our end of the socket.
    """

    process: Process
    control: socket.socket


def execute_host() -> HostProcess:
    """A host that shares nothing with this process; it has to import everything first, which is not waited for."""
    control, theirs = socket.socketpair()
    with theirs:
        return HostProcess(start_host("forkserver", theirs.fileno(), theirs.fileno()), control)


def start_host(mode: str, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    """The process of a host, without waiting for it."""
    command = [sys.executable, "-m", "skdecide_elm.evaluation.planner_host", mode]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, env=scrubbed_environment(), start_new_session=True)


def fork_host(main: Callable[[str], None]) -> HostProcess:
    """A host with all that this process has imported, in half the time.

    It also has all that this process knows. So this is for a process that has been executed with a scrubbed environment
    and has read nothing of its task, has one thread, and no descriptors open but those of its standard streams.

    Args:
        main: of the host, given its mode.
    """
    control, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        control.close()
        _become_host(main, theirs)
    theirs.close()
    return HostProcess(_Forked(pid), control)


def _become_host(main: Callable[[str], None], control: socket.socket) -> NoReturn:
    status = 1
    try:
        os.setsid()
        for stream in (0, 1):
            os.dup2(control.fileno(), stream)
        control.close()
        main("forkserver")
        status = 0
    except BaseException:  # noqa: BLE001 - a user's factory may raise anything; told as an interpreter does
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


class _Forked:
    """A forked child, handled as `subprocess.Popen` handles an executed one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            if not select.select([self._handle], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("planner_host", timeout or 0.0)
            self._code = 0
            with suppress(ChildProcessError):  # somebody reaped it, as Popen may find too
                self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self._handle)
        return self._code

    def kill(self) -> None:
        if self._code is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
