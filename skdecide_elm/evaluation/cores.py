"""Which worker has which core: agreed upon by all processes of a user on a machine."""

from __future__ import annotations

import itertools
import os
import socket
import sys
from collections.abc import Sequence

__all__ = ["ClaimedCore"]

_turns = itertools.count(os.getpid())


class ClaimedCore:
    """A core that no other worker has, as long as there is one; then one that few workers of the same pool have.

    A worker's referee and planner stay on one core, so two workers on the same core would share it while another idles.
    The claim is a name that the kernel forgets with its owner (Linux); elsewhere there are none.

    Args:
        taken: the cores of the other workers of the pool.

    Attributes:
        number: of the core, for `containment.pin_to_core`.
    """

    def __init__(self, taken: Sequence[int] = ()) -> None:
        self._claim: socket.socket | None = None
        allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [*range(os.cpu_count() or 1)]
        if sys.platform == "linux":
            for core in allowed:
                if self._take(core):
                    self.number = core
                    return
        first = next(_turns) % len(allowed)  # so that the pools of a machine do not all begin with the same one
        self.number = min(allowed[first:] + allowed[:first], key=taken.count)

    def release(self) -> None:
        """Let others have it."""
        if self._claim is not None:
            self._claim.close()

    def _take(self, core: int) -> bool:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0skdecide_elm_core_{os.getuid()}_{core}")
        except OSError:
            claim.close()
            return False
        self._claim = claim
        return True
