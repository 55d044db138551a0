"""What is kept of an episode while it runs: cheap at each step, and safe from domains that change their observations.

Observations are kept as the bytes that were sent to the planner, and read again only when somebody asks for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skdecide_elm.evaluation.step_messages import read_message

__all__ = ["RECORDED_STEPS", "SHOWN_STEPS", "Recording", "Trace", "observation_in"]

RECORDED_STEPS = 1000
"""Steps of an episode that descriptors see, from its beginning: enough to tell, and bounded memory."""

SHOWN_STEPS = 5
"""Steps at the end of an episode that feedback shows."""


@dataclass(frozen=True)
class Recording:
    """What is kept of the first `RECORDED_STEPS` steps of an episode.

    Attributes:
        distinct: how many observations differ.
        actions: the actions.
        whole: all observations, actions and costs.
    """

    distinct: bool = False
    actions: bool = False
    whole: bool = False


class Trace:
    """The record of one episode.

    Attributes:
        steps: how many were added.
        seconds: that the planner took for its decisions.
        longest: of these decisions, in seconds.
        last: bytes sent, action and cost of the last few steps.
        seen: a hash of each observation (together with the actions that were applicable), if recorded.
        actions: if recorded.
        whole: bytes sent, action and cost of each step, if recorded.
        final: the last observation, if all are recorded.
    """

    def __init__(self, recording: Recording = Recording()) -> None:
        self.recording = recording
        self.steps = 0
        self.seconds = 0.0
        self.longest = 0.0
        self.last: deque[tuple[bytes, Any, float]] = deque(maxlen=SHOWN_STEPS)
        self.seen: set[int] = set()
        self.actions: list[Any] = []
        self.whole: list[tuple[bytes, Any, float]] = []
        self.final: Any = None
        self._records = recording.distinct or recording.actions or recording.whole

    def add(self, sent: bytes, seconds: float, action: Any, cost: float) -> None:
        """Add a step: what the planner was sent, how long it took, what it answered, what that cost."""
        self.steps += 1
        self.seconds += seconds
        if seconds > self.longest:
            self.longest = seconds
        self.last.append((sent, action, cost))
        if self._records and self.steps <= RECORDED_STEPS:
            self._record(sent, action, cost)

    def _record(self, sent: bytes, action: Any, cost: float) -> None:
        recording = self.recording
        if recording.distinct:
            self.seen.add(hash(sent))
        if recording.actions:
            self.actions.append(action)
        if recording.whole:
            self.whole.append((sent, action, cost))

    def observations(self) -> Sequence[Any]:
        """The observations of the whole steps, and after them the final one; empty where they were not recorded."""
        return (*(observation_in(sent) for sent, _, _ in self.whole), self.final) if self.whole else ()


def observation_in(sent: bytes) -> Any:
    """The observation in a message to the planner's side, as `RemotePlanner` writes it."""
    return read_message(sent)[1]
