"""The section ``elm`` of a configuration."""

import pytest
from searches import START, run

from skdecide_elm.backends.elm.config import ElmConfig, build_search, load_elm_config
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.archives import ARCHIVES
from skdecide_elm.search.selection import SELECTIONS


def search_of(**settings):
    return build_search(load_elm_config({"init_steps": 4, **settings}), [START], lambda own: own)


@pytest.mark.parametrize("archive", ARCHIVES)
def test_every_archive_can_be_named(archive):
    search = run(search_of(archive=archive, features=["x", {"name": "y", "bounds": [0, 6]}]), 6)
    assert type(search.strategy.archive) is ARCHIVES[archive]
    assert search.strategy.archive.bounds[1] == (0, 6)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_every_selection_can_be_named(selection):
    assert run(search_of(selection=selection, features=["x", "y"]), 8).statistics.steps == 8


@pytest.mark.parametrize("strategy", ["map_elites", "genetic", "one_plus_one", "random", "best_of_n"])
def test_every_strategy_can_be_named(strategy):
    assert run(search_of(strategy=strategy, features=["x", "y"], replicates=2), 8).best is not None


def test_a_yaml_file_beside_the_settings_of_openevolve(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("max_iterations: 7\nelm:\n  archive: cvt\n  archive_options: {cells: 30}\n  init_steps: 3\n")
    assert load_elm_config(file) == ElmConfig(archive="cvt", archive_options={"cells": 30}, init_steps=3)
    file.write_text("max_iterations: 7\n")
    assert load_elm_config(str(file)) == ElmConfig() == load_elm_config(None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"archve": "grid"}, "elm.archve: Extra inputs are not permitted; found 'grid'; the settings are strategy"),
        ({"archive": "hexagons"}, "elm.archive: Input should be 'grid', 'cvt'.*found 'hexagons'"),
        ({"init_steps": "many"}, "elm.init_steps: .*found 'many'"),
        ({"replicates": 0}, "elm.replicates: .*greater than or equal to 1; found 0"),
        ({"features": [{"name": "x", "bounds": [1]}]}, "elm.features.0"),
    ],
)
def test_what_is_wrong_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        load_elm_config(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"archive_options": {"cells": 30}}, "archive_options for the archive grid; .*'cells'"),
        ({"archive_options": {"dims": [3]}}, "for each of the 2 features"),
        ({"features": ["x"]}, "two or more different features"),
        ({"init_steps": -1}, "init_steps, num_examples and atol of at least 0"),
    ],
)
def test_settings_that_cannot_work_are_told_before_anything_runs(settings, message):
    with pytest.raises(ConfigError, match=message):
        search_of(**settings)


@pytest.mark.parametrize("content", ["elm: 3\n", "elm: [\n"])
def test_files_that_cannot_be_read(tmp_path, content):
    (tmp_path / "config.yaml").write_text(content)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        load_elm_config(tmp_path / "config.yaml")


def test_the_identity_says_what_a_checkpoint_depends_on():
    assert load_elm_config({"archive_options": {"dims": [4, 5]}, "features": ["a", {"name": "b"}]}).identity == {
        "strategy": "map_elites",
        "archive": "grid {'dims': [4, 5]}",
        "behaviour": "a, b",
    }
    assert load_elm_config({"strategy": "genetic"}).identity == {"strategy": "genetic"}
