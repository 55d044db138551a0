"""What all solvers share: the policy, the program, the checkpoints."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from openevolve.config import Config
from openevolve.evaluation_result import EvaluationResult
from skdecide import Domain, Solver
from skdecide.builders.domain import Initializable
from skdecide.builders.solver import Policies, Restorable

from skdecide_elm.backends.backend import Backend
from skdecide_elm.bridges import Bridge
from skdecide_elm.domain_api import check_supported, has_restricted_actions
from skdecide_elm.errors import UnsupportedDomainError
from skdecide_elm.evaluation import RolloutTask
from skdecide_elm.evaluation.isolation.report import log_isolation
from skdecide_elm.evaluation.result import SearchResult
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.llm.ledger import Ledger
from skdecide_elm.llm.profile import DomainProfile
from skdecide_elm.programs.loader import imported_modules
from skdecide_elm.programs.markers import split_blocks
from skdecide_elm.prompts import join_sections
from skdecide_elm.solvers.callbacks import Callback, asked_to_stop
from skdecide_elm.solvers.options import RunOptions, positive, system_message
from skdecide_elm.solvers.playing import Player
from skdecide_elm.solvers.showing import Showing

__all__ = ["ProgramSolver"]

logger = logging.getLogger(__name__)


class D(Domain, Initializable):  # type: ignore[misc]
    """What the solvers ask of a domain: that an episode can begin. They take all others as they are."""


class ProgramSolver(Showing, Solver, Policies, Restorable, ABC):  # type: ignore[misc]
    """What all solvers share: the policy, the search, the checkpoints.

    One parent of a solver builds the bridge, the initial program and the enrichment of the prompt (`IntegratedSolver`,
    `ProxySolver`), and calls `_start`; another one knows the search (`OpenEvolveSolver`, `ElmSolver`).
    """

    T_domain = D

    _bridge: Bridge
    _backend: Backend

    def __init__(
        self,
        domain_factory: Callable[[], Domain],
        planner_domain_factory: Callable[..., Domain] | None,
        callback: Callback | None,
    ) -> None:
        self._callback = callback
        self._domain = domain_factory()
        check_supported(self._domain)
        super().__init__(domain_factory)
        self._restricted = has_restricted_actions(self._domain)
        self._given_planner_domain_factory = planner_domain_factory
        self._planner_domain_factory = planner_domain_factory or domain_factory

    def _start(
        self,
        config: Config,
        initial_program: str,
        task: RolloutTask,
        make_profile: Callable[[], DomainProfile],
        enrichment: Sequence[str],
        options: RunOptions,
    ) -> None:
        """Build the backend; nothing runs yet.

        Args:
            config: the run's own.
            make_profile: makes what the embedded proposer knows of the domain.
            enrichment: sections of the system message, after that of the configuration.
        """
        split_blocks(initial_program)  # says at once what is wrong with the markers
        self._nb_iterations = options.iterations(config)
        config.prompt.system_message = join_sections(system_message(config), *enrichment)
        log_isolation(task.isolation)
        self._player = Player(self._bridge, self._planner_domain_factory, self._domain)
        task = replace(task, preload=imported_modules(initial_program))
        self._backend = self._make_backend(
            config, initial_program, task, lambda seed: EmbeddedProposer(make_profile(), seed), options
        )

    @abstractmethod
    def _make_backend(
        self,
        config: Config,
        initial_program: str,
        task: RolloutTask,
        make_proposer: Callable[[int], EmbeddedProposer],
        options: RunOptions,
    ) -> Backend:
        """The search; nothing runs yet.

        Args:
            config: the run's own, with the whole system message.
            make_proposer: makes the embedded proposer from a seed.
        """

    @property
    def ledger(self) -> Ledger:
        """What the LLM requests have cost: ``ledger.total``, ``ledger.by_operator_and_model``."""
        return self._backend.ledger

    @property
    def iteration(self) -> int:
        """The last iteration whose outcome is known; 0 before `solve`."""
        return self._backend.iteration

    @property
    def best_score(self) -> float | None:
        """``combined_score`` of the search's best program; None before anything was evaluated."""
        return self._backend.best_score

    @property
    def nb_iterations(self) -> int:
        """How many iterations a call of `solve` makes, unless something ends it before."""
        return self._nb_iterations

    @property
    def was_interrupted(self) -> bool:
        """Whether Ctrl-C has ended the last call of `solve`."""
        return self._backend.was_interrupted

    @property
    def coverage(self) -> float:
        """The part of the cells of the archive, or of the islands' grids, that is occupied."""
        return self._backend.coverage

    @property
    def evaluator_seed(self) -> int:
        """The seed of the episodes: given, derived from ``random_seed``, drawn, or that of the checkpoint loaded."""
        return self._backend.evaluator_seed

    @classmethod
    def _check_domain_additional(cls, domain: Domain) -> bool:
        try:
            check_supported(domain)
        except UnsupportedDomainError:
            return False
        return True

    def solve(self, callbacks: Callback | Sequence[Callback] = ()) -> None:
        """Search, from where the last call ended.

        Args:
            callbacks: one or more functions that get this solver after each iteration and may end the search by
                returning True; see `skdecide_elm.solvers.callbacks.Callback`. They follow that of the constructor.
        """
        own = [] if self._callback is None else [self._callback]
        self._search([*own, *([callbacks] if callable(callbacks) else callbacks)])

    def _solve(self) -> None:
        self.solve()

    def _search(self, callbacks: Sequence[Callback]) -> None:
        try:
            self._backend.solve(self._nb_iterations, lambda: asked_to_stop(callbacks, self))
        finally:
            self._player.reset()

    def _reset(self) -> None:
        self._player.reset()

    def sample_action(self, observation: Any, domain: Domain | None = None) -> Any:
        """The action that the best program takes (before `solve`: the initial program).

        Args:
            observation: as the domain gives it.
            domain: the rollout domain; needed where the domain restricts its actions.

        Raises:
            MissingDomainError: actions are restricted and ``domain`` is missing.
        """
        return self._player.action(self.get_best_program_code(), observation, domain)

    def is_policy_defined_for(self, observation: Any) -> bool:
        """True: a program answers every observation."""
        return True

    def get_best_program_code(self) -> str:
        """Text of the final program: after `solve` the one that validation chose, if there are validation domains.

        Else, and meanwhile, that of the best program so far; before `solve` that of the initial program.
        """
        return self._backend.best_code

    def get_result(self, confidence_level: float = 0.95) -> SearchResult:
        """How good the final program is: on the domains of the search, on those for validation, on those for test.

        Evaluates it and the initial program where that was not done. Tests are played only here.

        Args:
            confidence_level: of the intervals, which are bootstrapped over episodes.
        """
        return self._backend.result(confidence_level)

    def held_out_score(self) -> float:
        """``combined_score`` of the final program on the validation domains, or on those of the search without any.

        −inf if it fails there. Test domains are not played.
        """
        return self._backend.held_out_score()

    def evaluate_program_code(self, code: str, cached: bool = False) -> EvaluationResult:
        """Evaluate a program exactly as the search does, in a process of its own; the search does not hear of it.

        Args:
            cached: whether what is known of the program will do. No program is stopped early here.
        """
        return self._backend.evaluate(code, cached)

    def simplify_program_code(self, code: str, max_trials: int = 100) -> str:
        """A program without the terms of sums and the branches that make it no better, for who reads it.

        They are left out one at a time, the largest first, and stay out if no score falls, on the domains of the search
        and on those for validation; so do names, constants and imports that nothing needs any more. Guards against
        rare cases stay: conditions without an alternative. The search does not hear of it.

        Args:
            code: such as that of `get_best_program_code`.
            max_trials: how many programs to evaluate for it.

        Raises:
            ConfigError: ``max_trials`` is less than one.
            ProgramError: the program fails.
        """
        return self._backend.simplified(code, positive("max_trials", max_trials))

    def sample_prompt(self, operator: str | None = None) -> dict[str, str]:
        """The prompt of the next iteration, exactly as evolution will send it: ``{"system": …, "user": …}``.

        Before `solve` this evaluates the initial program, whose metrics the prompt shows.

        Args:
            operator: the one whose prompt is wanted; None: the one that will be asked next. The embedded operator asks
                nobody: its prompt is empty, and a warning says why.

        Raises:
            ConfigError: there is no such operator, or it asks no LLM.
            ReplyError: it has nothing to work on: ``repair``, before a program has failed.
        """
        found = self._backend.next_prompt(operator)
        if not any(found.values()):
            logger.warning(
                "The prompt is empty: the embedded operator is next, which asks no LLM. With llm.models configured, "
                'sample_prompt(operator="rewrite") shows what an LLM is asked.'
            )
        return found

    def _save(self, path: str) -> None:
        self._backend.save(Path(path))

    def _load(self, path: str) -> None:
        self._backend.load(Path(path))
        self._player.reset()

    def close(self) -> None:
        """End all evaluation processes and remove all temporary files, as the end of a ``with`` block does.

        The solver remains usable: `solve` starts new processes.
        """
        self._backend.close()

    def _cleanup(self) -> None:
        self.close()

    @property
    def _identity(self) -> dict[str, str]:
        """What checkpoints must have in common with the solver that loads them."""
        cls = type(self._domain)
        return {"solver": type(self).__name__, "domain": f"{cls.__module__}.{cls.__qualname__}"}
