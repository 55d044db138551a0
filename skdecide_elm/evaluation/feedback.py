"""What an LLM, or a person, needs to repair a program: short texts about its episodes, written only when they are over.

A program's answers and a domain's observations are shown as the reader's `repr` would, but cut short everywhere.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from skdecide_elm.evaluation.failure import printable
from skdecide_elm.evaluation.rollout import Episode
from skdecide_elm.evaluation.score import episode_score
from skdecide_elm.evaluation.trace import Trace, observation_in

__all__ = ["decision_times", "last_steps", "shown", "worst_episode"]

_MAX_VALUE_CHARS = 200
_MAX_ITEMS = 8
_MAX_DEPTH = 3
_SHORT = reprlib.Repr()
_SHORT.maxother = _SHORT.maxstring = _MAX_VALUE_CHARS


def worst_episode(episodes: Sequence[Episode], normalize: bool) -> dict[str, str]:
    """The artifact ``worst_episode``: of the episode with the lowest score, how it ended and its last steps."""
    score, worst = min(((episode_score(e, normalize), e) for e in episodes), key=lambda pair: pair[0])
    end = "cut at its step limit" if worst.cut else "ended by the domain"
    goal = {None: "", True: ", goal reached", False: ", goal not reached"}[worst.goal_reached]
    head = f"{worst.name}: score {score:.6g}, cost {worst.cost:.6g}, {worst.steps} steps, {end}{goal}"
    steps = last_steps(worst.trace)
    return {"worst_episode": f"{head}\n{steps}" if steps else head}


def last_steps(trace: Trace, sent: bytes = b"") -> str:
    """A line for each of the last steps: number, observation, action, cost.

    Args:
        sent: to the planner last, which in an episode that failed belongs to a step that was not ended.
    """
    first = trace.steps - len(trace.last) + 1
    lines = [
        f"step {number}: at {shown(observation_in(sent))} took {shown(action)}, cost {cost:.6g}"
        for number, (sent, action, cost) in enumerate(trace.last, start=first)
    ]
    if sent and (not trace.last or sent is not trace.last[-1][0]):
        lines.append(f"step {trace.steps + 1}: at {shown(observation_in(sent))} it failed")
    return "\n".join(lines)


def decision_times(traces: Sequence[Trace], waited: float | None) -> str:
    """How long the planner took to decide, in all episodes so far.

    Args:
        waited: seconds for which its last decision, which never came, was waited for; None: it was not deciding.
    """
    decisions = sum(trace.steps for trace in traces)
    parts = []
    if decisions:
        mean = sum(trace.seconds for trace in traces) / decisions
        longest = max(trace.longest for trace in traces)
        parts.append(f"{decisions} decisions took {1e3 * mean:.3g} ms each on average, {1e3 * longest:.3g} ms at most")
    if waited is not None:
        parts.append(f"the last one was not made within {waited:.3g} s")
    return "; ".join(parts)


def shown(value: Any) -> str:
    """A value in short."""
    return printable(_text(value, _MAX_DEPTH), _MAX_VALUE_CHARS)


def _text(value: Any, depth: int) -> str:
    if isinstance(value, np.ndarray):  # whose repr takes half a millisecond
        return f"array({_joined(map(_number, value.flat[:_MAX_ITEMS]), value.size)}, shape {value.shape})"
    if isinstance(value, np.generic):
        return _number(value)
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if depth and isinstance(value, tuple) and hasattr(value, "_fields"):
        parts = [f"{name}={_text(part, depth - 1)}" for name, part in zip(value._fields, value, strict=True)]
        return f"{type(value).__name__}({', '.join(parts)})"
    if depth and type(value) in (list, tuple):
        inner = _joined([_text(part, depth - 1) for part in value[:_MAX_ITEMS]], len(value))
        return f"[{inner}]" if type(value) is list else f"({inner})"
    return _SHORT.repr(value)


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)


def _joined(parts: Iterable[str], whole: int) -> str:
    return ", ".join([*parts, *(["…"] if whole > _MAX_ITEMS else [])])
