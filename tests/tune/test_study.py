"""Studies: trials that run solvers, storages that processes share, what is stored and what is refused."""

import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import fmean
from threading import Barrier

import optuna
import pytest
from optuna.trial import TrialState
from short import ShortLine
from tiny import FAST, IDLE, Line, program

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve
from skdecide_elm.errors import ConfigError
from skdecide_elm.tune import StudySettings, load_study, run_study

ISLANDS = {"names": ("num_islands", "exploration_ratio"), "sampler": "random", "sampler_seed": 1}


@pytest.fixture
def initial(tmp_path):
    path = tmp_path / "initial.py"
    path.write_text(IDLE)
    return path


@pytest.fixture
def maker(initial):
    """Makes solvers, and remembers how they were asked for."""

    def make(**given):
        asked.append(given)
        return IntegratedOpenEvolve(Line, initial, nb_iterations=3, **FAST, **given)

    asked = make.asked = []
    return make


def test_the_first_trial_is_that_of_the_defaults_and_each_repeats_its_run_with_all_seeds(maker):
    study = run_study(maker, IntegratedOpenEvolve, StudySettings(n_trials=2, seeds=(4, 5), **ISLANDS))
    first, second = study.trials
    assert first.params == {"num_islands": 5, "exploration_ratio": 0.2}
    assert second.params != first.params
    assert [asked["random_seed"] for asked in maker.asked] == [4, 5, 4, 5]
    assert [trial.user_attrs["hyperparameters"] for trial in study.trials] == [first.params, second.params]
    assert maker.asked[2:] == [{"random_seed": seed, **second.params} for seed in (4, 5)]
    assert first.value == fmean(first.user_attrs["scores"])
    assert len(first.user_attrs["scores"]) == 2


def test_what_a_trial_holds_makes_the_solver_again(maker):
    study = run_study(maker, IntegratedOpenEvolve, StudySettings(n_trials=2, **ISLANDS))
    best = study.best_trial
    with maker(random_seed=0, **best.user_attrs["hyperparameters"]) as solver:
        solver.solve()
    assert solver.best_score == best.value


def test_ranges_and_fixed_values(initial):
    def make(**given):
        return IntegratedELM(Line, initial, nb_iterations=2, **FAST, **given)

    settings = StudySettings(
        n_trials=3,
        names=("archive", "archive_bins", "archive_cells", "selection"),
        ranges={"archive_bins": {"low": 20}, "selection": {"choices": ["rank", "best"]}},
        fixed={"archive": "grid"},
        sampler="random",
    )
    for trial in run_study(make, IntegratedELM, settings).trials:
        found = trial.user_attrs["hyperparameters"]
        assert found.keys() == {"archive", "archive_bins", "selection"}
        assert found["archive"] == "grid"
        assert found["archive_bins"] >= 20
        assert found["selection"] in {"rank", "best"}


def test_what_is_not_named_stays_as_it_is(initial):
    def make(**given):
        return IntegratedELM(Line, initial, elm={"archive": "cvt"}, nb_iterations=2, **FAST, **given)

    [trial] = run_study(make, IntegratedELM, StudySettings(n_trials=1, names=("selection",))).trials
    assert trial.user_attrs["hyperparameters"].keys() == {"selection"}


def test_what_depends_on_something_else_needs_it(initial):
    def make(**given):
        raise AssertionError("a solver is made")

    with pytest.raises(ConfigError, match="expected archive beside archive_bins"):
        run_study(make, IntegratedELM, StudySettings(names=("selection", "archive_bins")))


def test_the_objective_is_the_score_on_validation_domains(initial):
    def make(**given):
        validation = {"validation_domain_factories": [ShortLine]}
        return IntegratedOpenEvolve(Line, initial, nb_iterations=1, **validation, **FAST, **given)

    trial = run_study(make, IntegratedOpenEvolve, StudySettings(n_trials=1, **ISLANDS)).best_trial
    with make(random_seed=0, **trial.user_attrs["hyperparameters"]) as solver:
        solver.solve()
        result = solver.get_result()
    assert trial.value == solver.held_out_score() == result.validation.score.mean
    assert trial.value != result.train.score.mean


def test_a_second_objective_is_what_the_runs_cost(maker):
    settings = StudySettings(n_trials=2, cost="evaluations", sampler="nsgaii", names=("num_islands",))
    study = run_study(maker, IntegratedOpenEvolve, settings)
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    for trial in study.trials:
        assert trial.values == [fmean(trial.user_attrs["scores"]), fmean(trial.user_attrs["costs"])]
        assert 1 < trial.values[1] <= 4
    assert study.best_trials


@pytest.mark.parametrize("storage", ["sqlite:///{}/study.db", "{}/study.log"])
def test_a_study_in_a_storage_goes_on(maker, tmp_path, storage):
    settings = partial(StudySettings, storage=storage.format(tmp_path), **ISLANDS)
    assert len(run_study(maker, IntegratedOpenEvolve, settings(n_trials=2)).trials) == 2
    assert len(run_study(maker, IntegratedOpenEvolve, settings(n_trials=3)).trials) == 3
    trials = run_study(maker, IntegratedOpenEvolve, settings(n_trials=3)).trials
    assert len({trial.params["exploration_ratio"] for trial in trials}) == 3
    assert len(maker.asked) == 3


def test_a_study_can_be_repeated(maker):
    settings = StudySettings(n_trials=3, **ISLANDS)
    first, second = (run_study(maker, IntegratedOpenEvolve, settings) for _ in range(2))
    assert [(t.params, t.values) for t in first.trials] == [(t.params, t.values) for t in second.trials]


def test_a_run_without_a_valid_program_is_pruned(initial):
    initial.write_text(program("1 / 0"))

    def make(**given):
        return IntegratedOpenEvolve(Line, initial, target_score=-math.inf, **FAST, **given)  # no iteration is made

    [trial] = run_study(make, IntegratedOpenEvolve, StudySettings(n_trials=1, **ISLANDS)).trials
    assert trial.state == TrialState.PRUNED


def test_what_a_run_raises_comes_out_and_the_study_goes_on_later(maker, tmp_path):
    settings = StudySettings(n_trials=2, storage=str(tmp_path / "study.log"), **ISLANDS)

    def broken(**given):
        raise RuntimeError("no LLM")

    with pytest.raises(RuntimeError, match="no LLM"):
        run_study(broken, IntegratedOpenEvolve, settings)
    study = run_study(maker, IntegratedOpenEvolve, settings)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "COMPLETE", "COMPLETE"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": "tpa"}, r"expected the name of a sampler; found 'tpa'; did you mean 'tpe'\?"),
        ({"pruner": "x"}, "choose among none, median, halving, hyperband"),
        ({"cost": "llm_token"}, r"did you mean 'llm_tokens'\?"),
        ({"n_trials": 0}, "expected n_trials and report_interval of at least 1, and a seed"),
        ({"seeds": ()}, "and a seed"),
        ({"names": ("num_island",)}, r"expected the name of a hyperparameter; .* did you mean 'num_islands'\?"),
        ({"fixed": {"temprature": 1.0}}, r"did you mean 'temperature'\?"),
        ({"storage": "nosuch://x"}, "expected the URL of a database that can be reached; found 'nosuch://x'"),
    ],
)
def test_what_cannot_work_is_refused_before_a_solver_is_made(maker, settings, message):
    with pytest.raises(ConfigError, match=message):
        run_study(maker, IntegratedOpenEvolve, StudySettings(**settings))
    assert maker.asked == []


@pytest.mark.parametrize("other", [{"seeds": (1,)}, {"cost": "evaluations"}])
def test_a_study_of_something_else_is_not_joined(maker, tmp_path, other):
    settings = {"n_trials": 1, "storage": f"sqlite:///{tmp_path}/study.db", **ISLANDS}
    run_study(maker, IntegratedOpenEvolve, StudySettings(**settings))
    with pytest.raises(ConfigError, match="expected the study 'skdecide_elm' to be of"):
        run_study(maker, IntegratedOpenEvolve, StudySettings(**{**settings, **other}))


@pytest.mark.parametrize("storage", ["sqlite:///{}/study.db", "{}/study.log"])
def test_those_who_begin_a_study_at_the_same_time_queue_the_defaults_once(tmp_path, storage):
    for attempt in range(5):
        settings = StudySettings(storage=storage.format(tmp_path), study_name=f"study-{attempt}", **ISLANDS)
        settings.open_storage()  # what a database needs is there, so that all come to the study at once
        begin = Barrier(4)

        def join(_, settings=settings, begin=begin):
            begin.wait()
            return load_study(IntegratedOpenEvolve, settings)

        with ThreadPoolExecutor(4) as members:
            studies = list(members.map(join, range(4)))
        waiting = [study.get_trials(states=[TrialState.WAITING]) for study in studies]
        assert [len(trials) for trials in waiting] == [1, 1, 1, 1]
        assert waiting[0][0].system_attrs["fixed_params"] == {"num_islands": 5, "exploration_ratio": 0.2}


MEMBER = """
import sys
from tiny import FAST, Line
from skdecide_elm import IntegratedOpenEvolve
from skdecide_elm.tune import StudySettings, run_study

def make(**given):
    return IntegratedOpenEvolve(Line, sys.argv[2], nb_iterations=2, **FAST, **given)

if __name__ == "__main__":
    settings = StudySettings(n_trials=4, storage=sys.argv[1], names=("exploration_ratio",), sampler="random")
    run_study(make, IntegratedOpenEvolve, settings)
"""


@pytest.mark.parametrize("storage", ["sqlite:///{}/study.db", "{}/study.log"])
def test_processes_join_one_study(initial, tmp_path, storage):
    script = tmp_path / "member.py"
    script.write_text(MEMBER)
    url = storage.format(tmp_path)
    command = [sys.executable, script, url, initial]
    members = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for member in members:
        errors = member.communicate()[1]
        assert member.returncode == 0, errors
    study = optuna.load_study(study_name="skdecide_elm", storage=StudySettings(storage=url).open_storage())
    assert 4 <= len(study.get_trials(states=[TrialState.COMPLETE])) <= 5
    values = [trial.params["exploration_ratio"] for trial in study.trials]
    assert values.count(0.2) == 1, "the defaults are tried once"
    assert len(set(values)) == len(values)
    assert json.dumps(study.user_attrs["skdecide_elm"], sort_keys=True) == (
        '{"cost": null, "seeds": [0], "solver": "IntegratedOpenEvolve"}'
    )
