"""Evaluation: programs are run on tasks, in processes that can be killed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skdecide_elm.evaluation.isolation import IsolationLevel
    from skdecide_elm.evaluation.pool import EvaluationPool, WorkerMode
    from skdecide_elm.evaluation.task import RolloutTask, ScriptTask, Task

__all__ = ["EvaluationPool", "IsolationLevel", "RolloutTask", "ScriptTask", "Task", "WorkerMode"]

_HOMES = {
    "EvaluationPool": "pool",
    "IsolationLevel": "isolation",
    "RolloutTask": "task",
    "ScriptTask": "task",
    "Task": "task",
    "WorkerMode": "pool",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: a process that finds out about the isolation needs little."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
