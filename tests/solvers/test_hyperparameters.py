"""Hyperparameters: their defaults are the constructors', each has an effect, and scikit-decide's methods work."""

import json
from functools import cache
from itertools import count

import optuna
import pytest
from discrete_optimization.generic_tools.hyperparameters.hyperparameter import CategoricalHyperparameter
from loopback import Loopback
from openevolve.config import Config, LLMConfig
from optuna.trial import FixedTrial
from tiny import FAST, IDLE, Line, program

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve, ProxyELM, ProxyOpenEvolve
from skdecide_elm.llm.scripted import ScriptedLLM, as_model_config

SOLVERS = [IntegratedELM, IntegratedOpenEvolve]
WITH_CONSTANT = program("Move.left if observation < 2 + LIMIT else Move.right", "LIMIT = 3")
REPLY = "```python\n" + program("Move.right") + "```"


@pytest.fixture(scope="module")
def initial(tmp_path_factory):
    path = tmp_path_factory.mktemp("programs") / "initial.py"
    path.write_text(WITH_CONSTANT)
    return path


@pytest.fixture(scope="module")
def traced(initial, tmp_path_factory):
    """What a run has brought, to the last program and its place; runs of the same settings are made once."""
    folders = (tmp_path_factory.mktemp("runs") / str(number) for number in count())

    @cache
    def run(solver_class, steps, settings):
        with solver_class(Line, initial, nb_iterations=steps, random_seed=3, **FAST, **dict(settings)) as solver:
            solver.solve()
            if issubclass(solver_class, IntegratedELM):
                places = [(elite.program.code, elite.slot) for elite in solver.archive.elites]
                return places, solver.statistics.improvements, solver.coverage
            folder = next(folders)
            solver.save(str(folder))
            state = json.loads(next(folder.rglob("metadata.json")).read_text())
            return [state[name] for name in ("islands", "archive", "island_feature_maps")]

    return lambda solver_class, steps, **settings: run(solver_class, steps, tuple(settings.items()))


def with_llm(solver_class, initial, llm, **settings):
    """A solver whose LLM is scripted."""
    config = Config(llm=LLMConfig(models=[as_model_config(llm)]), random_seed=3)
    return solver_class(Line, initial, config=config, **FAST, **settings)


# ---- defaults


@pytest.mark.parametrize("solver_class", SOLVERS)
def test_the_defaults_are_those_of_the_constructor(traced, solver_class):
    defaults = solver_class.get_default_hyperparameters()
    assert traced(solver_class, 24, **defaults) == traced(solver_class, 24)


@pytest.mark.parametrize("solver_class", SOLVERS)
def test_the_defaults_for_an_llm_are_those_of_the_constructor(initial, solver_class):
    asked = []
    for settings in ({}, solver_class.get_default_hyperparameters()):
        llm = ScriptedLLM([REPLY], cycle=True)
        with with_llm(solver_class, initial, llm, nb_iterations=5, llm_concurrency=1, **settings) as solver:
            solver.solve()
        asked.append([request.user for request in llm.requests])
    assert asked[0] == asked[1] != []


@pytest.mark.parametrize("solver_class", SOLVERS)
def test_defaults_lie_in_their_ranges(solver_class):
    for hyperparameter in solver_class.hyperparameters:
        if isinstance(hyperparameter, CategoricalHyperparameter):
            assert hyperparameter.default in hyperparameter.choices.values()
        else:
            assert hyperparameter.low <= hyperparameter.default <= hyperparameter.high


def test_both_bridges_have_the_same_hyperparameters():
    assert ProxyELM.hyperparameters == IntegratedELM.hyperparameters
    assert ProxyOpenEvolve.hyperparameters == IntegratedOpenEvolve.hyperparameters


# ---- effects on a search

ISLANDS = {"num_islands": 2, "migration_interval": 2}
ONE_ISLAND = {"num_islands": 1}


@pytest.mark.parametrize(
    ("base", "name", "value"),
    [
        (ISLANDS, "num_islands", 3),
        (ISLANDS, "population_size", 20),
        (ISLANDS, "archive_size", 900),
        (ONE_ISLAND, "elite_selection_ratio", 0.5),
        (ISLANDS, "exploration_ratio", 0.5),
        (ISLANDS, "exploitation_ratio", 0.1),
        (ISLANDS, "migration_interval", 5),
        (ISLANDS, "migration_rate", 0.5),
        (ISLANDS, "tuning_share", 0.0),
        (ISLANDS, "tuning_step", 0.02),
    ],
)
def test_a_hyperparameter_of_openevolve_changes_the_search(traced, base, name, value):
    assert traced(IntegratedOpenEvolve, 24, **{**base, name: value}) != traced(IntegratedOpenEvolve, 24, **base)


SOON = {"init_steps": 2, "batch_size": 1, "llm_concurrency": 1}


@pytest.mark.parametrize(
    ("base", "name", "value"),
    [(SOON, "selection", "worst"), (SOON, "init_steps", 10), (SOON, "batch_size", 16)],
)
def test_a_hyperparameter_of_elm_changes_the_search(traced, base, name, value):
    assert traced(IntegratedELM, 24, **{**base, name: value}) != traced(IntegratedELM, 24, **base)


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.5, 8, 20)])
def test_the_share_of_tuned_constants_of_elm(tmp_path, share, least, most):
    (tmp_path / "idle.py").write_text(IDLE)
    settings = {**FAST, "random_seed": 1, "nb_iterations": 42, "elm": {"init_steps": 2, "save_history": True}}
    with IntegratedELM(Line, tmp_path / "idle.py", tuning_share=share, **settings) as solver:
        solver.solve()
        tuned = [program for program in solver._backend.search.history if program.operator == "tuning"]
    assert least <= len(tuned) <= most


@pytest.mark.parametrize(
    ("settings", "kind", "cells"),
    [
        ({"archive": "grid", "archive_bins": 4}, "GridArchive", 16),
        ({"archive": "sliding", "archive_bins": 4}, "_Sliding", 16),
        ({"archive": "cvt", "archive_cells": 30}, "CVTArchive", 30),
        ({"archive": "deep_grid", "archive_bins": 4}, "DeepGridArchive", 16),
    ],
)
def test_the_archive_is_the_one_that_was_chosen(initial, settings, kind, cells):
    with IntegratedELM(Line, initial, nb_iterations=2, init_steps=2, **FAST, **settings) as solver:
        solver.solve()
    assert (type(solver.archive.ribs).__name__, solver.archive.ribs.cells) == (kind, cells)


@pytest.mark.parametrize(("name", "few", "many"), [("archive_depth", 2, 16), ("novelty_threshold", 0.2, 0.01)])
def test_an_archive_holds_more_programs(traced, name, few, many):
    archive = {"archive": "deep_grid" if name == "archive_depth" else "proximity", "init_steps": 2}
    sizes = [len(traced(IntegratedELM, 24, **archive, **{name: value})[0]) for value in (few, many)]
    assert sizes[0] < sizes[1]


# ---- effects on what an LLM is asked


@pytest.mark.parametrize(
    ("name", "value"), [("num_top_programs", 0), ("num_diverse_programs", 4), ("diff_based_evolution", False)]
)
def test_a_hyperparameter_of_openevolve_changes_the_prompts(initial, name, value):
    prompts = []
    for settings in ({}, {name: value}):
        replies = ["```python\n" + program("Move.right", f"NOTES = {n}") + "```" for n in range(6)]
        llm = ScriptedLLM(replies, cycle=True)
        own = {"num_islands": 1, "tuning_share": 0.0, "use_template_stochasticity": False, "llm_concurrency": 1}
        with with_llm(IntegratedOpenEvolve, initial, llm, nb_iterations=6, **own, **settings) as solver:
            solver.solve()
        prompts.append([request.user for request in llm.requests])
    assert prompts[0] != prompts[1]


def test_the_number_of_examples_changes_what_operators_show(initial):
    shown = []
    for number in (0, 4):
        replies = ["```python\n" + program("Move.right", "NOTES = 1" + " + 1" * n) + "```" for n in range(12)]
        llm = ScriptedLLM(replies, cycle=True)
        own = {"operators": ["rewrite"], "init_steps": 2, "llm_concurrency": 1, "num_examples": number}
        with with_llm(IntegratedELM, initial, llm, nb_iterations=12, **own) as solver:
            solver.solve()
            shown.append(solver.sample_prompt()["user"].count("class Planner"))
    assert shown[0] < shown[1]


@pytest.mark.parametrize("name", ["diff", "rewrite", "crossover"])
def test_the_weight_of_an_operator_says_how_often_it_proposes(initial, name):
    weights = {f"{other}_weight": 0.0 for other in ("diff", "rewrite", "crossover", "repair")}
    llm = ScriptedLLM(["```python\n" + program("1 / 0") + "```"], cycle=True)
    with with_llm(IntegratedELM, initial, llm, nb_iterations=3, **{**weights, f"{name}_weight": 1.0}) as solver:
        solver.solve()
        assert {operator for operator, _ in solver.ledger.by_operator_and_model} == {name}


def test_programs_that_failed_are_repaired_if_that_has_a_weight(initial):
    llm = ScriptedLLM(["```python\n" + program(f"{number} / 0") + "```" for number in range(8)])
    weights = {"diff_weight": 0.0, "crossover_weight": 0.0, "rewrite_weight": 0.1, "repair_weight": 4.0}
    own = {"batch_size": 1, "llm_concurrency": 1, "nb_iterations": 8, **weights}
    with with_llm(IntegratedELM, initial, llm, **own) as solver:
        solver.solve()
        assert {operator for operator, _ in solver.ledger.by_operator_and_model} == {"rewrite", "repair"}


@pytest.mark.parametrize("solver_class", SOLVERS)
@pytest.mark.parametrize("settings", [{"temperature": 0.25}, {"top_p": 0.9}])
def test_how_replies_are_sampled_is_sent_to_the_server(initial, solver_class, settings):
    with Loopback([REPLY]) as server:
        config = Config(llm=LLMConfig(primary_model="mine", api_base=server.url))
        with solver_class(Line, initial, config=config, nb_iterations=1, **FAST, **settings) as solver:
            solver.solve()
    assert all(settings.items() <= request.items() for request in server.requests)
    assert server.requests


# ---- scikit-decide's methods


@pytest.mark.parametrize("solver_class", SOLVERS)
def test_suggestions_make_solvers(initial, solver_class):
    def objective(trial):
        given = solver_class.suggest_hyperparameters_with_optuna(trial, prefix="solver.")
        assert all(name.startswith("solver.") for name in trial.params)
        solver_class(Line, initial, **FAST, **given).close()
        return 0.0

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective, n_trials=8)
    assert len(study.trials) == 8


def test_suggestions_depend_on_the_archive():
    trial = FixedTrial({"archive": "cvt", "archive_cells": 50})
    names = ["archive", "archive_cells", "archive_bins", "archive_depth", "novelty_threshold"]
    found = IntegratedELM.suggest_hyperparameters_with_optuna(trial, names=names)
    assert found == {"archive": "cvt", "archive_cells": 50}


def test_ranges_names_and_fixed_values():
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1)).ask()
    found = IntegratedOpenEvolve.suggest_hyperparameters_with_optuna(
        trial,
        names=["num_islands", "temperature"],
        kwargs_by_name={"num_islands": {"low": 2, "high": 2}},
        fixed_hyperparameters={"temperature": 0.3},
    )
    assert found == {"num_islands": 2, "temperature": 0.3}


def test_copies_with_other_ranges():
    [narrow, kind] = IntegratedELM.copy_and_update_hyperparameters(
        names=["archive", "init_steps"], init_steps={"high": 30}, archive={"choices": ["grid", "cvt"]}
    )[::-1]
    assert (narrow.name, narrow.low, narrow.high, narrow.default) == ("init_steps", 5, 30, 20)
    assert list(kind.choices) == ["grid", "cvt"]
    assert IntegratedELM.get_hyperparameter("init_steps").high == 50


def test_missing_hyperparameters_are_completed():
    given = IntegratedOpenEvolve.complete_with_default_hyperparameters(
        {"num_islands": 7}, names=["num_islands", "top_p"]
    )
    assert given == {"num_islands": 7, "top_p": None}
