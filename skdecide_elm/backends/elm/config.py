"""The section ``elm`` of a configuration, and the search that it describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from skdecide_elm.backends.elm.proposers import LLM_OPERATORS
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.archives import ARCHIVES
from skdecide_elm.search.baselines import BestOfN, OnePlusOne, RandomSearch
from skdecide_elm.search.genetic import GeneticAlgorithm
from skdecide_elm.search.loop import Search
from skdecide_elm.search.map_elites import MapElites
from skdecide_elm.search.measures import Feature
from skdecide_elm.search.replication import Replication
from skdecide_elm.search.selection import SELECTIONS
from skdecide_elm.search.settings import SearchSettings
from skdecide_elm.search.space import Descriptor
from skdecide_elm.search.strategy import Strategy

__all__ = ["CANDIDATES", "ElmConfig", "FeatureConfig", "build_search", "load_elm_config"]


CANDIDATES = (
    *("mean_steps", "action_entropy", "distinct_observations", "cost_spread", "goal_rate"),
    *("ast_nodes", "cyclomatic_complexity"),
)
"""Features among which two are chosen where none are named; those that a domain lacks are left out."""


class FeatureConfig(BaseModel):
    """One dimension of behaviour space: a metric or a feature of the code, and its bounds if they are known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    bounds: tuple[float, float] | None = None


class ElmConfig(BaseModel):
    """How an ELM search runs.

    Attributes:
        strategy: ``map_elites``, or a baseline.
        archive: ``grid``, ``cvt``, ``deep_grid``, ``proximity`` or ``sliding``.
        archive_options: arguments of that archive, such as ``dims`` or ``cells``; see `skdecide_elm.search.archives`.
        features: two or more metrics or code features, by name or with bounds; where no bounds are given, a scale is
            learned from the initial phase and frozen. None: those two of the evaluation's descriptors and the size of
            the code whose grid the initial phase fills best.
        selection: ``uniform``, ``best``, ``worst``, ``rank``, ``tournament``, ``curiosity`` or ``novelty``.
        population_size: of the genetic algorithm.
        init_steps: steps from the initial program, before selection begins.
        num_examples: other elites that operators may show.
        batch_size: steps under way at a time beside those that wait for an LLM; a step knows what others have brought.
        operator_weights: of the operators, where an LLM is configured and the solver's ``operators`` name none.
        atol: how far below the target score is near enough.
        save_history: keep every program.
        replicates: evaluations after which a score is believed where luck may decide; 1: scores do not depend on luck.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    strategy: Literal["map_elites", "genetic", "one_plus_one", "random", "best_of_n"] = "map_elites"
    archive: Literal["grid", "cvt", "deep_grid", "proximity", "sliding"] = "grid"
    archive_options: dict[str, Any] = Field(default_factory=dict)
    features: tuple[str | FeatureConfig, ...] | None = None
    selection: Literal["uniform", "best", "worst", "rank", "tournament", "curiosity", "novelty"] = "rank"
    population_size: int = 50
    init_steps: int = 20
    num_examples: int = 3
    batch_size: int = Field(default=8, ge=1)
    operator_weights: dict[str, NonNegativeFloat] = Field(default_factory=lambda: dict(LLM_OPERATORS))
    atol: float = 0.0
    save_history: bool = False
    replicates: int = Field(default=1, ge=1)

    @property
    def identity(self) -> dict[str, str]:
        """What a checkpoint must have in common with the search that loads it."""
        if self.strategy != "map_elites":
            return {"strategy": self.strategy}
        return {
            "strategy": self.strategy,
            "archive": f"{self.archive} {dict(sorted(self.archive_options.items()))}",
            "behaviour": "chosen" if self.features is None else ", ".join(self.feature_names),
        }

    @property
    def used_operators(self) -> dict[str, float]:
        """The operators whose weight is not 0."""
        return {name: weight for name, weight in self.operator_weights.items() if weight}

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The dimensions of behaviour space, or those among which they are chosen, by name."""
        found = CANDIDATES if self.features is None else self.features
        return tuple(feature.name if isinstance(feature, FeatureConfig) else feature for feature in found)

    @property
    def num_features(self) -> int:
        """The number of dimensions of behaviour space."""
        return 2 if self.features is None else len(self.features)


def load_elm_config(config: ElmConfig | Mapping[str, Any] | str | Path | None) -> ElmConfig:
    """The settings: as they are, from plain values, or from the section ``elm`` of a YAML file (defaults without one).

    Raises:
        ConfigError: the file cannot be read, or a setting is unknown or of the wrong kind; the message names it.
    """
    if isinstance(config, ElmConfig):
        return config
    section = _section(config) if isinstance(config, str | Path) else config or {}
    try:
        return ElmConfig.model_validate(section)
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(map(str, ("elm", *found["loc"])))
        known = ", ".join(ElmConfig.model_fields)
        raise ConfigError(
            f"expected settings of ELM; {where}: {found['msg']}; found {found['input']!r}; the settings are {known}"
        ) from error


def build_search(
    config: ElmConfig, initial_programs: list[str], settings: Callable[[SearchSettings], SearchSettings]
) -> Search:
    """The search that a configuration describes; nothing runs yet.

    Args:
        settings: completes the settings of the loop by what is no matter of the section ``elm``.

    Raises:
        ConfigError: a setting that cannot work.
    """
    replication = None if config.replicates == 1 else Replication(config.replicates)
    own = SearchSettings(
        init_steps=config.init_steps,
        num_examples=config.num_examples,
        atol=config.atol,
        save_history=config.save_history,
        replication=replication,
    )
    return Search(_strategy(config), initial_programs, settings(own))


def _strategy(config: ElmConfig) -> Strategy:
    if config.strategy == "map_elites":
        return MapElites(_archive_factory(config), _descriptor(config), SELECTIONS[config.selection])
    if config.strategy == "genetic":
        return GeneticAlgorithm(config.population_size)
    baselines: dict[str, Callable[[], Strategy]] = {
        "one_plus_one": OnePlusOne,
        "random": RandomSearch,
        "best_of_n": BestOfN,
    }
    return baselines[config.strategy]()


def _descriptor(config: ElmConfig) -> Descriptor:
    if config.features is None:
        return Descriptor(CANDIDATES, choose_two=True)
    return Descriptor([Feature(f.name, f.bounds) if isinstance(f, FeatureConfig) else f for f in config.features])


def _archive_factory(config: ElmConfig) -> Any:
    factory = partial(cast(Any, ARCHIVES[config.archive]), **config.archive_options)
    try:
        factory(bounds=((0.0, 1.0),) * config.num_features)  # says now, rather than when the bounds are learned, ...
    except TypeError as error:  # ... that it has no such argument
        raise ConfigError(f"expected elm.archive_options for the archive {config.archive}; {error}") from error
    return factory


def _section(path: str | Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"expected {path} to be a YAML file; {error}") from error
    section = content.get("elm") if isinstance(content, Mapping) else None
    if section is not None and not isinstance(section, Mapping):
        raise ConfigError(f"expected the section elm of {path} to hold settings by name; found {section!r}")
    return section or {}
