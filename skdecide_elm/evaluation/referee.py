"""The referee: it holds the rollout domain, asks a program in another process for actions, and computes the score.

Nothing that the program does to its own process reaches the domain, the clock or the score: observations go over,
actions come back, are decoded against a schema and checked against the space of applicable actions.
"""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from skdecide_elm.errors import ProgramError
from skdecide_elm.evaluation.actions import ListedActions, check_action
from skdecide_elm.evaluation.channel import Channel
from skdecide_elm.evaluation.codec import ActionCodec, ActionError
from skdecide_elm.evaluation.failure import printable
from skdecide_elm.evaluation.planner_side import (
    ACTION,
    FAILED,
    INDEX,
    NO,
    QUESTION,
    READY,
    YES,
    PlannerSetup,
)
from skdecide_elm.evaluation.score import MAX_ARTIFACT_CHARS
from skdecide_elm.evaluation.step_messages import EPISODE, MessageWriter

__all__ = ["DeadlinePassed", "PlannerFailed", "RemotePlanner", "deadline", "read_action"]

_MAX_ERROR_CHARS = 1000
_MAX_KNOWN = 1000
_UNKNOWN = object()


class PlannerFailed(ProgramError):
    """The program raised something; ``trace`` shows its own lines."""

    def __init__(self, error: str, trace: str) -> None:
        super().__init__(error)
        self.trace = trace


class DeadlinePassed(BaseException):
    """The evaluation's time is over. Not an `Exception`: no domain shall catch it by accident."""


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `DeadlinePassed` in the main thread after so many seconds, also out of a blocking read.

    Where the system has no interval timer the solver's own time limit is all there is.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def expire(number: int, frame: Any) -> None:
        raise DeadlinePassed

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


class RemotePlanner:
    """A planner in another process, as the rollout sees it; an `Actor`."""

    def __init__(self, channel: Channel, setup: PlannerSetup) -> None:
        self._channel = channel
        self._codec = setup.codec
        self.sent = b""
        self.asked_at = 0.0
        self._writer = MessageWriter()
        self._write_step = self._writer.write_step
        self._known_space: Any = None
        self._known_actions: dict[bytes, Any] = {}

    def begin(self, instance: int, seed: int) -> None:
        """Have a fresh planner made for an episode.

        Raises:
            ActionError: it answered something else.
            PlannerFailed, ChannelClosed: the program raised, or its process has ended.
        """
        if self._ask((EPISODE, instance, seed)) != READY:
            raise ActionError("expected the planner to be ready for the episode; found another answer")

    def act(self, observation: Any, space: Any, *sent: Any) -> Any:
        """The planner's action for an observation, checked against ``space``.

        Args:
            space: of the actions applicable now.
            sent: what the planner's side gets of it, where actions are restricted.

        Raises:
            ActionError: the answer is no applicable action.
            PlannerFailed, ChannelClosed: the program raised, or its process has ended.
        """
        self.sent = self._write_step(observation, *sent)
        self.asked_at = perf_counter()
        answer = self._tell(self.sent)
        if not sent:
            return self._unrestricted(answer, space)
        while answer[:1] == QUESTION:
            answer = self._tell(YES if self._is_applicable(answer[1:], space) else NO)
        return read_action(self._codec, answer, space, *sent)

    def _unrestricted(self, answer: bytes, space: Any) -> Any:
        """As `read_action`, for a space that stays the same: what an answer stood for, it stands for again."""
        if space is not self._known_space:
            self._known_space, self._known_actions = space, {}
        action = self._known_actions.get(answer, _UNKNOWN)
        if action is _UNKNOWN:
            action = read_action(self._codec, answer, space)
            if self._codec.is_simple(action) and len(self._known_actions) < _MAX_KNOWN:
                self._known_actions[answer] = action
        return action

    def _is_applicable(self, written: bytes, space: Any) -> bool:
        try:
            check_action(self._codec.decode(written), space)
        except ActionError:
            return False
        return True

    def _ask(self, message: tuple[Any, ...]) -> bytes:
        return self._tell(self._writer.write(message))

    def _tell(self, content: bytes) -> bytes:
        answer = self._channel.ask(content)
        if answer[:1] == FAILED:
            raise _failure(answer[1:])
        return answer


def read_action(codec: ActionCodec, answer: bytes, space: Any, *sent: Any) -> Any:
    """The action that an answer of the planner's side stands for.

    Args:
        answer: what `Stage.answer` gave, if nobody tampered with it.
        space: of the actions applicable now.
        sent: what the planner's side got of it, where actions are restricted.

    Raises:
        ActionError: it stands for no applicable action.
    """
    if answer[:1] == INDEX and sent and isinstance(sent[0], ListedActions):
        return _element(sent[0], answer[1:])
    if answer[:1] != ACTION:
        raise ActionError("expected an action; found another kind of answer")
    action = codec.decode(answer[1:])
    check_action(action, space)
    return action


def _element(listed: ListedActions, written: bytes) -> Any:
    elements = listed.elements
    if not written.isdigit() or len(written) > 9 or int(written) >= len(elements):
        raise ActionError(f"expected the index of one of {len(elements)} applicable actions; found {written[:20]!r}")
    return elements[int(written)]


def _failure(written: bytes) -> ProgramError:
    try:
        report = json.loads(written)
        error = printable(str(report["error"]), _MAX_ERROR_CHARS)
        return PlannerFailed(error, printable(str(report["traceback"]), MAX_ARTIFACT_CHARS))
    except (ValueError, KeyError, TypeError, RecursionError):
        return ActionError("expected an error report; found bytes that are none")
