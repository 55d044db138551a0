"""Tasks: everything an evaluation needs, in one frozen object that cloudpickle carries to a worker process."""

from __future__ import annotations

import math
import operator
import os
import pickle
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cloudpickle
from skdecide import Domain

from skdecide_elm.bridges import Bridge
from skdecide_elm.core import Evaluation
from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation.descriptors import DescriptorHook, check_descriptors
from skdecide_elm.evaluation.failure import PROGRAM_FILE
from skdecide_elm.evaluation.isolation import IsolationLevel
from skdecide_elm.evaluation.randomness import derive_seed, seed_everything
from skdecide_elm.evaluation.score import evaluation_from_report

__all__ = ["RolloutTask", "ScriptTask", "Task", "dump_task"]


class Task(Protocol):
    """What the pool runs on a program, in a process of its own."""

    @property
    def timeout(self) -> float:
        """Seconds after which the evaluation is killed."""

    @property
    def memory_limit_mb(self) -> int | None:
        """MiB by which the evaluating process may grow; None for no limit. On Linux only."""

    def warm_up(self) -> None:
        """Import and build what every evaluation needs, before the first one."""


@dataclass(frozen=True)
class RolloutTask:
    """Rollouts of the program's planner on one or more domain instances.

    Attributes:
        domain_factories: one per instance; each makes the domain whose episodes are scored.
        bridge: what the planner sees.
        planner_domain_factory: makes the planner's own copy of an instance, with the rollout domain as argument if it
            takes one; None: the instance's own factory.
        num_episodes: episodes per instance.
        max_steps: steps after which an episode is cut; a number, or a function of the domain.
        normalize: divide each episode's cost by its `max_steps` in the score.
        seed: of the episodes; the same for every program.
        timeout: seconds for the whole evaluation.
        memory_limit_mb: MiB by which the evaluating process may grow; None for no limit. On Linux only.
        isolation: what keeps programs from files, network and processes; see `IsolationLevel`.
        threads: whether programs may start threads, where that is forbidden to them.
        readable: files and folders that programs may read besides Python and its packages, where that is restricted.
        preload: modules that are imported before a program runs, so that it need not be able to read them.
        descriptors: names of the behaviour descriptors to add to the metrics; see `evaluation.descriptors`.
        descriptor: more of them: a function from the episodes (with observations, actions and costs) to numbers by
            name. Trusted code, called by the referee.
    """

    domain_factories: tuple[Callable[[], Domain], ...]
    bridge: Bridge
    planner_domain_factory: Callable[..., Domain] | None = None
    num_episodes: int = 3
    max_steps: int | Callable[[Domain], int] = 100
    normalize: bool = True
    seed: int = 0
    timeout: float = 60.0
    memory_limit_mb: int | None = None
    isolation: IsolationLevel = "auto"
    threads: bool = False
    readable: tuple[Path, ...] = ()
    preload: tuple[str, ...] = ()
    descriptors: tuple[str, ...] = ()
    descriptor: DescriptorHook | None = None

    def __post_init__(self) -> None:
        if not self.domain_factories:
            raise ConfigError("expected at least one domain factory; found none; give the domains to roll out on")
        if self.num_episodes < 1:
            raise ConfigError(f"expected at least 1 episode per domain; found {self.num_episodes}")
        check_descriptors(self.descriptors)
        _check_limits(self)

    @property
    def nb_instances(self) -> int:
        """How many domains there are."""
        return len(self.domain_factories)

    @property
    def nb_episodes(self) -> int:
        """How many episodes a program plays in all."""
        return self.nb_instances * self.num_episodes

    def warm_up(self) -> None:
        """Build each domain once: what it imports is there before the first evaluation."""
        for instance in range(len(self.domain_factories)):
            self.build(instance)

    def build(self, instance: int) -> tuple[Domain, int]:
        """A rollout domain and its step limit; the same whenever it is built."""
        seed_everything(derive_seed(self.seed, "instance", instance))
        domain = self.domain_factories[instance]()
        return domain, self._max_steps(domain)

    def episode_name(self, instance: int, episode: int) -> str:
        """What messages call an episode, counted from 1."""
        where = f" of instance {instance + 1}" if len(self.domain_factories) > 1 else ""
        return f"episode {episode + 1}{where}"

    def _max_steps(self, domain: Domain) -> int:
        limit: Any = self.max_steps(domain) if callable(self.max_steps) else self.max_steps
        try:
            steps = operator.index(limit)  # also a whole number of numpy
        except TypeError:
            steps = 0
        if steps < 1:
            raise ConfigError(f"expected max_steps to be a whole number of at least 1; found {limit!r}")
        return steps


@dataclass(frozen=True)
class ScriptTask:
    """A user's own script with ``evaluate(program_path)``, run where it can be killed.

    Attributes:
        script: absolute path of the script.
        timeout: seconds for the whole evaluation.
        memory_limit_mb: MiB by which the evaluating process may grow; None for no limit. On Linux only.
    """

    script: str
    timeout: float = 60.0
    memory_limit_mb: int | None = None

    def __post_init__(self) -> None:
        _check_limits(self)

    def warm_up(self) -> None:
        """Run the script's top level once, so that what it imports is there before the first evaluation."""
        self._load_evaluate()

    def evaluate(self, code: str) -> Evaluation:
        """Write the program to the working folder and call ``evaluate`` with its path."""
        program = Path(PROGRAM_FILE).resolve()
        program.write_text(code, encoding="utf-8")
        return evaluation_from_report(self._load_evaluate()(os.fspath(program)))

    def _load_evaluate(self) -> Callable[[str], Any]:
        folder = os.fspath(Path(self.script).parent)
        os.chdir(folder)  # a script may open or import what lies beside it
        if folder not in sys.path:
            sys.path.insert(0, folder)
        evaluate = runpy.run_path(self.script, run_name=Path(self.script).stem).get("evaluate")
        if not callable(evaluate):
            raise ConfigError(f"expected {self.script} to define evaluate(program_path); it does not: add it")
        found: Callable[[str], Any] = evaluate
        return found


def dump_task(task: Task) -> bytes:
    """The task, ready for another process.

    Raises:
        ConfigError: it cannot be carried there.
    """
    try:
        return bytes(cloudpickle.dumps(task))
    except (pickle.PicklingError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise ConfigError(
            f"expected domain factories and converters that cloudpickle can carry to another process; found {error!r}; "
            "make them functions that build what they need rather than closures over open files, locks or environments"
        ) from error


def _check_limits(task: Task) -> None:
    if not 0 < task.timeout < math.inf:
        raise ConfigError(f"expected a time limit of more than 0 seconds; found {task.timeout}")
    if task.memory_limit_mb is not None and task.memory_limit_mb < 1:
        raise ConfigError(f"expected a memory limit of at least 1 MiB, or None; found {task.memory_limit_mb}")
