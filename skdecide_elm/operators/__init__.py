"""Operators: variations that make child programs from parents, one per file.

`OPERATORS` names those that ask an LLM; `Embedded` needs none. An operator can be used alone::

    operator = Rewrite(open_model(config), PromptSettings(task="Steer the cart."))
    [proposal] = await operator.propose([parent], Context(iteration=1, seed=1))
"""

from __future__ import annotations

from skdecide_elm.operators.base import LLMOperator, PromptSettings
from skdecide_elm.operators.crossover import Crossover
from skdecide_elm.operators.diff import Diff
from skdecide_elm.operators.diff_model import DiffModel
from skdecide_elm.operators.duplicates import same_behaviour
from skdecide_elm.operators.embedded import Embedded
from skdecide_elm.operators.lmx import LMX
from skdecide_elm.operators.repair import Repair
from skdecide_elm.operators.rewrite import Rewrite

__all__ = [
    "LMX",
    "OPERATORS",
    "Crossover",
    "Diff",
    "DiffModel",
    "Embedded",
    "LLMOperator",
    "PromptSettings",
    "Repair",
    "Rewrite",
    "same_behaviour",
]

OPERATORS: dict[str, type[LLMOperator]] = {
    operator.name: operator for operator in (Rewrite, Diff, Crossover, Repair, DiffModel, LMX)
}
"""The operators that ask an LLM, by name."""
