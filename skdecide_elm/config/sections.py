"""The sections that are ours: which domain, which solver, which planner, how programs are evaluated.

A setting becomes the solver's parameter of the same name, with the section's prefix: ``evaluation.timeout`` is
``evaluator_timeout``. The solvers' docstrings say what each means.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import (
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    Strict,
    model_validator,
)
from skdecide import Domain

from skdecide_elm.backends.elm import ElmConfig
from skdecide_elm.backends.names import Named, import_object
from skdecide_elm.evaluation import IsolationLevel, WorkerMode
from skdecide_elm.llm.recorded import Matching

__all__ = [
    "DomainSection",
    "EvaluationSection",
    "OwnSections",
    "PlannerSection",
    "SolverName",
    "SolverSection",
    "TuneSection",
]

SolverName = Literal["IntegratedOpenEvolve", "ProxyOpenEvolve", "IntegratedELM", "ProxyELM"]
Share = Annotated[float, Field(ge=0, le=1)]
Prices = Annotated[tuple[NonNegativeFloat, NonNegativeFloat], Strict(False)]  # a file has lists, no tuples


def _own_or_name(name: Any) -> Any:
    return import_object(name) if isinstance(name, str) and ":" in name else name


OperatorName = Annotated[str | Callable[..., Any], BeforeValidator(_own_or_name)]
"""One of ours, or ``module:Class`` of an `LLMOperator` of the user's."""


def _prefixed(prefix: str, **others: str) -> ConfigDict:
    """Strict settings that are dumped, by alias, as the solvers' parameters."""
    aliases = AliasGenerator(serialization_alias=lambda name: others.get(name, prefix + name))
    return ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=aliases)


class DomainSection(BaseModel):
    """The domain, and its instances.

    Attributes:
        factory: ``module:Class``, or a function that makes the domain.
        kwargs: its arguments.
        path: folders in which modules are found besides that of the file, relative to it.
        train, validation, test: instances: a list of arguments that are added to ``kwargs``, or ``module:function``
            that returns such a list.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    factory: Named
    kwargs: dict[str, Any] = Field(default_factory=dict)
    path: list[str] = Field(default_factory=list)
    train: list[dict[str, Any]] | Named | None = None
    validation: list[dict[str, Any]] | Named | None = None
    test: list[dict[str, Any]] | Named | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"factory": value} if isinstance(value, str) else value

    def instances(self, split: Literal["train", "validation", "test"]) -> list[Callable[[], Domain]]:
        """Factories of the instances of a set; an empty list if the file has none."""
        found = getattr(self, split)
        arguments = found() if callable(found) else found or []
        return [partial(self.factory, **{**self.kwargs, **own}) for own in arguments]


class SolverSection(BaseModel):
    """Which solver, and how it searches beside what OpenEvolve's sections and the section ``elm`` say."""

    model_config = _prefixed("")

    name: SolverName = "IntegratedOpenEvolve"
    target_score: float | None = None
    operators: list[OperatorName] | dict[OperatorName, NonNegativeFloat] | None = None
    tuning_share: Share | None = None
    tuning_step: Share | None = None
    llm_concurrency: PositiveInt = 8
    max_llm_calls: PositiveInt | None = None
    max_llm_tokens: PositiveInt | None = None
    max_llm_cost: PositiveFloat | None = None
    llm_record: str | None = None
    llm_replay: str | None = None
    llm_replay_matching: Matching = "strict"
    validation_candidates: PositiveInt = 5
    prompt_add_blockevolve_instruction: bool = True
    prompt_add_public_api_instruction: bool = True
    prompt_include_domain_module: bool = False
    prompt_include_public_api: bool = True
    prompt_update_function: Named | None = None
    callback: Named | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class PlannerSection(BaseModel):
    """The program to start from, and what stands between it and the domain."""

    model_config = _prefixed(
        "planner_", initial_program="initial_program_path", include_rollout="initial_program_include_rollout"
    )

    initial_program: str | None = None
    include_rollout: bool = True
    domain_factory: Named | None = None
    kwargs_factory: Named | None = None
    obs_converter: Named | None = None
    action_converter: Named | None = None
    applicable_actions_converter: Named | None = None


class EvaluationSection(BaseModel):
    """How programs are evaluated."""

    model_config = _prefixed("evaluator_", descriptors="descriptors", descriptor="descriptor")

    path: str | None = None
    rollout_num_episodes: PositiveInt = 3
    rollout_max_steps: PositiveInt | Named = 100
    rollout_normalize: bool = True
    timeout: PositiveFloat | None = None
    memory_limit_mb: PositiveInt | None = 4096
    isolation: IsolationLevel = "auto"
    threads: bool = False
    readable_paths: list[str] = Field(default_factory=list)
    seed: int | None = None
    parallel: PositiveInt | str | None = None
    worker_mode: WorkerMode | None = None
    racing: bool | Share = False
    cache: bool = True
    enforce_using_public_api: bool = False
    descriptors: list[str] | None = None
    descriptor: Named | None = None


class TuneSection(BaseModel):
    """How ``skdecide-elm tune`` runs a study; `skdecide_elm.tune.StudySettings` says what each setting means.

    Attributes:
        storage: None: a journal file in the current folder, named after the configuration.
        study_name: None: the name of the configuration.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    n_trials: PositiveInt = 20
    names: list[str] | None = None
    ranges: dict[str, dict[str, Any]] = Field(default_factory=dict)
    fixed: dict[str, Any] = Field(default_factory=dict)
    seeds: Annotated[list[int], Field(min_length=1)] = [0]
    cost: Literal["evaluations", "llm_calls", "llm_tokens", "llm_cost"] | None = None
    sampler: Literal["tpe", "random", "cmaes", "nsgaii"] = "tpe"
    sampler_seed: int | None = None
    pruner: Literal["none", "median", "halving", "hyperband"] = "median"
    report_interval: PositiveInt = 5
    storage: str | None = None
    study_name: str | None = None
    begin_with_defaults: bool = True


class OwnSections(BaseModel):
    """What a file may hold beside OpenEvolve's settings."""

    model_config = ConfigDict(extra="forbid", strict=True)

    domain: DomainSection | None = None
    solver: SolverSection = SolverSection()
    planner: PlannerSection = PlannerSection()
    evaluation: EvaluationSection = EvaluationSection()
    elm: ElmConfig = ElmConfig()
    tune: TuneSection = TuneSection()
    llm_prices: dict[str, Prices] = Field(default_factory=dict)
