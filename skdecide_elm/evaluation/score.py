"""From episodes to the metrics of an evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from skdecide_elm.core import COMBINED_SCORE, Evaluation
from skdecide_elm.evaluation.racing import Bar
from skdecide_elm.evaluation.rollout import Episode

__all__ = [
    "MAX_ARTIFACT_CHARS",
    "STOPPED_EARLY",
    "episode_score",
    "evaluation_from_report",
    "rankable",
    "score_episodes",
    "score_stopped",
]

MAX_ARTIFACT_CHARS = 20_000
"""What OpenEvolve puts into a prompt at most, and below the size at which it would write a file."""


STOPPED_EARLY = "stopped_early"
"""The metric, 1, of a program that lost its race: its combined score is an estimate, from fewer episodes."""


def episode_score(episode: Episode, normalize: bool) -> float:
    """Minus the cost of an episode, divided by its step limit if ``normalize``."""
    return 0.0 - (episode.cost / episode.max_steps if normalize else episode.cost)


def score_episodes(episodes: Sequence[Episode], normalize: bool) -> Evaluation:
    """Add up what the episodes cost.

    Metrics: ``combined_score`` = −total cost, each episode's cost divided by its step limit if ``normalize``;
    ``cost`` = total cost; ``nb_reached_goals`` where the domain has goals; ``nb_episodes``, and of these
    ``nb_cut_episodes``, which ran into the step limit. `Evaluation.scores` has the terms of ``combined_score``.
    """
    cost = math.fsum(episode.cost for episode in episodes)
    if not math.isfinite(cost):
        return Evaluation.invalid(
            f"expected a finite total cost; found {cost}: the domain's values are not numbers that can be added up"
        )
    scores = tuple(episode_score(episode, normalize) for episode in episodes)
    metrics = {COMBINED_SCORE: math.fsum(scores) + 0.0, "cost": cost}
    if any(episode.goal_reached is not None for episode in episodes):
        metrics["nb_reached_goals"] = float(sum(bool(episode.goal_reached) for episode in episodes))
    metrics["nb_episodes"] = float(len(episodes))
    metrics["nb_cut_episodes"] = float(sum(episode.cut for episode in episodes))
    return Evaluation(metrics, scores=scores)


def score_stopped(played: Mapping[int, Episode], normalize: bool, bar: Bar) -> Evaluation:
    """What the episodes that were played, by number, let expect of all: the bar's total, less what the program loses.

    The metric `STOPPED_EARLY` marks it, the other metrics are those of the episodes played, and there are no scores by
    episode.
    """
    evaluation = score_episodes(list(played.values()), normalize)
    scores = dict(zip(played, evaluation.scores, strict=True))
    metrics = {**evaluation.metrics, COMBINED_SCORE: bar.extrapolated(scores), STOPPED_EARLY: 1.0}
    return Evaluation(metrics, evaluation.artifacts)


def evaluation_from_report(report: Any) -> Evaluation:
    """What a user's own ``evaluate(program_path)`` returned: an OpenEvolve ``EvaluationResult`` or a plain dict.

    As in OpenEvolve, a missing ``combined_score`` is the mean of the numeric metrics.
    """
    metrics = getattr(report, "metrics", report)
    if not isinstance(metrics, Mapping):
        return Evaluation.invalid(
            "expected evaluate() to return metrics by name (a dict or an EvaluationResult); "
            f"found {type(report).__name__}"
        )
    numbers = {str(name): float(value) for name, value in metrics.items() if _is_number(value)}
    if COMBINED_SCORE in metrics and COMBINED_SCORE not in numbers:
        kind = type(metrics[COMBINED_SCORE]).__name__
        return Evaluation.invalid(f"expected evaluate() to return a number as {COMBINED_SCORE}; found {kind}")
    if COMBINED_SCORE not in numbers:
        numbers[COMBINED_SCORE] = sum(numbers.values()) / len(numbers) if numbers else -math.inf
    artifacts = getattr(report, "artifacts", None)
    texts = {str(k): _text(v) for k, v in artifacts.items()} if isinstance(artifacts, Mapping) else {}
    return rankable(numbers, texts)


def rankable(metrics: Mapping[str, float], artifacts: Mapping[str, str], scores: tuple[float, ...] = ()) -> Evaluation:
    """An evaluation whose ``combined_score`` says something that search can rank.

    NaN and +inf are the result of a computation that went wrong, not of a program that beats all others: both become
    −inf, and an artifact ``error`` says why.
    """
    found = metrics[COMBINED_SCORE]
    if math.isfinite(found):
        return Evaluation(metrics, artifacts, scores)
    error = f"expected a finite {COMBINED_SCORE}; found {found}"
    return Evaluation({**metrics, COMBINED_SCORE: -math.inf}, {"error": error, **artifacts})


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:MAX_ARTIFACT_CHARS]
