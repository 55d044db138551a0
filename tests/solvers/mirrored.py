"""Variants of the line of `tiny`; a module of its own, because evaluation processes import it."""

from random import SystemRandom

from tiny import Line


class MirroredLine(Line):
    """The goal is at the other end."""

    def _is_terminal(self, state):
        return state == 0

    def _get_initial_state_(self):
        return 4


class UnseededLine(Line):
    """Begins where the operating system's chance says, hardly ever twice at the same place."""

    def _state_reset(self):
        return -SystemRandom().randrange(10**9)
