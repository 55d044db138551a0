"""What can be tuned of how programs are proposed, whatever searches among them."""

from __future__ import annotations

from discrete_optimization.generic_tools.hyperparameters.hyperparameter import (
    CategoricalHyperparameter,
    FloatHyperparameter,
    Hyperparameter,
)
from openevolve.config import LLMConfig

__all__ = ["PROPOSAL_HYPERPARAMETERS"]

_LLM = LLMConfig()

PROPOSAL_HYPERPARAMETERS: list[Hyperparameter] = [
    FloatHyperparameter("temperature", low=0.0, high=1.5, default=_LLM.temperature),
    CategoricalHyperparameter("top_p", choices=[None, 0.8, 0.9, 0.95, 1.0], default=_LLM.top_p),
    FloatHyperparameter("tuning_share", low=0.0, high=0.9, default=0.5),
    CategoricalHyperparameter("tuning_step", choices=[None, 0.02, 0.05, 0.1, 0.25], default=None),
]
"""Temperature and ``top_p`` are of an LLM's replies; without an LLM they mean nothing. ``top_p=None`` leaves it to the
server."""
