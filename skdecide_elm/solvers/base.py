"""What the solvers that search by OpenEvolve share."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openevolve.config import Config
from openevolve.evaluation_result import EvaluationResult
from openevolve.prompt.templates import TemplateManager
from skdecide import Domain, Solver
from skdecide.builders.domain import Initializable
from skdecide.builders.solver import Policies, Restorable

from skdecide_elm.backends.openevolve import (
    BackendSettings,
    Evolution,
    OpenEvolveBackend,
    RunStatistics,
    choose_llm,
)
from skdecide_elm.bridges import Bridge, act, planner_copy
from skdecide_elm.core import Planner
from skdecide_elm.domain_api import check_supported, has_restricted_actions
from skdecide_elm.errors import ConfigError, ProgramError, UnsupportedDomainError
from skdecide_elm.evaluation import RolloutTask, ScriptTask, Task, WorkerMode
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.llm.profile import DomainProfile
from skdecide_elm.programs.loader import imported_modules, load_planner_class
from skdecide_elm.programs.markers import split_blocks
from skdecide_elm.prompts import join_sections

__all__ = ["OpenEvolveSolver", "RunOptions", "read_program", "system_message"]


class D(Domain, Initializable):  # type: ignore[misc]
    """What the solvers ask of a domain: that an episode can begin. They take all others as they are."""


@dataclass(frozen=True)
class RunOptions:
    """How a solver runs its search; the solvers' docstrings say what each means."""

    evaluator_path: str | Path | None
    output_dir: str | Path | None
    target_score: float | None
    nb_iterations: int | None
    evaluator_parallel: int | None
    evaluator_worker_mode: WorkerMode | None
    llm_concurrency: int


class OpenEvolveSolver(Solver, Policies, Restorable):  # type: ignore[misc]
    """What both solvers share: the policy, the search, the checkpoints.

    A subclass builds the bridge, the initial program and the enrichment of the prompt, and calls `_start`.
    """

    T_domain = D

    _bridge: Bridge
    _backend: OpenEvolveBackend

    def __init__(
        self, domain_factory: Callable[[], Domain], planner_domain_factory: Callable[..., Domain] | None
    ) -> None:
        self._domain = domain_factory()
        check_supported(self._domain)
        super().__init__(domain_factory)
        self._restricted = has_restricted_actions(self._domain)
        self._planner_domain_factory = planner_domain_factory or domain_factory
        self._planner: Planner | None = None

    def _start(
        self,
        config: Config,
        initial_program: str,
        task: RolloutTask,
        make_profile: Callable[[], DomainProfile],
        enrichment: Sequence[str],
        options: RunOptions,
    ) -> None:
        """Build the backend; nothing runs yet."""
        split_blocks(initial_program)  # says at once what is wrong with the markers
        iterations = config.max_iterations if options.nb_iterations is None else options.nb_iterations
        self._nb_iterations = _positive("nb_iterations", iterations)
        folder = None if options.output_dir is None else Path(options.output_dir).resolve()
        seed = random.SystemRandom().randrange(2**31) if config.random_seed is None else config.random_seed
        proposer = choose_llm(
            config,
            lambda seed: EmbeddedProposer(make_profile(), seed),
            seed,
            None if folder is None else folder / "manual_tasks_queue",
        )
        config.prompt.system_message = join_sections(system_message(config), *enrichment)
        self._backend = OpenEvolveBackend(
            Evolution(config, proposer, initial_program, seed, _positive("llm_concurrency", options.llm_concurrency)),
            _task(replace(task, preload=imported_modules(initial_program)), options.evaluator_path),
            config,
            BackendSettings(
                output_dir=folder,
                target_score=options.target_score,
                workers=_workers(options.evaluator_parallel, config),
                worker_mode=options.evaluator_worker_mode,
                identity={"solver": type(self).__name__, "domain": _qualified_name(type(self._domain))},
            ),
        )

    @property
    def statistics(self) -> RunStatistics:
        """Counts of the run so far: proposals, evaluations, failures by kind, improvements."""
        return self._backend.statistics

    @property
    def iteration(self) -> int:
        """The last iteration whose outcome is known; 0 before `solve`."""
        return self._backend.iteration

    @property
    def best_score(self) -> float | None:
        """``combined_score`` of the best program; None before anything was evaluated."""
        return self._backend.best_score

    @classmethod
    def _check_domain_additional(cls, domain: Domain) -> bool:
        try:
            check_supported(domain)
        except UnsupportedDomainError:
            return False
        return True

    def _solve(self) -> None:
        try:
            self._backend.solve(self._nb_iterations)
        finally:
            self._planner = None

    def _reset(self) -> None:
        """Forget the planner: each episode has a fresh one, as in the evaluation."""
        self._planner = None

    def sample_action(self, observation: Any, domain: Domain | None = None) -> Any:
        """The action that the best program takes (before `solve`: the initial program).

        Args:
            observation: as the domain gives it.
            domain: the rollout domain; needed where the domain restricts its actions.

        Raises:
            MissingDomainError: actions are restricted and ``domain`` is missing.
        """
        if self._planner is None:
            self._planner = self._new_planner(domain)
        return act(self._bridge, self._planner, observation, domain, self._restricted)

    def is_policy_defined_for(self, observation: Any) -> bool:
        """True: a program answers every observation."""
        return True

    def _new_planner(self, domain: Domain | None) -> Planner:
        own_copy = planner_copy(self._planner_domain_factory, self._domain if domain is None else domain)
        planner: Planner = load_planner_class(self.get_best_program_code())(**self._bridge.planner_kwargs(own_copy))
        return planner

    def get_best_program_code(self) -> str:
        """Text of the best program so far; of the initial program before `solve`."""
        return self._backend.best_code

    def evaluate_program_code(self, code: str) -> EvaluationResult:
        """Evaluate a program exactly as the search does, in a process of its own; the search does not hear of it."""
        return self._backend.evaluate(code)

    def sample_prompt(self) -> dict[str, str]:
        """The prompt of the next iteration, exactly as evolution will send it: ``{"system": …, "user": …}``.

        Before `solve` this evaluates the initial program, whose metrics the prompt shows.
        """
        return self._backend.next_prompt()

    def _save(self, path: str) -> None:
        self._backend.save(Path(path))

    def _load(self, path: str) -> None:
        self._backend.load(Path(path))
        self._planner = None

    def close(self) -> None:
        """End all evaluation processes and remove all temporary files, as the end of a ``with`` block does.

        The solver remains usable: `solve` starts new processes.
        """
        self._backend.close()

    def _cleanup(self) -> None:
        self.close()


def read_program(path: str | Path) -> str:
    """The text of the program in a file.

    Raises:
        ProgramError: there is no such file, or it is not UTF-8 text.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProgramError(f"expected the text of a program at {path}; {error}; check initial_program_path") from error


def system_message(config: Config) -> str:
    """The system message of a configuration: its text, or the template that it names."""
    message: str = config.prompt.system_message
    templates = TemplateManager(custom_template_dir=config.prompt.template_dir)
    return str(templates.templates.get(message, message))


def _task(task: RolloutTask, evaluator_path: str | Path | None) -> Task:
    if evaluator_path is None:
        return task
    script = Path(evaluator_path).resolve()
    if not script.is_file():
        raise ConfigError(
            f"expected a script with evaluate(program_path) at {script}; there is none; check evaluator_path"
        )
    return ScriptTask(str(script), task.timeout, task.memory_limit_mb)


def _workers(asked: int | None, config: Config) -> int | None:
    """Evaluations at a time; the configuration's default of 1 cannot be told from a choice and means: one per core."""
    if asked is not None:
        return _positive("evaluator_parallel", asked)
    configured: int = config.evaluator.parallel_evaluations
    return configured if configured > 1 else None


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise ConfigError(f"expected {name} to be at least 1; found {value}")
    return value


def _qualified_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
