"""Where hyperparameters of a search by ELM belong in its settings."""

import pytest

from skdecide_elm.hyperparameters import ELM_HYPERPARAMETERS, split_elm_settings, with_hyperparameters

SECTION = {
    "archive": "grid",
    "archive_options": {"dims": [5, 6], "history_length": 2},
    "features": ("code_length", "mean_steps"),
    "selection": "uniform",
    "operator_weights": {"diff": 2.0, "lmx": 1.0},
}


@pytest.mark.parametrize(
    ("chosen", "changes"),
    [
        ({}, {}),
        ({"selection": "rank"}, {"selection": "rank"}),
        ({"archive_bins": 7}, {"archive_options": {"dims": [7, 7], "history_length": 2}}),
        ({"archive_cells": 50, "archive_depth": 3, "novelty_threshold": 0.1}, {}),
        ({"archive": "cvt"}, {"archive": "cvt", "archive_options": {"history_length": 2}}),
        (
            {"archive": "cvt", "archive_cells": 50, "archive_bins": 7},
            {"archive": "cvt", "archive_options": {"cells": 50, "history_length": 2}},
        ),
        (
            {"archive": "deep_grid", "archive_depth": 3},
            {"archive": "deep_grid", "archive_options": {"dims": [5, 6], "depth": 3, "history_length": 2}},
        ),
        (
            {"archive": "proximity", "novelty_threshold": 0.1},
            {"archive": "proximity", "archive_options": {"novelty_threshold": 0.1, "history_length": 2}},
        ),
        (
            {"diff_weight": 0.5, "repair_weight": 1.5},
            {"operator_weights": {"diff": 0.5, "lmx": 1.0, "repair": 1.5}},
        ),
    ],
)
def test_hyperparameters_take_their_places(chosen, changes):
    assert with_hyperparameters(SECTION, chosen) == {**SECTION, **changes}


def test_the_settings_given_are_left_as_they_are():
    before = repr(SECTION)
    with_hyperparameters(SECTION, {"archive": "cvt", "archive_cells": 3, "diff_weight": 0.0})
    assert repr(SECTION) == before


def test_settings_are_told_apart():
    given = {"archive": "cvt", "num_islands": 3, "diff_weight": 1.0, "temperature": 0.5}
    assert split_elm_settings(given) == (
        {"archive": "cvt", "diff_weight": 1.0},
        {"num_islands": 3, "temperature": 0.5},
    )


def test_an_option_that_no_archive_takes_stays_so_that_it_is_refused():
    section = {**SECTION, "archive_options": {"dim": 3}}
    assert with_hyperparameters(section, {"archive_bins": 4})["archive_options"] == {"dim": 3, "dims": [4, 4]}


def test_the_names_are_unique():
    names = [hyperparameter.name for hyperparameter in ELM_HYPERPARAMETERS]
    assert len(set(names)) == len(names)
