"""`ProxyOpenEvolve`: programs that know nothing of scikit-decide, searched by OpenEvolve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from openevolve.config import Config
from skdecide import Domain

from skdecide_elm.backends.openevolve import kept_global_random, load_config
from skdecide_elm.bridges import Proxy, identity, planner_copy
from skdecide_elm.domain_api.profile import profile_proxy
from skdecide_elm.evaluation import IsolationLevel, RolloutTask, WorkerMode
from skdecide_elm.llm.profile import DomainProfile
from skdecide_elm.prompts import BLOCK_INSTRUCTION
from skdecide_elm.solvers.base import OpenEvolveSolver, RunOptions, read_program

__all__ = ["ProxyOpenEvolve"]


class ProxyOpenEvolve(OpenEvolveSolver):
    """Evolve a program that knows nothing of scikit-decide, by OpenEvolve's means.

    Converters stand between the domain and the program's ``Planner``.

    Args:
        domain_factory: makes the domain; a class, lambda, closure or `functools.partial`.
        initial_program_path: file of the program to start from, with its evolve block.
        evaluator_path: a script with ``evaluate(program_path)`` that returns metrics (a dict, or OpenEvolve's
            ``EvaluationResult``); None: rollouts through the converters.
        planner_kwargs_factory: from the planner's own copy of the domain to the arguments of ``Planner``.
        planner_obs_converter: from the domain's observation to what ``sample_action`` gets.
        planner_action_converter: from what ``sample_action`` returns to the domain's action.
        planner_applicable_actions_converter: from the space of applicable actions to what ``sample_action`` gets.
        planner_domain_factory: makes the planner's own copy of the domain, where that must not know all that the
            domain knows; called with the rollout domain if it takes an argument. None: ``domain_factory``.
        config: path of an OpenEvolve YAML file, or a `Config` (which is copied).
        output_dir: folder for checkpoints and the best program; None: nothing is written.
        target_score: stop when ``combined_score`` reaches it.
        prompt_add_blockevolve_instruction: tell the LLM to edit only within the evolve block.
        nb_iterations: instead of the configuration's ``max_iterations``.
        evaluator_domain_factories: the instances on which programs are scored; None: ``[domain_factory]``.
        evaluator_rollout_num_episodes: episodes per instance.
        evaluator_rollout_max_steps: steps after which an episode is cut: a number or a function of the domain.
        evaluator_rollout_normalize: divide an episode's cost by its step limit in ``combined_score``.
        evaluator_timeout: seconds after which an evaluation is killed.
        evaluator_memory_limit_mb: MiB by which an evaluation may grow (on Linux); None for no limit.
        evaluator_isolation: what keeps programs from files, network and processes: ``auto``: whatever the machine
            offers; ``strict``: refuse to run without all of it; ``process``: resource limits only.
        evaluator_threads: whether programs may start threads, which the isolation forbids otherwise.
        evaluator_readable_paths: files and folders that programs may read besides Python and its packages.
        evaluator_seed: of the episodes, the same for every program.
        evaluator_parallel: evaluations at a time; None: the configuration's ``parallel_evaluations`` if above 1, else
            one per core.
        evaluator_worker_mode: ``forkserver`` or ``single`` processes; None: the best for the system.
        llm_concurrency: LLM requests in flight at a time.
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
        initial_program_path: str | Path,
        evaluator_path: str | Path | None = None,
        planner_kwargs_factory: Callable[[Domain], dict[str, Any]] = lambda domain: {},
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
        evaluator_timeout: float = 60,
        evaluator_memory_limit_mb: int | None = 4096,
        evaluator_isolation: IsolationLevel = "auto",
        evaluator_threads: bool = False,
        evaluator_readable_paths: Sequence[str | Path] = (),
        evaluator_seed: int = 0,
        evaluator_parallel: int | None = None,
        evaluator_worker_mode: WorkerMode | None = None,
        llm_concurrency: int = 8,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain_factory, planner_domain_factory)
        self._bridge = Proxy(
            planner_kwargs_factory,
            planner_obs_converter,
            planner_action_converter,
            planner_applicable_actions_converter,
        )
        self._start(
            config=load_config(config, kwargs),
            initial_program=read_program(initial_program_path),
            task=RolloutTask(
                domain_factories=tuple(evaluator_domain_factories or [domain_factory]),
                bridge=self._bridge,
                planner_domain_factory=planner_domain_factory,
                num_episodes=evaluator_rollout_num_episodes,
                max_steps=evaluator_rollout_max_steps,
                normalize=evaluator_rollout_normalize,
                seed=evaluator_seed,
                timeout=evaluator_timeout,
                memory_limit_mb=evaluator_memory_limit_mb,
                isolation=evaluator_isolation,
                threads=evaluator_threads,
                readable=tuple(Path(path).resolve() for path in evaluator_readable_paths),
            ),
            make_profile=self._profile,
            enrichment=[BLOCK_INSTRUCTION] if prompt_add_blockevolve_instruction else [],
            options=RunOptions(
                evaluator_path,
                output_dir,
                target_score,
                nb_iterations,
                evaluator_parallel,
                evaluator_worker_mode,
                llm_concurrency,
            ),
        )

    def _profile(self) -> DomainProfile:
        domain = self._domain
        observation = self._bridge.observation(domain.reset())
        applicable = self._bridge.applicable_actions(domain.get_applicable_actions()) if self._restricted else None
        own_copy = planner_copy(self._planner_domain_factory, domain)
        return profile_proxy(
            self._bridge.planner_kwargs(own_copy),
            observation,
            applicable,
            action_space=domain.get_action_space() if self._bridge.action is identity else None,
            restricted_actions=self._restricted,
        )
