"""From episodes to the metrics of an evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from skdecide_elm.core import COMBINED_SCORE, Evaluation
from skdecide_elm.evaluation.rollout import Episode

__all__ = ["MAX_ARTIFACT_CHARS", "evaluation_from_report", "rankable", "score_episodes"]

MAX_ARTIFACT_CHARS = 20_000
"""What OpenEvolve puts into a prompt at most, and below the size at which it would write a file."""


def score_episodes(episodes: Sequence[Episode], normalize: bool) -> Evaluation:
    """Add up what the episodes cost.

    Metrics: ``combined_score`` = −total cost, each episode's cost divided by its step limit if ``normalize``;
    ``cost`` = total cost; ``nb_reached_goals`` where the domain has goals; ``nb_episodes``, and of these
    ``nb_cut_episodes``, which ran into the step limit.
    """
    cost = math.fsum(episode.cost for episode in episodes)
    if not math.isfinite(cost):
        return Evaluation.invalid(
            f"expected a finite total cost; found {cost}: the domain's values are not numbers that can be added up"
        )
    scaled = math.fsum(e.cost / e.max_steps for e in episodes) if normalize else cost
    metrics = {COMBINED_SCORE: 0.0 - scaled, "cost": cost}
    if any(episode.goal_reached is not None for episode in episodes):
        metrics["nb_reached_goals"] = float(sum(bool(episode.goal_reached) for episode in episodes))
    metrics["nb_episodes"] = float(len(episodes))
    metrics["nb_cut_episodes"] = float(sum(episode.cut for episode in episodes))
    return Evaluation(metrics)


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


def rankable(metrics: Mapping[str, float], artifacts: Mapping[str, str]) -> Evaluation:
    """An evaluation whose ``combined_score`` says something that search can rank.

    NaN and +inf are the result of a computation that went wrong, not of a program that beats all others: both become
    −inf, and an artifact ``error`` says why.
    """
    found = metrics[COMBINED_SCORE]
    if math.isfinite(found):
        return Evaluation(metrics, artifacts)
    error = f"expected a finite {COMBINED_SCORE}; found {found}"
    return Evaluation({**metrics, COMBINED_SCORE: -math.inf}, {"error": error, **artifacts})


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:MAX_ARTIFACT_CHARS]
