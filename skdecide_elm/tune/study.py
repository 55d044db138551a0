"""A study: trials of hyperparameters, each of which runs a solver."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any

import optuna
from discrete_optimization.generic_tools.hyperparameters.hyperparameter import Hyperparameter
from optuna import Study, Trial, TrialPruned
from optuna.exceptions import DuplicatedStudyError
from optuna.study import MaxTrialsCallback, StudyDirection
from optuna.trial import TrialState

from skdecide_elm.errors import ConfigError
from skdecide_elm.solvers.base import ProgramSolver
from skdecide_elm.tune.pruning import OptunaPruning
from skdecide_elm.tune.settings import StudySettings, check_known

__all__ = ["load_study", "run_study"]

_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
_DESCRIPTION = "skdecide_elm"


def run_study(
    make_solver: Callable[..., ProgramSolver], solver_class: type[ProgramSolver], settings: StudySettings
) -> Study:
    """Tune a solver's hyperparameters, until the study has all its trials.

    The score of a trial is that of the solver's final program on the validation domains, or on those of the search
    without any; test domains are never played. Each trial holds, as user attributes, the ``hyperparameters`` as the
    solver's constructor takes them, and ``scores`` (and ``costs``) by seed. A run without a valid program is pruned.

    Args:
        make_solver: from ``random_seed`` and hyperparameters, by name, to a solver that has not run.
        solver_class: the class of these solvers, which declares the hyperparameters.
        settings: how the study runs; the same for all processes that join it, but for ``n_trials``.

    Raises:
        ConfigError: a setting cannot work, or the study in the storage is about something else.
        KeyboardInterrupt: at Ctrl-C; the trial under way counts as failed, and another call goes on with the study.
        Exception: whatever making or running a solver raises.
    """
    _check_names(solver_class, settings)
    study = load_study(solver_class, settings)
    if _nb_finished(study) < settings.n_trials:
        study.optimize(
            lambda trial: _run_trial(trial, make_solver, solver_class, settings),
            callbacks=[MaxTrialsCallback(settings.n_trials, states=_FINISHED)],
        )
    return study


def load_study(solver_class: type[ProgramSolver], settings: StudySettings) -> Study:
    """The study in the storage; a new one if there is none.

    Raises:
        ConfigError: the storage cannot be opened, or the study there is about something else.
    """
    directions = [StudyDirection.MAXIMIZE] + ([StudyDirection.MINIMIZE] if settings.cost else [])
    study, is_new = _create_or_join(settings, directions)
    description = {"solver": solver_class.__name__, "seeds": list(settings.seeds), "cost": settings.cost}
    found = study.user_attrs.get(_DESCRIPTION, description)
    if found != description or study.directions != directions:
        raise ConfigError(
            f"expected the study {settings.study_name!r} to be of {description}; found {found}; "
            "give another study_name, or the same settings"
        )
    study.set_user_attr(_DESCRIPTION, description)
    study.sampler = settings.make_sampler(len(study.get_trials(deepcopy=False)))
    if settings.begin_with_defaults and is_new:
        study.enqueue_trial(_defaults(solver_class, settings))
    return study


def _create_or_join(settings: StudySettings, directions: list[StudyDirection]) -> tuple[Study, bool]:
    """The study, and whether it is new: of processes that come at the same time, to one alone."""
    storage, pruner = settings.open_storage(), settings.make_pruner()
    try:
        return optuna.create_study(
            storage=storage, pruner=pruner, study_name=settings.study_name, directions=directions
        ), True
    except DuplicatedStudyError:
        return optuna.load_study(storage=storage, pruner=pruner, study_name=settings.study_name), False


def _nb_finished(study: Study) -> int:
    return len(study.get_trials(deepcopy=False, states=_FINISHED))


def _run_trial(
    trial: Trial,
    make_solver: Callable[..., ProgramSolver],
    solver_class: type[ProgramSolver],
    settings: StudySettings,
) -> float | tuple[float, float]:
    assumed = _assumed(solver_class, settings)
    suggested = solver_class.suggest_hyperparameters_with_optuna(
        trial,
        names=None if settings.names is None else list(settings.names),
        kwargs_by_name={name: dict(options) for name, options in settings.ranges.items()},  # it writes into them
        fixed_hyperparameters={**assumed, **settings.fixed},
    )
    chosen = {name: value for name, value in suggested.items() if name not in assumed}
    trial.set_user_attr("hyperparameters", chosen)
    scores: list[float] = []
    costs: list[float] = []
    for seed in settings.seeds:
        with make_solver(random_seed=seed, **copy.deepcopy(chosen)) as solver:
            score, cost = _run_solver(solver, trial, scores, settings)
        scores.append(score)
        costs.append(cost)
    trial.set_user_attr("scores", scores)
    if settings.cost is None:
        return fmean(scores)
    trial.set_user_attr("costs", costs)
    return fmean(scores), fmean(costs)


def _run_solver(
    solver: ProgramSolver, trial: Trial, earlier: list[float], settings: StudySettings
) -> tuple[float, float]:
    pruning = OptunaPruning(trial, earlier, settings.report_interval)
    solver.solve(callbacks=pruning if settings.cost is None else ())
    if solver.was_interrupted:
        raise KeyboardInterrupt
    score = solver.held_out_score()
    if not math.isfinite(score):
        raise TrialPruned("no valid program was found")
    spent = solver.ledger.total
    found = {
        "evaluations": solver.statistics.evaluations,
        "llm_calls": spent.calls,
        "llm_tokens": spent.tokens,
        "llm_cost": spent.cost,
    }
    return score, 0.0 if settings.cost is None else float(found[settings.cost])


def _defaults(solver_class: type[ProgramSolver], settings: StudySettings) -> dict[str, Any]:
    """The defaults of the hyperparameters that are tuned, as far as they are in range."""
    declared: dict[str, Hyperparameter] = solver_class.get_hyperparameters_by_name()
    names = (name for name in settings.names or declared if name not in settings.fixed)
    return {
        name: declared[name].default
        for name in names
        if _is_within(declared[name].default, {**vars(declared[name]), **settings.ranges.get(name, {})})
    }


def _assumed(solver_class: type[ProgramSolver], settings: StudySettings) -> dict[str, Any]:
    """The defaults of what is neither tuned nor fixed, and scikit-decide wants to know because others depend on it."""
    declared: dict[str, Hyperparameter] = solver_class.get_hyperparameters_by_name()
    needed = {other.depends_on[0] for other in declared.values() if other.depends_on is not None}
    settled = {*settings.fixed, *(declared if settings.names is None else settings.names)}
    return {name: declared[name].default for name in needed - settled}


def _is_within(value: Any, options: Mapping[str, Any]) -> bool:
    if "choices" in options:
        return value in options["choices"]
    return value is not None and options["low"] <= value <= options["high"]


def _check_names(solver_class: type[ProgramSolver], settings: StudySettings) -> None:
    declared = solver_class.get_hyperparameters_names()
    for name in [*(settings.names or ()), *settings.ranges, *settings.fixed]:
        check_known("hyperparameter", name, declared)
    assumed = _assumed(solver_class, settings)
    for name in settings.names or ():
        condition = solver_class.get_hyperparameter(name).depends_on
        if condition is not None and condition[0] in assumed:
            raise ConfigError(
                f"expected {condition[0]} beside {name}, which means nothing without it; found the names "
                f"{', '.join(settings.names or ())}; name it too, or fix its value"
            )
