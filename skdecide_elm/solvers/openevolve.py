"""The solvers that search by OpenEvolve: islands of programs that migrate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from openevolve.config import Config

from skdecide_elm.backends.openevolve import OpenEvolveBackend, RunStatistics, build_evolution
from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation import RolloutTask
from skdecide_elm.evaluation.descriptors import DESCRIPTORS
from skdecide_elm.evaluation.racing import FIRST_LOOK
from skdecide_elm.evaluation.tasks import Tasks
from skdecide_elm.hyperparameters import OPENEVOLVE_HYPERPARAMETERS
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.report.model import RunView
from skdecide_elm.report.of_openevolve import view_of_database
from skdecide_elm.solvers.base import ProgramSolver
from skdecide_elm.solvers.documentation import documented_by
from skdecide_elm.solvers.integrated import IntegratedSolver
from skdecide_elm.solvers.options import EvaluationOptions, RunOptions
from skdecide_elm.solvers.proxy import ProxySolver

__all__ = ["IntegratedOpenEvolve", "OpenEvolveSolver", "ProxyOpenEvolve"]


class OpenEvolveSolver(ProgramSolver):
    """A solver whose search is OpenEvolve's."""

    hyperparameters = OPENEVOLVE_HYPERPARAMETERS
    """What Optuna may tune, in scikit-decide's own classes."""

    _backend: OpenEvolveBackend

    @property
    def statistics(self) -> RunStatistics:
        """Counts of the run so far: proposals, evaluations, failures by kind, improvements."""
        return self._backend.statistics

    def _view(self) -> RunView:
        return view_of_database(self._backend.database, self.statistics, self._backend.bandit)

    def _make_backend(
        self,
        config: Config,
        initial_program: str,
        task: RolloutTask,
        make_proposer: Callable[[int], EmbeddedProposer],
        options: RunOptions,
    ) -> OpenEvolveBackend:
        evolution = build_evolution(
            config, initial_program, make_proposer, options.folder, options.proposals, task.seed
        )
        features = [name for name in config.database.feature_dimensions if name in DESCRIPTORS]
        tasks = options.tasks(replace(task, seed=evolution.settings.evaluator_seed), features)
        evolution.racing = _racing(tasks, options.evaluation)
        settings = options.backend_settings(config, self._identity, evolution.arms)
        return OpenEvolveBackend(evolution, tasks, settings, options.target_score)


@documented_by(IntegratedSolver)
class IntegratedOpenEvolve(OpenEvolveSolver, IntegratedSolver):
    """Evolve a program whose ``Planner(domain=…)`` is given the scikit-decide domain, by OpenEvolve's means."""


@documented_by(ProxySolver)
class ProxyOpenEvolve(OpenEvolveSolver, ProxySolver):
    """Evolve a program that knows nothing of scikit-decide, by OpenEvolve's means.

    Converters stand between the domain and the program's ``Planner``.
    """


def _racing(tasks: Tasks, options: EvaluationOptions) -> float | None:
    if options.racing is not None and (tasks.script is not None or tasks.train.nb_episodes <= FIRST_LOOK):
        found = "a script" if tasks.script is not None else f"{tasks.train.nb_episodes} episodes"
        raise ConfigError(
            f"expected rollouts of more than {FIRST_LOOK} episodes in all for evaluator_racing; found {found}; "
            "raise evaluator_rollout_num_episodes, or give more evaluator_domain_factories"
        )
    return options.racing
