"""One program, judged by the referee on all episodes of a task."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from skdecide import Domain

from skdecide_elm.bridges import identity, wants_domain
from skdecide_elm.core import Evaluation
from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation.actions import action_codec
from skdecide_elm.evaluation.channel import ChannelClosed, ChannelMisused
from skdecide_elm.evaluation.codec import ActionError
from skdecide_elm.evaluation.descriptors import describe, recording_for
from skdecide_elm.evaluation.failure import failed_evaluation, printable
from skdecide_elm.evaluation.feedback import decision_times, last_steps, worst_episode
from skdecide_elm.evaluation.hosts import PlannerHost
from skdecide_elm.evaluation.messages import Failure, FailureKind, encode_evaluation, encode_failure
from skdecide_elm.evaluation.planner_side import Assignment, PlannerSetup
from skdecide_elm.evaluation.racing import Bar, playing_order
from skdecide_elm.evaluation.randomness import derive_seed
from skdecide_elm.evaluation.referee import DeadlinePassed, PlannerFailed, deadline
from skdecide_elm.evaluation.rollout import Actor, Episode, Position, run_episode
from skdecide_elm.evaluation.score import episode_score, score_episodes, score_stopped
from skdecide_elm.evaluation.task import RolloutTask
from skdecide_elm.evaluation.trace import Trace

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


def evaluate_with_referee(
    task: RolloutTask, assignment: Assignment, host: PlannerHost, bar: Bar | None = None
) -> bytes:
    """Judge one program; the worker's answer, as `messages` has it."""
    position = Position()
    actor: Actor | None = None
    evaluation: Evaluation | None = None
    kind: FailureKind = "died"
    try:
        with deadline(task.timeout):
            actor = host.begin(assignment)
            evaluation = judge(task, actor, position, bar)
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
    times = decision_times(position.traces, _waited(actor, position)) if kind == "timeout" else ""
    return encode_failure(Failure(kind, ended or 0, str(position), times))


def _waited(actor: Actor | None, position: Position) -> float | None:
    """For how long the planner has been deciding; None if it is not."""
    deciding = actor is not None and position.step > position.trace.steps
    return perf_counter() - actor.asked_at if actor is not None and deciding else None


def judge(task: RolloutTask, actor: Actor, position: Position, bar: Bar | None = None) -> Evaluation:
    """Play all episodes and score them; a failure of the actor, or of the domain at its actions, is invalid.

    Args:
        position: kept up to date, for the message of a failure.
        bar: stop a program that is clearly worse.

    Raises:
        ChannelClosed: the actor's process is lost.
        EvaluationError: the task's descriptor does not return numbers by name.
    """
    race = bar if bar is not None and len(bar.scores) == task.nb_episodes else None
    try:
        played = _play_all(task, actor, position, race)
    except PlannerFailed as failure:
        return _failed(position, actor, str(failure), traceback=failure.trace)
    except ActionError as error:
        problem = printable(str(error), _MAX_ERROR_CHARS)
        return _failed(position, actor, f"ActionError: {problem}", invalid_action=f"{position}: {problem}")
    except EvaluationError:
        raise
    except Exception as error:  # noqa: BLE001 - the domain may raise anything when it is given a bad action
        artifacts = failed_evaluation(error).artifacts
        return _failed(position, actor, **artifacts)
    return _evaluation(task, played, race)


def _evaluation(task: RolloutTask, played: dict[int, Episode], race: Bar | None) -> Evaluation:
    episodes = list(played.values())
    if race is not None and len(played) < task.nb_episodes:
        evaluation = score_stopped(played, task.normalize, race)
    else:
        evaluation = score_episodes(episodes, task.normalize)
    if not evaluation.is_valid:
        return evaluation
    return replace(
        evaluation,
        metrics=describe(episodes, task.descriptors, task.descriptor, evaluation.metrics),
        artifacts=worst_episode(episodes, task.normalize),
    )


def _failed(position: Position, actor: Actor, error: str, **artifacts: str) -> Evaluation:
    steps = last_steps(position.trace, actor.sent if position.step else b"")
    more = {"last_steps": steps} if steps else {}
    return Evaluation.invalid(error, **artifacts, failed_at=str(position), **more)


def _play_all(task: RolloutTask, actor: Actor, position: Position, race: Bar | None) -> dict[int, Episode]:
    """The episodes by number, in the task's order; of a program that loses its race those that it has played."""
    played: dict[int, Episode] = {}
    scores: dict[int, float] = {}
    domains: dict[int, tuple[Domain, int]] = {}
    recording = recording_for(task.descriptors, task.descriptor)
    for number in range(task.nb_episodes) if race is None else playing_order(task.nb_instances, task.num_episodes):
        instance, repetition = divmod(number, task.num_episodes)
        if instance not in domains:
            if race is None:
                domains.clear()  # each may be large
            domains[instance] = task.build(instance)
        position.begin(task.episode_name(instance, repetition), Trace(recording))
        seeds = derive_seed(task.seed, instance, repetition), derive_seed(task.seed, "planner", instance, repetition)
        domain, max_steps = domains[instance]
        played[number] = run_episode(domain, actor, instance, max_steps, seeds, position)
        scores[number] = episode_score(played[number], task.normalize)
        if race is not None and race.is_lost(scores):
            break
    return {number: played[number] for number in sorted(played)}
