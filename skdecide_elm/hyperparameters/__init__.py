"""What Optuna may tune of each solver, in scikit-decide's own classes."""

from skdecide_elm.hyperparameters.elm import ELM_HYPERPARAMETERS, split_elm_settings, with_hyperparameters
from skdecide_elm.hyperparameters.openevolve import OPENEVOLVE_HYPERPARAMETERS
from skdecide_elm.hyperparameters.proposals import PROPOSAL_HYPERPARAMETERS

__all__ = [
    "ELM_HYPERPARAMETERS",
    "OPENEVOLVE_HYPERPARAMETERS",
    "PROPOSAL_HYPERPARAMETERS",
    "split_elm_settings",
    "with_hyperparameters",
]
