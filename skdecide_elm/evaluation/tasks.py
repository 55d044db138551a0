"""The tasks of a solver: for the search, for the choice of the final program, for the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from skdecide import Domain

from skdecide_elm.evaluation.randomness import derive_seed
from skdecide_elm.evaluation.task import RolloutTask, Task

__all__ = ["Tasks", "seeds_of"]


@dataclass(frozen=True)
class Tasks:
    """What programs are evaluated on.

    Attributes:
        train: the task of the search, if it is not a script of the user's.
        script: that script.
        validation, test: domains beside those of the search; their episodes have seeds of their own.
    """

    train: RolloutTask
    script: Task | None = None
    validation: tuple[Callable[[], Domain], ...] = ()
    test: tuple[Callable[[], Domain], ...] = ()

    @property
    def seed(self) -> int:
        """Of the search; the others are derived from it."""
        return self.train.seed

    def by_name(self) -> dict[str, Task]:
        """The tasks that there are: ``train``, ``validation``, ``test``."""
        seeds = seeds_of(self.seed)
        held_out = {"validation": self.validation, "test": self.test}
        return {
            "train": self.script or self.train,
            **{
                name: replace(self.train, domain_factories=factories, seed=seeds[name])
                for name, factories in held_out.items()
                if factories
            },
        }


def seeds_of(seed: int) -> dict[str, int]:
    """The seeds of the tasks, by name, from that of the search."""
    return {"train": seed, **{name: derive_seed(seed, name) for name in ("validation", "test")}}
