"""``tune``: a study, which goes on, and which others join."""

from dataclasses import fields
from typing import get_args

import pytest

from skdecide_elm.config.sections import TuneSection
from skdecide_elm.tune import PRUNERS, SAMPLERS, StudySettings

SMALL = ["max_iterations=2", "tune.names=[num_islands]", "tune.sampler=random", "tune.sampler_seed=1"]


def test_a_study_goes_on_where_it_was(project, command):
    record = command("tune", "line.yaml", *SMALL, "tune.n_trials=1", "--json").record
    assert record["trials"] == 1
    assert (project / "line-study.journal").is_file()
    record = command("tune", "line.yaml", *SMALL, "tune.n_trials=2", "--json").record
    assert record["trials"] == 2
    assert record["study"] == "line"
    assert record["best"][0]["hyperparameters"].keys() == {"num_islands"}
    assert record["best"][0]["values"][0] >= -1


def test_elm_and_two_objectives_in_a_database(project, command):
    settings = ["solver=IntegratedELM", "tune.storage=sqlite:///study.db", "tune.cost=evaluations", "tune.n_trials=1"]
    result = command("tune", "line.yaml", "max_iterations=2", "tune.names=[archive, init_steps]", *settings)
    assert "init_steps: " in result.stdout
    assert (project / "study.db").is_file()


def test_a_hyperparameter_that_there_is_not(project, command):
    result = command("tune", "line.yaml", "tune.names=[num_island]", exit_code=1)
    assert "did you mean 'num_islands'?" in result.stderr


@pytest.mark.parametrize(("name", "known"), [("sampler", SAMPLERS), ("pruner", PRUNERS)])
def test_the_section_knows_all_that_a_study_knows(name, known):
    assert set(get_args(TuneSection.model_fields[name].annotation)) == set(known)


def test_the_section_has_the_settings_of_a_study():
    own = {field.name: field.default for field in fields(StudySettings)}
    assert own.keys() == TuneSection.model_fields.keys()
    for name in own.keys() - {"ranges", "fixed", "seeds", "study_name"}:
        assert TuneSection.model_fields[name].default == own[name]
