"""Evaluation: programs are run on tasks, in processes that can be killed."""

from skdecide_elm.evaluation.isolation import IsolationLevel
from skdecide_elm.evaluation.pool import EvaluationPool, WorkerMode
from skdecide_elm.evaluation.task import RolloutTask, ScriptTask, Task

__all__ = ["EvaluationPool", "IsolationLevel", "RolloutTask", "ScriptTask", "Task", "WorkerMode"]
