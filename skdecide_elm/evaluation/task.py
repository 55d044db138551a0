"""Tasks: everything an evaluation needs, in one frozen object that cloudpickle carries to a worker process."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from skdecide import Domain

from skdecide_elm.bridges import Bridge
from skdecide_elm.core import Evaluation
from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation.score import evaluation_from_report

__all__ = ["RolloutTask", "ScriptTask", "Task"]


class Task(Protocol):
    """What the pool runs on a program, in a process of its own."""

    @property
    def timeout(self) -> float:
        """Seconds after which the evaluation is killed."""

    @property
    def memory_limit_mb(self) -> int | None:
        """Address space of the evaluating process in MiB; None for no limit."""

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
        memory_limit_mb: address space of the evaluating process in MiB.
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

    def warm_up(self) -> None:
        """Build each domain once, so that what it imports is there before the first evaluation."""
        for factory in self.domain_factories:
            self.step_limit(factory())

    def step_limit(self, domain: Domain) -> int:
        """After how many steps an episode on this domain is cut.

        Raises:
            ConfigError: `max_steps` is, or returns, something else than a positive whole number.
        """
        steps: Any = self.max_steps(domain) if callable(self.max_steps) else self.max_steps
        if not isinstance(steps, int) or steps < 1:
            raise ConfigError(f"expected max_steps to be a whole number of at least 1; found {steps!r}")
        return steps


@dataclass(frozen=True)
class ScriptTask:
    """A user's own script with ``evaluate(program_path)``, run where it can be killed.

    Attributes:
        script: absolute path of the script.
        timeout: seconds for the whole evaluation.
        memory_limit_mb: address space of the evaluating process in MiB.
    """

    script: str
    timeout: float = 60.0
    memory_limit_mb: int | None = None

    def warm_up(self) -> None:
        """Run the script's top level once, so that what it imports is there before the first evaluation."""
        self._load_evaluate()

    def evaluate(self, code: str) -> Evaluation:
        """Write the program to the working folder and call ``evaluate`` with its path."""
        program = Path("program.py").resolve()
        program.write_text(code, encoding="utf-8")
        return evaluation_from_report(self._load_evaluate()(os.fspath(program)))

    def _load_evaluate(self) -> Callable[[str], Any]:
        folder = os.fspath(Path(self.script).parent)
        if folder not in sys.path:  # a script may import what lies beside it
            sys.path.insert(0, folder)
        evaluate = runpy.run_path(self.script, run_name=Path(self.script).stem).get("evaluate")
        if not callable(evaluate):
            raise ConfigError(f"expected {self.script} to define evaluate(program_path); it does not: add it")
        found: Callable[[str], Any] = evaluate
        return found
