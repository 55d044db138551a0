"""The warm process behind `isolated_planner`: ``python -m skdecide_elm.evaluation.script_host``.

It is executed afresh, with a scrubbed environment and a socket as its standard input, the *door*. A message there is
``[modules to import]`` and the control socket of a client (a process that runs a script). Each client gets a *keeper*:
a forked child that serves programs as `planner_host` does, and ends with its client, whatever became of that one.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
from pathlib import Path
from typing import NoReturn

from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.codec import ActionCodec
from skdecide_elm.evaluation.isolation import IsolationPolicy, prepare_isolation
from skdecide_elm.evaluation.isolation.importable import readable_to_programs
from skdecide_elm.evaluation.planner_host import serve
from skdecide_elm.evaluation.planner_side import PlannerSetup
from skdecide_elm.evaluation.preloading import import_modules
from skdecide_elm.evaluation.randomness import make_unseeded_generators_follow
from skdecide_elm.evaluation.script_bridge import ScriptBridge

__all__ = ["KEEPER_READY", "MAX_REQUEST_BYTES", "main"]

MAX_REQUEST_BYTES = 2**16
KEEPER_READY = b"K"
"""What a keeper writes to the control socket once, when it can serve."""

_NO_SETUP = PlannerSetup(ScriptBridge(b""), (), ActionCodec([]), 0, 1.0, None, "auto", False, (), ())
"""Every assignment brings its own."""


def main() -> None:
    """Make keepers until the last client closes the door."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the script
    containment.buffer_lines()  # while standard output is still what it was opened as
    door = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    make_unseeded_generators_follow()
    prepare_isolation(IsolationPolicy(writable=Path.cwd(), readable=readable_to_programs([])))
    gc.collect()
    gc.freeze()
    containment.collapse_memory()  # every keeper, and every planner, is a fork of this one
    while True:
        request, descriptors, _, _ = socket.recv_fds(door, MAX_REQUEST_BYTES, 1)
        if not request:
            return
        _reap()
        import_modules(json.loads(request))
        pid = os.fork()
        if pid == 0:
            door.close()
            _keep(socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])


def _keep(control: socket.socket) -> NoReturn:
    try:
        os.setsid()
        os.set_inheritable(control.fileno(), False)
        control.sendall(KEEPER_READY)
        serve(control, _NO_SETUP, [])
    finally:
        os._exit(0)


def _reap() -> None:
    """Keepers whose clients have gone."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
