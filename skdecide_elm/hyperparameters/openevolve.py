"""What can be tuned of a search by OpenEvolve; the defaults are OpenEvolve's."""

from __future__ import annotations

from discrete_optimization.generic_tools.hyperparameters.hyperparameter import (
    CategoricalHyperparameter,
    FloatHyperparameter,
    Hyperparameter,
    IntegerHyperparameter,
)
from openevolve.config import Config

from skdecide_elm.hyperparameters.proposals import PROPOSAL_HYPERPARAMETERS

__all__ = ["OPENEVOLVE_HYPERPARAMETERS"]

_CONFIG = Config()
_DATABASE, _PROMPT = _CONFIG.database, _CONFIG.prompt


def _integer(name: str, low: int, high: int, log: bool = False) -> Hyperparameter:
    return IntegerHyperparameter(name, low=low, high=high, log=log, default=getattr(_DATABASE, name))


def _share(name: str, low: float, high: float) -> Hyperparameter:
    return FloatHyperparameter(name, low=low, high=high, default=getattr(_DATABASE, name))


OPENEVOLVE_HYPERPARAMETERS: list[Hyperparameter] = [
    _integer("num_islands", 1, 10),
    _integer("population_size", 20, 1000, log=True),
    # also the size of each island's grid: the root of it is the number of cells along two features
    _integer("archive_size", 100, 900, log=True),
    _share("elite_selection_ratio", 0.05, 0.5),
    _share("exploration_ratio", 0.0, 0.5),
    _share("exploitation_ratio", 0.1, 0.9),
    _integer("migration_interval", 5, 100, log=True),
    _share("migration_rate", 0.05, 0.5),
    IntegerHyperparameter("num_top_programs", low=0, high=6, default=_PROMPT.num_top_programs),
    IntegerHyperparameter("num_diverse_programs", low=0, high=4, default=_PROMPT.num_diverse_programs),
    CategoricalHyperparameter("diff_based_evolution", choices=[True, False], default=_CONFIG.diff_based_evolution),
    *PROPOSAL_HYPERPARAMETERS,
]
"""Numbers of examples and ``diff_based_evolution`` shape OpenEvolve's prompts; without an LLM they mean nothing."""
