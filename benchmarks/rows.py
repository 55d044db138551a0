"""What a row of the proposer's table is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from skdecide import Domain

__all__ = ["SHORT_SEARCH", "Row"]

SHORT_SEARCH: Mapping[str, Any] = {"num_islands": 1, "elite_selection_ratio": 0.02}
"""Options for some hundred evaluations: one island rather than OpenEvolve's five, and most children from its best few
programs."""


@dataclass(frozen=True)
class Row:
    """A task of the table: what is searched on, what is tested on, and what is aimed at.

    Attributes:
        name: by which ``--rows`` chooses it.
        title: its name for the reader of the table.
        budget: evaluations per run, with those of the initial program, of the tuning and of the validation.
        domain_factory: makes the domain of the solver and, unless the options say otherwise, of the search.
        test: scores the text of a program on unseen episodes or instances, in the unit of ``target``.
        target: the median to reach.
        higher_is_better: whether a run should score high or low.
        unit: of ``target``, for the reader.
        decimals: with which values in that unit are printed.
        references: what others reach, for the reader.
        solver_options: further arguments of `IntegratedOpenEvolve`, such as ``evaluator_rollout_max_steps``.
        validation_cost: evaluations that the choice of the final program costs, whatever the options.
        available: whether the data is there that the test reads.
    """

    name: str
    title: str
    budget: int
    domain_factory: Callable[[], Domain]
    test: Callable[[str], float]
    target: float
    higher_is_better: bool
    unit: str
    decimals: int
    references: str
    solver_options: Mapping[str, Any] = field(default_factory=dict)
    validation_cost: int = 0
    available: bool = True

    @property
    def iterations(self) -> int:
        """Of the search: what the budget leaves after the initial program and the validation."""
        return self.budget - 1 - self.validation_cost

    def reached(self, value: float) -> bool:
        """Whether a value meets the target."""
        return value >= self.target if self.higher_is_better else value <= self.target
