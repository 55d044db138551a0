"""Studies of a solver's hyperparameters, by Optuna."""

from skdecide_elm.tune.pruning import OptunaPruning
from skdecide_elm.tune.settings import PRUNERS, SAMPLERS, StudySettings
from skdecide_elm.tune.study import load_study, run_study

__all__ = ["PRUNERS", "SAMPLERS", "OptunaPruning", "StudySettings", "load_study", "run_study"]
