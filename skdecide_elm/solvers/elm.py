"""`ProxyELM` and `IntegratedELM`: the solvers that search by ELM, a map of different, good programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openevolve.config import Config
from skdecide import Domain

from skdecide_elm.backends.elm import ElmConfig
from skdecide_elm.backends.openevolve import Operators
from skdecide_elm.bridges import identity, no_arguments
from skdecide_elm.domain_api import ApiExtractionParams
from skdecide_elm.evaluation import IsolationLevel, WorkerMode
from skdecide_elm.evaluation.dask_executor import Parallel
from skdecide_elm.evaluation.descriptors import REPRODUCIBLE_DESCRIPTORS, DescriptorHook
from skdecide_elm.hyperparameters import split_elm_settings
from skdecide_elm.llm.ledger import Price
from skdecide_elm.llm.recorded import Matching
from skdecide_elm.solvers.callbacks import Callback
from skdecide_elm.solvers.documentation import documented_by
from skdecide_elm.solvers.elm_family import ElmSolver, elm_settings
from skdecide_elm.solvers.integrated import IntegratedSolver
from skdecide_elm.solvers.proxy import ProxySolver

__all__ = ["IntegratedELM", "ProxyELM"]


@documented_by(IntegratedSolver)
class IntegratedELM(ElmSolver, IntegratedSolver):
    """Evolve a map of planners ``Planner(domain=…)`` that are given the scikit-decide domain, by ELM's means.

    Args:
        elm: how the search runs: an `ElmConfig`, settings by name, or a YAML file with a section ``elm``; None: that
            section of ``config`` if it is a file, else defaults. A map needs whole evaluations, so that
            ``evaluator_racing`` is refused. ``operators`` cannot be ``openevolve``. ``tuning_share`` is that of the
            iterations after the initial phase; where scores depend on luck (``replicates``) no constants are tuned.
            Hyperparameters given by name, such as ``archive="cvt"``, replace what is said here.
    """

    def __init__(
        self,
        domain_factory: Callable[[], Domain],
        initial_program_path: str | Path | None = None,
        initial_program_include_rollout: bool = True,
        evaluator_path: str | Path | None = None,
        evaluator_domain_factories: Sequence[Callable[[], Domain]] | None = None,
        evaluator_rollout_num_episodes: int = 3,
        evaluator_rollout_max_steps: int | Callable[[Domain], int] = 100,
        evaluator_rollout_normalize: bool = True,
        evaluator_timeout: float | None = None,
        evaluator_enforce_using_public_api: bool = False,
        config: str | Path | Config | None = None,
        output_dir: str | Path | None = None,
        target_score: float | None = None,
        prompt_add_blockevolve_instruction: bool = True,
        prompt_add_public_api_instruction: bool = True,
        prompt_include_domain_module: bool = False,
        prompt_include_public_api: bool = True,
        prompt_include_public_api_params: ApiExtractionParams | None = None,
        prompt_update_function: Callable[[str], str] | None = None,
        nb_iterations: int | None = None,
        planner_domain_factory: Callable[..., Domain] | None = None,
        evaluator_memory_limit_mb: int | None = 4096,
        evaluator_isolation: IsolationLevel = "auto",
        evaluator_threads: bool = False,
        evaluator_readable_paths: Sequence[str | Path] = (),
        evaluator_seed: int | None = None,
        evaluator_parallel: Parallel = None,
        evaluator_worker_mode: WorkerMode | None = None,
        llm_concurrency: int = 8,
        tuning_share: float | None = None,
        tuning_step: float | None = None,
        operators: Operators | None = None,
        max_llm_calls: int | None = None,
        max_llm_tokens: int | None = None,
        max_llm_cost: float | None = None,
        llm_prices: Mapping[str, Price] | None = None,
        llm_record: str | Path | None = None,
        llm_replay: str | Path | None = None,
        llm_replay_matching: Matching = "strict",
        validation_domain_factories: Sequence[Callable[[], Domain]] | None = None,
        validation_candidates: int = 5,
        test_domain_factories: Sequence[Callable[[], Domain]] | None = None,
        descriptors: Sequence[str] = REPRODUCIBLE_DESCRIPTORS,
        descriptor: DescriptorHook | None = None,
        evaluator_racing: float = False,
        evaluator_cache: bool = True,
        callback: Callback | None = None,
        elm: ElmConfig | Mapping[str, Any] | str | Path | None = None,
        **kwargs: Any,
    ) -> None:
        settings = _given(locals())
        hyperparameters, others = split_elm_settings(kwargs)
        self._elm = elm_settings(elm, config, hyperparameters)
        super().__init__(**settings, **others)


@documented_by(ProxySolver)
class ProxyELM(ElmSolver, ProxySolver):
    """Evolve a map of planners that know nothing of scikit-decide, by ELM's means.

    Converters stand between the domain and the program's ``Planner``.

    Args:
        elm: how the search runs: an `ElmConfig`, settings by name, or a YAML file with a section ``elm``; None: that
            section of ``config`` if it is a file, else defaults. A map needs whole evaluations, so that
            ``evaluator_racing`` is refused. ``operators`` cannot be ``openevolve``. ``tuning_share`` is that of the
            iterations after the initial phase; where scores depend on luck (``replicates``) no constants are tuned.
            Hyperparameters given by name, such as ``archive="cvt"``, replace what is said here.
    """

    def __init__(
        self,
        domain_factory: Callable[[], Domain],
        initial_program_path: str | Path,
        evaluator_path: str | Path | None = None,
        planner_kwargs_factory: Callable[[Domain], dict[str, Any]] = no_arguments,
        planner_obs_converter: Callable[[Any], Any] = identity,
        planner_action_converter: Callable[[Any], Any] = identity,
        planner_applicable_actions_converter: Callable[[Any], Any] = identity,
        config: str | Path | Config | None = None,
        output_dir: str | Path | None = None,
        target_score: float | None = None,
        prompt_add_blockevolve_instruction: bool = True,
        nb_iterations: int | None = None,
        planner_domain_factory: Callable[..., Domain] | None = None,
        evaluator_domain_factories: Sequence[Callable[[], Domain]] | None = None,
        evaluator_rollout_num_episodes: int = 3,
        evaluator_rollout_max_steps: int | Callable[[Domain], int] = 100,
        evaluator_rollout_normalize: bool = True,
        evaluator_timeout: float | None = None,
        evaluator_memory_limit_mb: int | None = 4096,
        evaluator_isolation: IsolationLevel = "auto",
        evaluator_threads: bool = False,
        evaluator_readable_paths: Sequence[str | Path] = (),
        evaluator_seed: int | None = None,
        evaluator_parallel: Parallel = None,
        evaluator_worker_mode: WorkerMode | None = None,
        llm_concurrency: int = 8,
        tuning_share: float | None = None,
        tuning_step: float | None = None,
        operators: Operators | None = None,
        max_llm_calls: int | None = None,
        max_llm_tokens: int | None = None,
        max_llm_cost: float | None = None,
        llm_prices: Mapping[str, Price] | None = None,
        llm_record: str | Path | None = None,
        llm_replay: str | Path | None = None,
        llm_replay_matching: Matching = "strict",
        validation_domain_factories: Sequence[Callable[[], Domain]] | None = None,
        validation_candidates: int = 5,
        test_domain_factories: Sequence[Callable[[], Domain]] | None = None,
        descriptors: Sequence[str] = REPRODUCIBLE_DESCRIPTORS,
        descriptor: DescriptorHook | None = None,
        evaluator_racing: float = False,
        evaluator_cache: bool = True,
        callback: Callback | None = None,
        elm: ElmConfig | Mapping[str, Any] | str | Path | None = None,
        **kwargs: Any,
    ) -> None:
        settings = _given(locals())
        hyperparameters, others = split_elm_settings(kwargs)
        self._elm = elm_settings(elm, config, hyperparameters)
        super().__init__(**settings, **others)


def _given(local: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters among the local names of a constructor that has only just begun."""
    return {name: value for name, value in local.items() if name not in {"self", "__class__", "elm", "kwargs"}}
