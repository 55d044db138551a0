"""The planner's side of an evaluation: a stranger's program, its own copy of the domain, and nothing else of value.

It gets observations and applicable actions from the referee (pickled: the referee is trusted) and answers with actions
(never pickled: see `codec`). What it prints goes to a file; what it raises goes to the referee as two short texts.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
from skdecide import Domain

from skdecide_elm.bridges import Bridge
from skdecide_elm.core import Planner
from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.actions import AskedActions, ListedActions
from skdecide_elm.evaluation.channel import Channel, ChannelClosed
from skdecide_elm.evaluation.codec import ActionCodec, ActionError
from skdecide_elm.evaluation.failure import failed_evaluation
from skdecide_elm.evaluation.isolation import BegunIsolation, IsolationLevel, IsolationPolicy, close_files
from skdecide_elm.evaluation.isolation.limits import cpu_seconds_within
from skdecide_elm.evaluation.preloading import import_for_program
from skdecide_elm.evaluation.randomness import seed_everything
from skdecide_elm.evaluation.step_messages import EPISODE, read_message
from skdecide_elm.programs.loader import load_planner_class

__all__ = [
    "ACTION",
    "FAILED",
    "HANG_FILE",
    "HANG_SIGNAL",
    "INDEX",
    "NO",
    "OUTPUT_FILE",
    "QUESTION",
    "READY",
    "YES",
    "Assignment",
    "PlannerSetup",
    "Preparation",
    "Stage",
    "play",
    "seconds_until_dump",
]

READY, ACTION, INDEX, FAILED, QUESTION = b"R", b"A", b"I", b"E", b"Q"
"""First byte of what the planner's process sends: ready for the episode, an action, the index of one, an error, an
action of which it asks whether it is applicable."""

YES, NO = b"Y", b"N"
"""The referee's answers to a question."""

OUTPUT_FILE = "output.txt"
"""In the working folder: what the program printed."""

HANG_FILE = "hang.txt"
"""In the working folder: where the program was when it crashed, or at the time limit."""

HANG_SIGNAL: signal.Signals | None = getattr(signal, "SIGUSR1", None)
"""Upon which a program's process writes `HANG_FILE`; None: it does so by itself, just before the time limit."""


def seconds_until_dump(timeout: float) -> float:
    """When to write down where a program is: before the time limit, whose clock has started somewhat earlier."""
    return max(0.5 * timeout, 0.95 * timeout - 0.2)


@dataclass(frozen=True)
class PlannerSetup:
    """What the planner's side knows of the task: no rollout domain, no seed of an episode.

    Attributes:
        bridge: what the planner sees.
        copies: per instance what makes the planner's own copy of the domain.
        codec: writes actions for the referee.
        seed: of what the program does while it is loaded.
        timeout: seconds for an evaluation.
        memory_limit_mb: MiB by which the process may grow; None for no limit.
        isolation, threads, readable: what the program may do; see `IsolationPolicy`.
        preload: modules to import before a program runs.
    """

    bridge: Bridge
    copies: tuple[Callable[[], Domain], ...]
    codec: ActionCodec
    seed: int
    timeout: float
    memory_limit_mb: int | None
    isolation: IsolationLevel
    threads: bool
    readable: tuple[Path, ...]
    preload: tuple[str, ...]

    def policy(self, folder: Path) -> IsolationPolicy:
        """The bounds of a program whose private folder is given."""
        return IsolationPolicy(
            writable=folder,
            level=self.isolation,
            readable=self.readable,
            memory_limit_mb=self.memory_limit_mb,
            cpu_seconds=cpu_seconds_within(self.timeout),
            threads=self.threads,
        )


@dataclass(frozen=True)
class Assignment:
    """One program to play.

    Attributes:
        code: its text.
        workdir: the private folder that it may write to.
        setup: a `PlannerSetup` by cloudpickle, for this program alone; empty: the host's.
    """

    code: str
    workdir: str
    setup: bytes = b""


class Stage:
    """Plays episodes of one program as the referee asks for them.

    Whatever the program raises comes out.

    Args:
        ask: sends a question to the referee and returns the answer.
    """

    def __init__(
        self,
        setup: PlannerSetup,
        copies: Sequence[Domain],
        planner_class: type[Planner],
        ask: Callable[[bytes], bytes],
    ) -> None:
        self._ask = ask
        self._bridge = setup.bridge
        self._codec = setup.codec
        self._copies = copies
        self._planner_class = planner_class
        self._planner: Planner | None = None

    def begin(self, instance: int, seed: int) -> None:
        """Make a fresh planner for an episode."""
        seed_everything(seed)
        self._planner = self._planner_class(**self._bridge.planner_kwargs(self._copies[instance]))

    def answer(self, observation: Any, *applicable: Any) -> bytes:
        """The planner's action, or its index where the elements of the space were sent."""
        assert self._planner is not None
        bridge = self._bridge
        if not applicable:  # nothing more than needed: see `Channel`
            return ACTION + self._codec.encode(
                bridge.action(self._planner.sample_action(bridge.observation(observation)))
            )
        for space in applicable:
            if type(space) is AskedActions:
                space.bind(self._is_applicable)
        seen = [bridge.applicable_actions(space) for space in applicable]
        action = bridge.action(self._planner.sample_action(bridge.observation(observation), *seen))
        if isinstance(applicable[0], ListedActions):
            return INDEX + str(applicable[0].index(action)).encode()
        return ACTION + self._codec.encode(action)

    def _is_applicable(self, action: Any) -> bool:
        try:
            return self._ask(QUESTION + self._codec.encode(action)) == YES
        except ActionError:  # nothing that this domain's actions are made of
            return False


class Preparation:
    """What can be done for a program before its process is forked: a fork copies each page of memory that it touches.

    Args:
        setup, copies: of the host, unless the assignment has its own.
    """

    def __init__(self, setup: PlannerSetup, copies: Sequence[Domain], assignment: Assignment) -> None:
        if assignment.setup:
            setup = cloudpickle.loads(assignment.setup)
            copies = [make_copy() for make_copy in setup.copies]
        self.setup = setup
        self.copies = copies
        self.code = assignment.code
        folder = Path(assignment.workdir)
        self._folder = assignment.workdir
        self._output = containment.open_output(folder / OUTPUT_FILE)
        self._hang = os.open(folder / HANG_FILE, os.O_WRONLY | os.O_CREAT, 0o600)
        self._isolation = BegunIsolation(setup.policy(folder))

    def close(self) -> None:
        """Be done with it, in the process that has forked another for it."""
        os.close(self._output)
        os.close(self._hang)
        self._isolation.close()

    def confine(self) -> None:
        """Make this process the program's: what follows is the program's doing."""
        os.chdir(self._folder)
        containment.become_output(self._output)
        self._dump_when_it_hangs()
        self._isolation.finish()
        if self.setup.isolation == "strict":
            import_for_program(self.code)
            close_files(self._isolation.policy)

    def _dump_when_it_hangs(self) -> None:
        """To a file that stays open as long as the process lives."""
        faulthandler.enable(self._hang)
        if HANG_SIGNAL is None:
            faulthandler.dump_traceback_later(seconds_until_dump(self.setup.timeout), file=self._hang)
        else:  # costs nothing but to those who hang; the other way costs a thread
            faulthandler.register(HANG_SIGNAL, file=self._hang)


def play(preparation: Preparation, channel: Channel) -> None:
    """Play one program until the referee closes the channel or the program fails.

    The process ends afterwards; it must not be used for another program.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=channel.close)  # what the program forks must not answer in its place
    preparation.confine()
    setup = preparation.setup
    try:
        seed_everything(setup.seed)
        stage = Stage(setup, preparation.copies, load_planner_class(preparation.code), channel.ask)
        _serve(stage, channel)
    except BaseException as error:  # noqa: BLE001 - a stranger's code may raise anything, SystemExit included
        channel.send(FAILED + json.dumps(dict(failed_evaluation(error).artifacts)).encode())


def _serve(stage: Stage, channel: Channel) -> None:
    while True:
        try:
            kind, *parts = read_message(channel.receive())
        except ChannelClosed:
            return
        if kind == EPISODE:
            stage.begin(*parts)
            channel.send(READY)
        else:
            channel.send(stage.answer(*parts))
