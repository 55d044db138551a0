"""Leave out of a program what does not make it better."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from skdecide_elm.programs.omission import omissions

__all__ = ["simplified"]

logger = logging.getLogger(__name__)


def simplified(code: str, is_as_good: Callable[[str], bool], max_trials: int) -> str:
    """The program without parts that it can do without, tried one at a time and the largest first.

    A part that is needed once is not tried again, so that there are about as many trials as parts.

    Args:
        is_as_good: whether a program is no worse than the last one that was, at first than ``code``.
        max_trials: how often to ask.

    Raises:
        ProgramError: the text is not Python.
    """
    needed: set[tuple[str, int]] = set()
    trials = 0
    while True:
        seen: Counter[str] = Counter()
        for omission in omissions(code):
            seen[omission.part] += 1
            part = omission.part, seen[omission.part]
            if part in needed:
                continue
            if trials == max_trials:
                return code
            trials += 1
            if is_as_good(omission.code):
                logger.info("Not needed: %s", omission.part)
                code = omission.code
                break
            needed.add(part)
        else:
            return code
