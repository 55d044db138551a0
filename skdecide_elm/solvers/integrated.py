"""Programs that are given the scikit-decide domain, whatever searches them."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from openevolve.config import Config
from skdecide import Domain

from skdecide_elm.backends.openevolve import Operators, ProposalOptions, kept_global_random, load_config, read_prices
from skdecide_elm.bridges import Integrated
from skdecide_elm.domain_api import ApiExtractionParams, extract_api, initial_program, render_api
from skdecide_elm.domain_api.profile import profile_domain
from skdecide_elm.evaluation import IsolationLevel, RolloutTask, WorkerMode
from skdecide_elm.evaluation.dask_executor import Parallel
from skdecide_elm.evaluation.descriptors import REPRODUCIBLE_DESCRIPTORS, DescriptorHook
from skdecide_elm.evaluation.isolation.importable import readable_to_programs
from skdecide_elm.llm.ledger import Limits, Price
from skdecide_elm.llm.profile import DomainProfile
from skdecide_elm.llm.recorded import Matching
from skdecide_elm.prompts import BLOCK_INSTRUCTION, PUBLIC_API_INSTRUCTION, module_section
from skdecide_elm.solvers.base import ProgramSolver
from skdecide_elm.solvers.callbacks import Callback
from skdecide_elm.solvers.options import (
    EvaluationOptions,
    RunOptions,
    episodes_seed,
    evaluation_seconds,
    read_program,
    system_message,
)

__all__ = ["IntegratedSolver"]

logger = logging.getLogger(__name__)


class IntegratedSolver(ProgramSolver):
    """A solver whose programs are given the scikit-decide domain: ``Planner(domain=…)``.

    Args:
        domain_factory: makes the domain; a class, lambda, closure or `functools.partial`.
        initial_program_path: file of the program to start from, with its evolve block; None: a random sampler of
            actions, generated from the domain's characteristics.
        initial_program_include_rollout: let the generated program end with a script that plays an episode.
        evaluator_path: a script with ``evaluate(program_path)``; None: rollouts.
        evaluator_domain_factories: the instances on which programs are scored; None: ``[domain_factory]``.
        evaluator_rollout_num_episodes: episodes per instance.
        evaluator_rollout_max_steps: steps after which an episode is cut: a number or a function of the domain.
        evaluator_rollout_normalize: divide an episode's cost by its step limit in ``combined_score``.
        evaluator_timeout: seconds after which an evaluation is killed; None: the configuration's ``evaluator.timeout``
            if it is not OpenEvolve's default of 300, else 60.
        evaluator_enforce_using_public_api: give the planner a proxy of the domain that refuses private members.
        config: path of an OpenEvolve YAML file, or a ``Config`` (which is copied).
        output_dir: folder for checkpoints and the best program; None: nothing is written.
        target_score: stop when ``combined_score`` reaches it.
        prompt_add_blockevolve_instruction: tell the LLM to edit only within the evolve block.
        prompt_add_public_api_instruction: tell the LLM to use public members only.
        prompt_include_domain_module: show the LLM the source of the domain's module.
        prompt_include_public_api: show the LLM the domain's public API.
        prompt_include_public_api_params: how that is extracted; None: the defaults.
        prompt_update_function: applied to the configuration's system message before all else is added.
        nb_iterations: instead of the configuration's ``max_iterations``.
        planner_domain_factory: makes the planner's own copy of the domain, where that must not know all that the
            domain knows; called with the rollout domain if it takes an argument. None: the instance's own factory.
        evaluator_memory_limit_mb: MiB by which an evaluation may grow (on Linux); None for no limit.
        evaluator_isolation: what keeps programs from files, network and processes: ``auto``: whatever the machine
            offers; ``strict``: refuse to run without all of it; ``process``: resource limits only.
        evaluator_threads: whether programs may start threads, which the isolation forbids otherwise.
        evaluator_readable_paths: files and folders that programs may read besides Python, its packages, and the
            modules and packages of PYTHONPATH.
        evaluator_seed: of the episodes, the same for every program; None: derived from ``random_seed`` if you give that
            (or a configuration), else drawn. A small one can be guessed by a program that knows this package.
        evaluator_parallel: evaluations at a time; None: the configuration's ``parallel_evaluations`` if above 1, else
            one per core. Or an executor (of `concurrent.futures`, loky, dask, ...), whose workers then evaluate, with
            the same isolation; it stays yours to shut down. Or ``"dask"`` (the client that is open, else a local
            cluster), or the address of a dask scheduler.
        evaluator_worker_mode: ``forkserver`` or ``single`` processes; None: the best for the system.
        llm_concurrency: LLM requests in flight at a time.
        tuning_share: of the iterations, those that tune the constants of the best programs (CMA-ES within the bounds
            that ``TUNABLES`` gives; where a program has none, of its numbers), as far as programs have any; 0: none.
            None: half of them, but none where an LLM is asked and evaluating the initial program takes more than 10 s
            (a run that is recorded or replayed does not look at the time).
        tuning_step: how far from a program's constants the first ones lie that are tried (standard deviation, as a
            share of the bounds): small where there are many constants or where the program is good already. None: 0.1
            or 0.25, drawn for each program.
        operators: who proposes: names of operators, among which a bandit chooses by improvement per cost, or a dict of
            weights; of ``openevolve`` (OpenEvolve's prompts), ``rewrite``, ``diff``, ``crossover``, ``repair``,
            ``diff_model``, ``lmx``, ``embedded`` (needs no LLM), or operators of yours (an `Operator`, or a subclass of
            `LLMOperator`). None: ``openevolve``, with models drawn by weight.
        max_llm_calls, max_llm_tokens, max_llm_cost: stop the run when its LLM requests have come to so many, or have
            cost so many tokens (of prompts and replies) or so much money.
        llm_prices: money per million prompt tokens and reply tokens, by model name; None: as the YAML file says.
        llm_record: file to which requests, replies and time-outs are written.
        llm_replay: such a file, from which the LLM's replies are taken; no key is needed.
        llm_replay_matching: ``strict``: all requests must have been recorded; ``best``: else the most similar answers.
        validation_domain_factories: other instances, on which the final program is chosen after the search.
        validation_candidates: how many of the search's best programs they choose from.
        test_domain_factories: further instances, only for `get_result`.
        descriptors: behaviour descriptors among the metrics: ``mean_steps``, ``goal_rate``, ``cost_spread``,
            ``action_entropy``, ``distinct_observations`` and, if named here or in ``feature_dimensions``,
            ``decision_time``, which is not reproducible.
        descriptor: more of them: a function from the episodes (with observations, actions, costs) to numbers by name.
        evaluator_racing: stop programs early that are clearly worse than the best of their island: True, or the chance
            that one which is as good is stopped (True: 0.05). Needs more than 5 episodes in all.
        evaluator_cache: do not run the same program twice.
        callback: gets the solver after each iteration and ends the search by returning True; see `solve`.
        kwargs: settings of OpenEvolve by name, such as ``num_islands=3`` or ``random_seed=7``.

    Raises:
        UnsupportedDomainError: the domain lacks a characteristic; the message names it.
        ConfigError: a setting that cannot work.
        MarkerError: the initial program has no evolve block.
    """

    @kept_global_random()  # domains may draw from the global generators
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
        **kwargs: Any,
    ) -> None:
        super().__init__(domain_factory, planner_domain_factory, callback)
        self._bridge = Integrated(evaluator_enforce_using_public_api)
        own_config = load_config(config, kwargs)
        if prompt_update_function is not None:
            own_config.prompt.system_message = prompt_update_function(system_message(own_config))
        enrichment = self._enrichment(
            prompt_add_blockevolve_instruction,
            prompt_add_public_api_instruction,
            (prompt_include_public_api_params or ApiExtractionParams()) if prompt_include_public_api else None,
            prompt_include_domain_module,
        )
        self._start(
            config=own_config,
            initial_program=(
                initial_program(
                    self._domain,
                    domain_factory=domain_factory,
                    include_rollout=initial_program_include_rollout,
                )
                if initial_program_path is None
                else read_program(initial_program_path)
            ),
            task=RolloutTask(
                domain_factories=tuple(evaluator_domain_factories or [domain_factory]),
                bridge=self._bridge,
                planner_domain_factory=planner_domain_factory,
                num_episodes=evaluator_rollout_num_episodes,
                max_steps=evaluator_rollout_max_steps,
                normalize=evaluator_rollout_normalize,
                seed=episodes_seed(evaluator_seed, own_config, config is not None or "random_seed" in kwargs),
                timeout=evaluation_seconds(evaluator_timeout, own_config),
                memory_limit_mb=evaluator_memory_limit_mb,
                isolation=evaluator_isolation,
                threads=evaluator_threads,
                readable=readable_to_programs(evaluator_readable_paths),
                descriptors=tuple(descriptors),
                descriptor=descriptor,
            ),
            make_profile=self._profile,
            enrichment=list(enrichment),
            options=RunOptions(
                evaluator_path,
                output_dir,
                target_score,
                nb_iterations,
                evaluator_parallel,
                evaluator_worker_mode,
                EvaluationOptions(
                    validation_domain_factories,
                    test_domain_factories,
                    validation_candidates,
                    evaluator_racing,
                    evaluator_cache,
                    evaluator_seed is not None,
                ),
                ProposalOptions(
                    operators,
                    Limits(max_llm_calls, max_llm_tokens, max_llm_cost),
                    read_prices(config) if llm_prices is None else llm_prices,
                    llm_record,
                    llm_replay,
                    llm_replay_matching,
                    llm_concurrency,
                    tuning_share,
                    tuning_step,
                ),
            ),
        )

    def _profile(self) -> DomainProfile:
        return profile_domain(self._domain)

    def _enrichment(
        self, block: bool, public_api: bool, api_params: ApiExtractionParams | None, module: bool
    ) -> Iterator[str]:
        if block:
            yield BLOCK_INSTRUCTION
        if public_api:
            yield PUBLIC_API_INSTRUCTION
        if api_params is not None:
            yield render_api(extract_api(self._domain, api_params), api_params)
        if module:
            yield self._module_source()

    def _module_source(self) -> str:
        cls = type(self._domain)
        module = inspect.getmodule(cls)
        try:
            # a class of a notebook or of the running script has no module worth showing: its own source is shown
            whole = module is not None and module.__name__ != "__main__"
            return module_section(cls.__module__, inspect.getsource(module if whole and module else cls))
        except (OSError, TypeError):
            logger.warning("prompt_include_domain_module: the source of %s cannot be found", cls.__qualname__)
            return ""
