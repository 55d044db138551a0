"""One program, judged by the referee on all episodes of a task."""

from __future__ import annotations

import functools
from collections.abc import Callable

from skdecide import Domain

from skdecide_elm.bridges import identity, wants_domain
from skdecide_elm.core import Evaluation
from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation.actions import action_codec
from skdecide_elm.evaluation.channel import ChannelClosed, ChannelMisused
from skdecide_elm.evaluation.codec import ActionError
from skdecide_elm.evaluation.failure import failed_evaluation, printable
from skdecide_elm.evaluation.hosts import PlannerHost
from skdecide_elm.evaluation.messages import Failure, FailureKind, encode_evaluation, encode_failure
from skdecide_elm.evaluation.planner_side import Assignment, PlannerSetup
from skdecide_elm.evaluation.randomness import derive_seed
from skdecide_elm.evaluation.referee import DeadlinePassed, PlannerFailed, deadline
from skdecide_elm.evaluation.rollout import Actor, Episode, Position, run_episode
from skdecide_elm.evaluation.score import score_episodes
from skdecide_elm.evaluation.task import RolloutTask

__all__ = ["evaluate_with_referee", "judge", "planner_setup"]

_MAX_ERROR_CHARS = 1000


def planner_setup(task: RolloutTask) -> PlannerSetup:
    """What the planner's side may know of a task."""
    domains = [task.build(instance)[0] for instance in range(len(task.domain_factories))]
    return PlannerSetup(
        bridge=task.bridge,
        copies=tuple(
            _copy_maker(task, factory, domain) for factory, domain in zip(task.domain_factories, domains, strict=True)
        ),
        codec=action_codec(domains),
        seed=derive_seed(task.seed, "program"),
        timeout=task.timeout,
        memory_limit_mb=task.memory_limit_mb,
        isolation=task.isolation,
        threads=task.threads,
        readable=task.readable,
        preload=task.preload,
    )


def _copy_maker(task: RolloutTask, factory: Callable[[], Domain], domain: Domain) -> Callable[[], Domain]:
    """A factory without arguments for the planner's copy.

    One that wants to see the rollout domain is called here, and only its result goes over: what that domain hides
    stays on this side.
    """
    make_copy: Callable[..., Domain] = task.planner_domain_factory or factory
    return functools.partial(identity, make_copy(domain)) if wants_domain(make_copy) else make_copy


def evaluate_with_referee(task: RolloutTask, assignment: Assignment, host: PlannerHost) -> bytes:
    """Judge one program; the worker's answer, as `messages` has it."""
    position = Position()
    evaluation: Evaluation | None = None
    kind: FailureKind = "died"
    try:
        with deadline(task.timeout):
            evaluation = judge(task, host.begin(assignment), position)
    except DeadlinePassed:
        kind = "timeout"
    except ChannelMisused:
        kind = "malformed"
    except ChannelClosed:
        pass
    ended = host.finish(gone=evaluation is None and kind == "died")
    if evaluation is not None:
        return encode_evaluation(evaluation)
    if kind == "died" and ended is None:  # it runs on, without a channel
        kind = "malformed"
    return encode_failure(Failure(kind, ended or 0, str(position)))


def judge(task: RolloutTask, actor: Actor, position: Position) -> Evaluation:
    """Play all episodes and score them; a failure of the actor, or of the domain at its actions, is invalid.

    Args:
        position: kept up to date, for the message of a failure.

    Raises:
        ChannelClosed: the actor's process is lost.
    """
    try:
        return score_episodes(_play_all(task, actor, position), task.normalize)
    except PlannerFailed as failure:
        return Evaluation.invalid(str(failure), traceback=failure.trace, failed_at=str(position))
    except ActionError as error:
        return Evaluation.invalid(printable(f"ActionError: {error}", _MAX_ERROR_CHARS), failed_at=str(position))
    except EvaluationError:
        raise
    except Exception as error:  # noqa: BLE001 - the domain may raise anything when it is given a bad action
        failed = failed_evaluation(error)
        return Evaluation(failed.metrics, {**failed.artifacts, "failed_at": str(position)})


def _play_all(task: RolloutTask, actor: Actor, position: Position) -> list[Episode]:
    episodes = []
    for instance in range(len(task.domain_factories)):
        domain, max_steps = task.build(instance)
        for number in range(task.num_episodes):
            position.episode, position.step = task.episode_name(instance, number), 0
            luck = derive_seed(task.seed, instance, number)
            seeds = (luck, derive_seed(luck, "planner"))
            episodes.append(run_episode(domain, actor, instance, max_steps, seeds, position))
    return episodes
