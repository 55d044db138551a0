"""Random numbers of our own for a library that draws from the global generators, and theirs for the caller."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = ["GlobalRandom", "kept_global_random"]


@contextmanager
def kept_global_random() -> Iterator[None]:
    """Give the caller `random` and `numpy.random` back in the state in which they were, whatever is drawn within."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


class GlobalRandom(random.Random):
    """A seeded generator that can stand in for the global one.

    OpenEvolve's database and prompt sampler call `random.choice` and the like. Within `installed()` these calls draw
    from this generator, and the caller's global generator comes back unchanged afterwards.
    """

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Lend this generator's state to the module `random`."""
        callers = random.getstate()
        random.setstate(self.getstate())
        try:
            yield
        finally:
            self.setstate(random.getstate())
            random.setstate(callers)

    @contextmanager
    def rewound(self) -> Iterator[None]:
        """Undo, at the end, all draws that are made within."""
        state = self.getstate()
        try:
            yield
        finally:
            self.setstate(state)

    def to_json(self) -> list[Any]:
        """The state as JSON can hold it."""
        version, internal, gauss = self.getstate()
        return [version, list(internal), gauss]

    def restore(self, state: list[Any]) -> None:
        """Take over a state from `to_json`."""
        version, internal, gauss = state
        self.setstate((version, tuple(internal), gauss))
