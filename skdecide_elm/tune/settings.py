"""How a study runs, in plain values, as a file or a command line gives them."""

from __future__ import annotations

import difflib
import random
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, CmaEsSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from skdecide_elm.errors import ConfigError

__all__ = ["PRUNERS", "SAMPLERS", "Cost", "StudySettings", "check_known"]

Cost = Literal["evaluations", "llm_calls", "llm_tokens", "llm_cost"]
_COSTS = ("evaluations", "llm_calls", "llm_tokens", "llm_cost")

SAMPLERS: Mapping[str, Callable[..., BaseSampler]] = MappingProxyType(
    {"tpe": TPESampler, "random": RandomSampler, "cmaes": CmaEsSampler, "nsgaii": NSGAIISampler}
)
"""Optuna's samplers, by name."""

PRUNERS: Mapping[str, Callable[[], BasePruner]] = MappingProxyType(
    {"none": NopPruner, "median": MedianPruner, "halving": SuccessiveHalvingPruner, "hyperband": HyperbandPruner}
)
"""Optuna's pruners, by name."""

_HEARTBEAT_SECONDS = 30
"""After twice that without a sign of life, a trial of a killed process counts as failed."""

_DELAYS = (0.1, 0.5, 2.0)
"""Seconds after which a database is opened again: the first processes of a study create its tables at the same time."""


@dataclass(frozen=True)
class StudySettings:
    """How a study runs.

    Attributes:
        n_trials: with how many trials, complete or pruned, the study ends; those of earlier calls and of other
            processes count. Each process ends the trial it has begun, so that there may be one more for each.
        names: hyperparameters to tune; None: all that the solver declares.
        ranges: by hyperparameter, what is to replace its declared range: ``low``, ``high``, ``step``, ``log``,
            ``choices``.
        fixed: values of hyperparameters that are not tuned.
        seeds: each trial runs the solver once with each of these as ``random_seed``; its score is the mean.
        cost: what is minimised beside the score, as a second objective: ``evaluations``, ``llm_calls``,
            ``llm_tokens`` or ``llm_cost`` of a run, on average; None: the score is the only objective.
        sampler: ``tpe``, ``random``, ``cmaes`` or ``nsgaii``.
        sampler_seed: for a study that can be repeated by one process; None: drawn. Processes that join a study at the
            same time need different ones.
        pruner: ``none``, ``median``, ``halving`` or ``hyperband``; two objectives are never pruned.
        report_interval: iterations from one intermediate value to the next.
        storage: a database's URL (``sqlite:///study.db``, ``postgresql://…``) or the path of a journal file, which may
            lie on a network file system; None: in memory.
        study_name: under which the study is stored; whoever names the same joins it.
        begin_with_defaults: the first trial of a new study is that of the hyperparameters' defaults, as far as they are
            in range.

    Raises:
        ConfigError: a setting that cannot work.
    """

    n_trials: int = 20
    names: tuple[str, ...] | None = None
    ranges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    cost: Cost | None = None
    sampler: str = "tpe"
    sampler_seed: int | None = None
    pruner: str = "median"
    report_interval: int = 5
    storage: str | None = None
    study_name: str = "skdecide_elm"
    begin_with_defaults: bool = True

    def __post_init__(self) -> None:
        if min(self.n_trials, self.report_interval, len(self.seeds)) < 1:
            raise ConfigError(
                "expected n_trials and report_interval of at least 1, and a seed; "
                f"found {self.n_trials}, {self.report_interval}, {list(self.seeds)}"
            )
        check_known("sampler", self.sampler, SAMPLERS)
        check_known("pruner", self.pruner, PRUNERS)
        if self.cost is not None:
            check_known("cost", self.cost, _COSTS)

    def open_storage(self) -> BaseStorage:
        """The storage; several processes may open it, unless it is in memory.

        Raises:
            ConfigError: it cannot be opened.
        """
        if self.storage is None:
            return InMemoryStorage()
        if "://" not in self.storage:
            return JournalStorage(JournalFileBackend(self.storage))
        try:
            return _open_database(self.storage)
        except (ImportError, ValueError, SQLAlchemyError, StorageInternalError) as error:
            raise ConfigError(
                f"expected the URL of a database that can be reached; found {self.storage!r}: {error}; "
                "give one like 'sqlite:///study.db', or the path of a journal file"
            ) from error

    def make_pruner(self) -> BasePruner:
        """The pruner."""
        return PRUNERS[self.pruner]()

    def make_sampler(self, begun: int) -> BaseSampler:
        """The sampler, for a study where some trials have begun: a study that goes on does not repeat its draws."""
        seed = self.sampler_seed
        return SAMPLERS[self.sampler](seed=None if seed is None else random.Random(f"{seed}/{begun}").getrandbits(31))


def _open_database(url: str) -> RDBStorage:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of the heartbeat
        for delay in _DELAYS:
            try:
                return RDBStorage(url, heartbeat_interval=_HEARTBEAT_SECONDS)
            except (DBAPIError, StorageInternalError):  # such as of a table that another process has just created
                time.sleep(delay)
        return RDBStorage(url, heartbeat_interval=_HEARTBEAT_SECONDS)


def check_known(what: str, name: str, known: Any) -> None:
    """Check that there is something of that name.

    Raises:
        ConfigError: there is not.
    """
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose among {', '.join(known)}"
        raise ConfigError(f"expected the name of a {what}; found {name!r}; {hint}")
