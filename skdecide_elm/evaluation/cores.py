"""Which worker has which core: agreed upon by all processes of a user on a machine."""

from __future__ import annotations

import errno
import itertools
import os
import socket
import sys
from collections.abc import Sequence

__all__ = ["ClaimedCore"]


class ClaimedCore:
    """A core that no more workers have than any other core; if there are several, one that the pool has not yet.

    A worker's referee and planner stay on one core, so two workers on the same core would share it while another idles.
    The claim is a name that the kernel forgets with its owner (Linux): of the core, and how many have it already.
    Elsewhere there are none.

    Args:
        taken: the cores of the other workers of the pool.

    Attributes:
        number: of the core, for `containment.pin_to_core`.
    """

    def __init__(self, taken: Sequence[int] = ()) -> None:
        self._claim: socket.socket | None = None
        allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [*range(os.cpu_count() or 1)]
        wanted = sorted(allowed, key=taken.count)
        self.number = wanted[0]
        if sys.platform == "linux":
            places = ((core, level) for level in itertools.count() for core in wanted)
            self.number = next(core for core, level in places if self._take(core, level))

    def release(self) -> None:
        """Let others have it."""
        if self._claim is not None:
            self._claim.close()

    def _take(self, core: int, level: int) -> bool:
        """Whether the search for a core is over: this one is free, or no name can be had at all."""
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0skdecide_elm_core_{os.getuid()}_{core}_{level}")
        except OSError as error:
            claim.close()
            return error.errno != errno.EADDRINUSE
        self._claim = claim
        return True
