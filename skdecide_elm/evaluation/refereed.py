"""One program, judged by the referee on all episodes of a task."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from skdecide import Domain

from skdecide_elm.bridges import identity, wants_domain
from skdecide_elm.core import Evaluation
from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation.actions import action_codec
from skdecide_elm.evaluation.channel import ChannelClosed
from skdecide_elm.evaluation.codec import ActionError
from skdecide_elm.evaluation.failures import describe_exception
from skdecide_elm.evaluation.planner_side import Assignment, PlannerSetup
from skdecide_elm.evaluation.referee import DeadlinePassed, PlannerFailed, PlannerHost, deadline
from skdecide_elm.evaluation.rollout import Actor, Episode, Position, episode_seed, run_episode
from skdecide_elm.evaluation.score import score_episodes
from skdecide_elm.evaluation.task import RolloutTask

__all__ = ["evaluate_with_referee", "planner_setup"]


def planner_setup(task: RolloutTask) -> PlannerSetup:
    """What the planner's side may know of a task.

    A factory for the planner's copy that wants to see the rollout domain is called here, and only its result goes over.
    """
    factories = task.domain_factories
    return PlannerSetup(
        bridge=task.bridge,
        copies=tuple(own_copy_maker(task.planner_domain_factory or factory, factory) for factory in factories),
        codec=action_codec([factory() for factory in factories]),
        timeout=task.timeout,
        memory_limit_mb=task.memory_limit_mb,
    )


def own_copy_maker(make_copy: Callable[..., Domain], make_rollout_domain: Callable[[], Domain]) -> Callable[[], Domain]:
    """A factory without arguments for the planner's copy."""
    if not wants_domain(make_copy):
        return make_copy
    return functools.partial(identity, make_copy(make_rollout_domain()))


def evaluate_with_referee(task: RolloutTask, assignment: Assignment, host: PlannerHost) -> dict[str, Any]:
    """Judge one program; the worker's reply: done with an evaluation, timed out, or died with an exit status."""
    host.await_ready()  # not the program's time
    position = Position()
    status, evaluation = "done", None
    try:
        with deadline(task.timeout):
            evaluation = _judge(task, host.begin(assignment), position)
    except DeadlinePassed:
        status = "timeout"
    except ChannelClosed:
        status = "died"
    ended = host.finish(gone=status == "died")
    reply: dict[str, Any] = {"status": status, "exit": ended, "failed_at": str(position)}
    if evaluation is not None:
        reply["evaluation"] = {"metrics": dict(evaluation.metrics), "artifacts": dict(evaluation.artifacts)}
    return reply


def _judge(task: RolloutTask, actor: Actor, position: Position) -> Evaluation:
    try:
        return score_episodes(_play_all(task, actor, position), task.normalize)
    except PlannerFailed as failure:
        return Evaluation.invalid(str(failure), traceback=failure.trace, failed_at=str(position))
    except ActionError as error:
        return Evaluation.invalid(f"ActionError: {error}", failed_at=str(position))
    except EvaluationError:
        raise
    except Exception as error:  # noqa: BLE001 - the domain may raise anything when it is given a bad action
        message, _ = describe_exception(error)
        return Evaluation.invalid(f"the domain raised {message}", failed_at=str(position))


def _play_all(task: RolloutTask, actor: Actor, position: Position) -> list[Episode]:
    episodes = []
    for instance, factory in enumerate(task.domain_factories):
        domain = factory()
        max_steps = task.step_limit(domain)
        for number in range(task.num_episodes):
            position.instance, position.episode, position.step = instance + 1, number + 1, 0
            seeds = (
                episode_seed(task.seed, "domain", instance, number),
                episode_seed(task.seed, "planner", instance, number),
            )
            episodes.append(run_episode(domain, actor, instance, max_steps, seeds, position))
    return episodes
