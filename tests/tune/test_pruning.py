"""The callback that lets Optuna watch a run."""

from itertools import pairwise
from types import SimpleNamespace

import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.pruners import NopPruner, ThresholdPruner
from optuna.trial import TrialState, create_trial
from tiny import FAST, IDLE, Line

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve
from skdecide_elm.tune import OptunaPruning, StudySettings, load_study, run_study


def trial_of(pruner):
    return optuna.create_study(direction="maximize", pruner=pruner).ask()


def reported(trial):
    return trial.study.trials[trial.number].intermediate_values


@pytest.fixture
def initial(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    return tmp_path / "initial.py"


@pytest.mark.parametrize("solver_class", [IntegratedELM, IntegratedOpenEvolve])
def test_a_run_reports_its_best_scores(solver_class, initial):
    trial = trial_of(NopPruner())
    with solver_class(Line, initial, nb_iterations=7, random_seed=0, **FAST) as solver:
        solver.solve(callbacks=OptunaPruning(trial, interval=2))
        values = reported(trial)
        assert list(values) == [2, 4, 6]
        assert all(before <= after for before, after in pairwise(values.values()))
        assert values[6] <= solver.best_score


@pytest.mark.parametrize("solver_class", [IntegratedELM, IntegratedOpenEvolve])
def test_a_pruned_run_ends_at_once_and_its_solver_can_go_on(solver_class, initial):
    trial = trial_of(ThresholdPruner(lower=0.0, n_warmup_steps=3))  # no score on the line is above 0
    with solver_class(Line, initial, nb_iterations=9, random_seed=0, **FAST) as solver:
        with pytest.raises(optuna.TrialPruned, match=r"best score -.* after iteration 3"):
            solver.solve(callbacks=OptunaPruning(trial))
        assert solver.iteration == 3
        solver.solve()
        assert solver.iteration == 12


def test_the_runs_of_a_trial_report_one_after_the_other():
    trial = trial_of(NopPruner())
    for earlier, scores in [((), (-8.0, -4.0)), ((-4.0,), (-float("inf"), -2.0))]:
        callback = OptunaPruning(trial, earlier)
        for iteration, score in enumerate(scores, start=1):
            assert not callback(SimpleNamespace(iteration=iteration, best_score=score, nb_iterations=10))
    assert reported(trial) == {1: -8.0, 2: -4.0, 12: -3.0}


def test_a_study_prunes_what_is_worse_than_its_trials_so_far(initial, tmp_path):
    def make(num_islands, random_seed):
        return IntegratedOpenEvolve(
            Line, initial, nb_iterations=3, random_seed=random_seed, num_islands=num_islands, **FAST
        )

    settings = StudySettings(n_trials=6, names=("num_islands",), report_interval=1, storage=str(tmp_path / "study"))
    study = load_study(IntegratedOpenEvolve, settings)
    islands = {"num_islands": IntDistribution(1, 10)}
    for _ in range(5):  # from then on the pruner goes by the median
        better = dict.fromkeys((1, 2, 3), -0.1)  # than any program is on the line
        study.add_trial(
            create_trial(params={"num_islands": 1}, distributions=islands, value=-0.1, intermediate_values=better)
        )
    defaults = run_study(make, IntegratedOpenEvolve, settings).trials[0]
    assert defaults.state == TrialState.PRUNED
    assert list(defaults.intermediate_values) == [1]
