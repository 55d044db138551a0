"""How a search runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from skdecide_elm.errors import ConfigError
from skdecide_elm.search.constants import Tuning
from skdecide_elm.search.repeats import Dropping
from skdecide_elm.search.replication import Replication

__all__ = ["SearchSettings"]


@dataclass(frozen=True)
class SearchSettings:
    """How a search runs, whatever its strategy.

    Attributes:
        seed: of all draws.
        init_steps: steps at the beginning whose parent is an initial program.
        num_examples: other programs that operators may show.
        in_order: outcomes are taken in the order of their steps, so that equal seeds make equal runs whatever the
            timing; else as they come, so that a stalled request holds up nothing.
        window: steps under way at a time. In order, a step knows the outcomes of all steps but the last ``window``.
        concurrency: calls of the operator at a time.
        target_score: stop when the best combined score reaches it; None: do not.
        atol: how far below the target is near enough.
        save_history: keep every program that was evaluated.
        free_repeats: a step that proposes what is known already does not count, as proposals cost nothing.
        dropping: what to do with repeats as proposals cost something; None: they are evaluated as any other program.
        tuning: how much of the steps after the initial phase goes to the constants of the best programs.
        replication: what to do where scores depend on luck; None: every program is evaluated once.
    """

    seed: int = 0
    init_steps: int = 20
    num_examples: int = 3
    in_order: bool = True
    window: int = 8
    concurrency: int = 8
    target_score: float | None = None
    atol: float = 0.0
    save_history: bool = False
    free_repeats: bool = False
    dropping: Dropping | None = None
    tuning: Tuning = field(default_factory=Tuning)
    replication: Replication | None = None

    def __post_init__(self) -> None:
        if min(self.window, self.concurrency) < 1 or min(self.init_steps, self.num_examples, self.atol) < 0:
            raise ConfigError(
                "expected a window and a concurrency of at least 1, and init_steps, num_examples and atol of at least "
                f"0; found {self}"
            )
