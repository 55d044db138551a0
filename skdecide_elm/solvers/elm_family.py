"""What the solvers that search by ELM share: a map of programs, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from openevolve.config import Config

from skdecide_elm.backends.elm import (
    ArmsProposers,
    ElmBackend,
    ElmConfig,
    build_search,
    check_for_elm,
    load_elm_config,
)
from skdecide_elm.backends.openevolve import build_arms
from skdecide_elm.core import Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation import RolloutTask
from skdecide_elm.evaluation.descriptors import DESCRIPTORS
from skdecide_elm.evaluation.failure import has_timed_out
from skdecide_elm.hyperparameters import ELM_HYPERPARAMETERS, with_hyperparameters
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.operators import Embedded
from skdecide_elm.report.model import RunView
from skdecide_elm.report.of_elm import view_of_search
from skdecide_elm.search.archive_base import Archive
from skdecide_elm.search.constants import Tuning
from skdecide_elm.search.loop import Search
from skdecide_elm.search.repeats import Dropping
from skdecide_elm.search.settings import SearchSettings
from skdecide_elm.search.statistics import SearchStatistics
from skdecide_elm.solvers.base import ProgramSolver
from skdecide_elm.solvers.options import RunOptions
from skdecide_elm.solvers.portfolio import Portfolio

__all__ = ["ElmSolver", "elm_settings"]

_DROPPING = Dropping(untold=frozenset({Embedded.name}), may_pass=has_timed_out)
"""Where an LLM is asked. After a time-out, it is for the cache to say when the program is tried again."""


def elm_settings(
    elm: ElmConfig | Mapping[str, Any] | str | Path | None,
    config: str | Path | Config | None,
    hyperparameters: Mapping[str, Any],
) -> ElmConfig:
    """The settings of the search: as given, else from the section ``elm`` of the configuration's file.

    Args:
        hyperparameters: of the search, by name; they replace what the settings say.

    Raises:
        ConfigError: they cannot work.
    """
    file = config if elm is None and isinstance(config, str | Path) else None
    own = load_elm_config(elm if file is None else file)
    return load_elm_config(with_hyperparameters(own.model_dump(), hyperparameters)) if hyperparameters else own


class ElmSolver(ProgramSolver):
    """A solver whose search is ELM's: MAP-Elites, or a baseline.

    A subclass reads its `ElmConfig` before its constructor builds the backend.
    """

    hyperparameters = ELM_HYPERPARAMETERS
    """What Optuna may tune, in scikit-decide's own classes."""

    _backend: ElmBackend
    _elm: ElmConfig

    @property
    def archive(self) -> Archive | None:
        """The archive; ``archive.ribs`` is pyribs'. None for baselines, and while bounds are being learned."""
        return self._backend.archive

    def get_elites(self) -> list[Program]:
        """The programs of the archive with their metrics, the best first."""
        return self._backend.elites

    @property
    def qd_score(self) -> float:
        """Sum of the elites' scores, each minus the worst of them; 0 without an archive."""
        elites, archive = self.get_elites(), self.archive
        return 0.0 if archive is None or not elites else archive.qd_score(elites[-1].evaluation.combined_score)

    def portfolio(self, size: int = 3, candidates: int = 20, num_episodes: int = 2) -> Portfolio:
        """A policy of several elites that complement each other: the best on average, then always who adds most.

        They are judged by episode on the validation domains, or on those of the search without any. For each new domain
        that the policy meets in a rollout, it chooses the one that does best in a few simulated episodes, where that
        can be done without looking ahead; see `Portfolio`.

        Args:
            size: how many at most; who adds nothing is left out.
            candidates: the best elites, among which they are chosen.
            num_episodes: simulated with each program on a new domain.

        Raises:
            ConfigError: there is no valid elite, as before `solve`.
        """
        return Portfolio(
            self._original_domain_factory,
            self._backend.portfolio(size, candidates),
            self._bridge,
            self._given_planner_domain_factory,
            self._backend.evaluate_on,
            num_episodes,
        )

    @property
    def statistics(self) -> SearchStatistics:
        """Counts of the run so far: steps, evaluations, failures by kind, improvements."""
        return self._backend.statistics

    def _view(self) -> RunView:
        return view_of_search(self._backend.search, self._backend.bandit)

    def _make_backend(
        self,
        config: Config,
        initial_program: str,
        task: RolloutTask,
        make_proposer: Callable[[int], EmbeddedProposer],
        options: RunOptions,
    ) -> ElmBackend:
        if options.evaluation.racing is not None:
            raise ConfigError("expected no evaluator_racing for ELM, whose descriptors need whole evaluations; omit it")
        proposals, operators = options.proposals, self._elm.used_operators
        check_for_elm(proposals)
        built = build_arms(config, make_proposer, options.folder, proposals, task.seed, operators)
        concurrency = proposals.concurrency

        def completed(own: SearchSettings) -> SearchSettings:
            return replace(
                own,
                seed=built.seed,
                in_order=built.in_order,
                window=self._elm.batch_size + concurrency,
                concurrency=concurrency,
                target_score=options.target_score,
                free_repeats=not built.arms.asks_llm,
                dropping=_DROPPING if built.arms.asks_llm else None,
                tuning=built.tuning if own.replication is None else Tuning(),
            )

        def make_search() -> Search:
            return build_search(self._elm, [initial_program], completed)

        settings = options.backend_settings(config, {**self._identity, **self._elm.identity}, built.arms)
        features = [name for name in self._elm.feature_names if name in DESCRIPTORS]
        tasks = options.tasks(replace(task, seed=built.evaluator_seed), features)
        proposers = ArmsProposers(built.arms, proposals.limits)
        return ElmBackend(make_search, proposers, tasks, initial_program, settings)
