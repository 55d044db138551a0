"""What a worker process answers: an evaluation, or how the program kept it from making one.

JSON, never pickle: the process may have run a hostile program. Reading an answer never raises.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation.failure import printable
from skdecide_elm.evaluation.score import MAX_ARTIFACT_CHARS, rankable

__all__ = ["READY", "UNSEEDED", "Failure", "FailureKind", "decode_answer", "encode_evaluation", "encode_failure"]

READY = b""
"""The frame by which a worker says that the next request may come."""

UNSEEDED = "unseeded"
"""The artifact that answers the question whether the domain follows its seeds; see `seeding.find_unseeded`."""

_MAX_NAME_CHARS = 200

FailureKind = Literal["timeout", "died", "malformed"]
"""Why there is no evaluation; see `Failure`."""


@dataclass(frozen=True)
class Failure:
    """Why there is no evaluation.

    Attributes:
        kind: ``timeout``: it ran past the time limit; ``died``: its process ended; ``malformed``: it answered nonsense.
        exit_code: of the process that died; negative: the signal that ended it.
        failed_at: which step of which episode it had come to; empty where nobody knows.
        decision_times: how long the planner took to decide; likewise.
    """

    kind: FailureKind
    exit_code: int = 0
    failed_at: str = ""
    decision_times: str = ""


def encode_evaluation(evaluation: Evaluation) -> bytes:
    """The answer of a process that evaluated a program."""
    return json.dumps(asdict(evaluation)).encode()


def encode_failure(failure: Failure) -> bytes:
    """The answer for a process that gave none."""
    return json.dumps(asdict(failure)).encode()


def decode_answer(content: bytes) -> Evaluation | Failure:
    """Read an answer; what is not one is a failure of the kind ``malformed``."""
    try:
        answer = json.loads(content)
        return _failure(answer) if "kind" in answer else _evaluation(answer)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return Failure("malformed")


def _failure(answer: dict[str, Any]) -> Failure:
    kind = answer["kind"]
    known: FailureKind = kind if kind in ("timeout", "died") else "malformed"
    texts = [printable(answer[name], _MAX_NAME_CHARS) for name in ("failed_at", "decision_times")]
    return Failure(known, int(answer["exit_code"]), *texts)


def _evaluation(answer: dict[str, Any]) -> Evaluation:
    metrics = {printable(name, _MAX_NAME_CHARS): float(value) for name, value in answer["metrics"].items()}
    artifacts = {
        printable(name, _MAX_NAME_CHARS): printable(text, MAX_ARTIFACT_CHARS)
        for name, text in answer["artifacts"].items()
    }
    return rankable(metrics, artifacts, _scores(answer.get("scores", [])))


def _scores(found: Any) -> tuple[float, ...]:
    scores = tuple(map(float, found))
    if not isinstance(found, list) or not all(map(math.isfinite, scores)):
        raise ValueError("expected a list of finite numbers")
    return scores
