"""Starting the process of a planner's host, which takes no more than the standard library."""

from __future__ import annotations

import socket
import subprocess
import sys

from skdecide_elm.evaluation.containment import scrubbed_environment

__all__ = ["HostProcess", "start_host"]


class HostProcess:
    """A host that is told by a socket, its standard input and output, to fork a child per program.

    Attributes:
        process: itself.
        control: our end of the socket.
    """

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair()
        self.process = start_host("forkserver", theirs.fileno(), theirs.fileno())
        theirs.close()


def start_host(mode: str, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    """The process of a host, without waiting for it."""
    command = [sys.executable, "-m", "skdecide_elm.evaluation.planner_host", mode]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, env=scrubbed_environment(), start_new_session=True)
