"""The trusted side of evaluations: ``python -m skdecide_elm.evaluation.worker MODE CORE TASK``, a process per worker.

TASK is ``rollouts`` or ``script``. It is executed afresh with a scrubbed environment (the process that holds keys is
never forked). The planner's host is forked before the task is read, and before anything is imported that only the
referee needs; `serving` does the rest.
"""

from __future__ import annotations

import signal
import sys

from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.host_process import HostProcess, fork_host

__all__ = ["main"]


def main() -> None:
    """Serve evaluations until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the solver, which closes our input
    containment.die_with_parent()
    mode, core, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    host = _fork_host() if mode == "forkserver" and kind == "rollouts" else None

    from skdecide_elm.evaluation.serving import serve

    serve(mode, core, host)


def _fork_host() -> HostProcess:
    from skdecide_elm.evaluation import planner_host

    return fork_host(planner_host.main)


if __name__ == "__main__":
    main()
