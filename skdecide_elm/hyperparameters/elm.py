"""What can be tuned of a search by ELM, by names that mean one number each, and where each belongs in its settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from discrete_optimization.generic_tools.hyperparameters.hyperparameter import (
    CategoricalHyperparameter,
    FloatHyperparameter,
    Hyperparameter,
    IntegerHyperparameter,
)

from skdecide_elm.hyperparameters.proposals import PROPOSAL_HYPERPARAMETERS
from skdecide_elm.search.selection import SELECTIONS

__all__ = ["ELM_HYPERPARAMETERS", "split_elm_settings", "with_hyperparameters"]

_GRIDS = ("grid", "deep_grid", "sliding")
_ARCHIVES = [*_GRIDS, "cvt", "proximity"]
_WEIGHTS = {"diff": 2.0, "rewrite": 1.0, "crossover": 1.0, "repair": 0.0}

_SEARCH: list[Hyperparameter] = [
    CategoricalHyperparameter("archive", choices=_ARCHIVES, default="grid"),
    IntegerHyperparameter("archive_bins", low=4, high=30, default=10, depends_on=("archive", _GRIDS)),
    IntegerHyperparameter("archive_depth", low=2, high=16, default=8, depends_on=("archive", ["deep_grid"])),
    IntegerHyperparameter("archive_cells", low=20, high=500, log=True, default=100, depends_on=("archive", ["cvt"])),
    FloatHyperparameter(
        "novelty_threshold", low=0.01, high=0.2, log=True, default=0.05, depends_on=("archive", ["proximity"])
    ),
    CategoricalHyperparameter("selection", choices=sorted(SELECTIONS), default="rank"),
    IntegerHyperparameter("init_steps", low=5, high=50, default=20),
    IntegerHyperparameter("batch_size", low=1, high=32, log=True, default=8),
]
_PROMPTS: list[Hyperparameter] = [
    IntegerHyperparameter("num_examples", low=0, high=6, default=3),
    *(FloatHyperparameter(f"{name}_weight", low=0.0, high=4.0, default=weight) for name, weight in _WEIGHTS.items()),
]

ELM_HYPERPARAMETERS: list[Hyperparameter] = [*_SEARCH, *_PROMPTS, *PROPOSAL_HYPERPARAMETERS]
"""The number of examples and the operators' weights matter where an LLM is asked."""

_ELM_NAMES = frozenset(hyperparameter.name for hyperparameter in [*_SEARCH, *_PROMPTS])
_OPTIONS: dict[str, tuple[str, Callable[[Any, int], Any]]] = {
    "archive_bins": ("dims", lambda bins, features: [bins] * features),
    "archive_depth": ("depth", lambda depth, _: depth),
    "archive_cells": ("cells", lambda cells, _: cells),
    "novelty_threshold": ("novelty_threshold", lambda threshold, _: threshold),
}
"""The archives' arguments behind hyperparameters, and how they follow from the value and the number of features."""


def split_elm_settings(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Hyperparameters of the search by ELM, and settings that are none: OpenEvolve's."""
    own = {name: value for name, value in settings.items() if name in _ELM_NAMES}
    return own, {name: value for name, value in settings.items() if name not in own}


def with_hyperparameters(section: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an ELM search, with hyperparameters in their places.

    What the archive does not take is left out: hyperparameters of other archives, and, where the archive is another one
    than in the settings, options of that.

    Args:
        section: all of the settings, as in the section ``elm`` of a file.
        chosen: hyperparameters by name.
    """
    from skdecide_elm.search.archives import ARCHIVES  # takes seconds, which only those pay who search by ELM

    archive = chosen.get("archive", section["archive"])
    factory = ARCHIVES.get(archive) if isinstance(archive, str) else archive
    taken = {} if factory is None else inspect.signature(factory).parameters
    given = section["archive_options"].items()
    options = {name: value for name, value in given if archive == section["archive"] or name in taken}
    weights = dict(section["operator_weights"])
    dimensions = 2 if section["features"] is None else len(section["features"])
    result = {**section, "archive": archive, "archive_options": options, "operator_weights": weights}
    for name, value in chosen.items():
        if name in _OPTIONS:
            option, converted = _OPTIONS[name]
            options.update({option: converted(value, dimensions)} if option in taken else {})
        elif name.endswith("_weight"):
            weights[name.removesuffix("_weight")] = value
        else:
            result[name] = value
    return result
