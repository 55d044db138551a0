"""The section ``elm`` of a configuration, and the search that it describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from skdecide_elm.backends.elm.proposers import LLM_OPERATORS
from skdecide_elm.backends.names import Named
from skdecide_elm.errors import ConfigError
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
        strategy: ``map_elites``, or a baseline; or what makes a `Strategy` of yours.
        archive: ``grid``, ``cvt``, ``deep_grid``, ``proximity`` or ``sliding``; or an `ArchiveFactory` of yours, such
            as a subclass of `ProgramArchive`.
        archive_options: arguments of that archive, such as ``dims`` or ``cells``; see `skdecide_elm.search.archives`.
        features: two or more metrics or code features, by name or with bounds; where no bounds are given, a scale is
            learned from the initial phase and frozen. None: those two of the evaluation's descriptors and the size of
            the code whose grid the initial phase fills best.
        selection: ``uniform``, ``best``, ``worst``, ``rank``, ``tournament``, ``curiosity`` or ``novelty``; or a
            `Selection` of yours. What is yours, a file names as ``module:object``.
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

    strategy: Literal["map_elites", "genetic", "one_plus_one", "random", "best_of_n"] | Named = "map_elites"
    archive: Literal["grid", "cvt", "deep_grid", "proximity", "sliding"] | Named = "grid"
    archive_options: dict[str, Any] = Field(default_factory=dict)
    features: tuple[str | FeatureConfig, ...] | None = None
    selection: Literal["uniform", "best", "worst", "rank", "tournament", "curiosity", "novelty"] | Named = "rank"
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
            return {"strategy": _name(self.strategy)}
        return {
            "strategy": self.strategy,
            "archive": f"{_name(self.archive)} {dict(sorted(self.archive_options.items()))}",
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
        problems = error.errors()
        found = problems[-1 if ":" in str(problems[0]["input"]) else 0]  # the last says why an object is not found
        where = ".".join(["elm", *(str(part) for part in found["loc"] if "[" not in str(part))])
        why, known = found["msg"].removeprefix("Value error, "), ", ".join(ElmConfig.model_fields)
        raise ConfigError(
            f"expected settings of ELM; {where}: {why}; found {found['input']!r}; the settings are {known}"
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


def _name(part: Any) -> str:
    """Of what is ours, as in files; of what is the user's, by module and name."""
    if isinstance(part, str):
        return part
    return f"{getattr(part, '__module__', '')}:{getattr(part, '__qualname__', type(part).__qualname__)}"


def _strategy(config: ElmConfig) -> Strategy:
    if callable(config.strategy):
        return cast(Strategy, config.strategy())
    if config.strategy == "map_elites":
        selection = config.selection if callable(config.selection) else SELECTIONS[config.selection]
        return MapElites(_archive_factory(config), _descriptor(config), selection)
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
    from skdecide_elm.search.archives import ARCHIVES  # takes seconds, which only those pay who search by ELM

    chosen: Any = config.archive if callable(config.archive) else ARCHIVES[config.archive]
    factory = partial(chosen, **config.archive_options)
    try:
        factory(bounds=((0.0, 1.0),) * config.num_features)  # says now, rather than when the bounds are learned, ...
    except TypeError as error:  # ... that it has no such argument
        raise ConfigError(f"expected elm.archive_options for the archive {_name(config.archive)}; {error}") from error
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
