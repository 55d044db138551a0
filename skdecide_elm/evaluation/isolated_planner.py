"""An untrusted planner for a user's own evaluation script, with the same protection as in rollouts.

The script is trusted and computes the score; the program runs in another process, which is started with a scrubbed
environment, confined, and killed in time. Observations go over pickled; what comes back is never unpickled: it is the
index of an applicable action, or is decoded by `ActionCodec`.

The process is forked from a warm one, of which there is one per script: it is executed when the script (or the worker
that runs the script for a solver) first needs it, and never forked from a process that may hold keys.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import cloudpickle
import numpy as np
from skdecide import Domain, Space

from skdecide_elm.errors import ConfigError, ProgramError
from skdecide_elm.evaluation.actions import SpaceSender, action_codec
from skdecide_elm.evaluation.channel import ChannelClosed, ChannelMisused
from skdecide_elm.evaluation.codec import ActionCodec
from skdecide_elm.evaluation.containment import remove_tree
from skdecide_elm.evaluation.failure import traceback_from_dump
from skdecide_elm.evaluation.isolation import IsolationLevel
from skdecide_elm.evaluation.isolation.importable import readable_to_programs
from skdecide_elm.evaluation.planner_side import (
    HANG_FILE,
    OUTPUT_FILE,
    Assignment,
    PlannerSetup,
    seconds_until_dump,
)
from skdecide_elm.evaluation.pool import WorkerMode, default_worker_mode
from skdecide_elm.evaluation.randomness import derive_seed
from skdecide_elm.evaluation.referee import PlannerFailed
from skdecide_elm.evaluation.remains import file_head, how_it_ended
from skdecide_elm.evaluation.script_bridge import ANYTHING, ListedSequence, ScriptBridge, no_domain
from skdecide_elm.evaluation.warm_host import Line, open_line, own_modules, put_back
from skdecide_elm.evaluation.watchdog import Watchdog

__all__ = ["IsolatedPlanner", "PlannerOptions", "end_planners_after", "isolated_planner"]

_Answer = TypeVar("_Answer")

_ends_at: float | None = None


def end_planners_after(seconds: float) -> None:
    """End the planners of this process some time before it is killed itself, so that the script hears of it."""
    global _ends_at
    _ends_at = time.monotonic() + seconds_until_dump(seconds)


@dataclass(frozen=True)
class PlannerOptions:
    """What a planner may do and return.

    Attributes:
        seconds: from the beginning of the ``with`` block to its end.
        call_seconds: for each decision, the first one with the loading of the program; None: no limit of its own.
        memory_limit_mb: MiB by which its process may grow; None for no limit. On Linux only.
        isolation: what keeps it from files, network and processes: ``auto``, ``strict`` or ``process``.
        threads: whether it may start threads, where that is forbidden otherwise.
        readable: files and folders that it may read besides Python and its packages.
        action_types: enumerations, named tuples, dataclasses and plain classes that its actions may be made of. Those
            of the action space of a domain among its arguments need not be named.
        preload: modules that the warm process imports beforehand.
        mode: how its process is made: ``forkserver`` or ``single``; None: the best that this system offers.
    """

    seconds: float = 60.0
    call_seconds: float | None = None
    memory_limit_mb: int | None = 4096
    isolation: IsolationLevel = "auto"
    threads: bool = False
    readable: tuple[str | Path, ...] = ()
    action_types: tuple[type, ...] = ()
    preload: tuple[str, ...] = ()
    mode: WorkerMode | None = None

    def __post_init__(self) -> None:
        for name in ("seconds", "call_seconds"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"expected {name} to be more than 0; found {value}")


@contextlib.contextmanager
def isolated_planner(
    program_path: str | Path, options: PlannerOptions | None = None, /, **kwargs: Any
) -> Iterator[IsolatedPlanner]:
    """A program's planner in a confined process of its own, for scripts with ``evaluate(program_path)``.

    ::

        def evaluate(program_path):
            with isolated_planner(program_path, capacity=100) as planner:
                action = planner.sample_action(observation, applicable_actions)

    Leaving the block kills the process with all that it has started, and prints the beginning of what it has printed.
    A block costs some milliseconds; the first one of a script starts the warm process, which takes about a second.

    Args:
        program_path: file of the program.
        options: limits of time and memory, and classes of actions.
        kwargs: the arguments of ``Planner``; each planner gets a copy. Hand over nothing that it must not know, such as
            the domain that is being scored or its seed.

    Raises:
        ProgramError: the program cannot be loaded, has raised something (with ``trace``: its own lines), answers what
            is no action, takes too long, or has ended its process. Raised by the planner's methods.
        EvaluationError: no process can be started.
    """
    chosen = PlannerOptions() if options is None else options
    code = Path(program_path).read_text(encoding="utf-8")
    payload, modules = _dump(kwargs)
    setup = _setup(chosen, payload, kwargs.values())
    with _private_folder() as folder:
        line = open_line(setup, {*modules, *own_modules(), *chosen.preload}, chosen.mode or default_worker_mode())
        setup = replace(setup, timeout=_seconds_left(chosen.seconds))  # the first line of a script takes about a second
        assignment = Assignment(code, os.fspath(folder), bytes(cloudpickle.dumps(setup)))
        with Watchdog(setup.timeout, chosen.call_seconds, line.abort) as watchdog:
            planner = IsolatedPlanner(line, assignment, setup, watchdog)
            try:
                yield planner
            finally:
                planner.close()
        put_back(line)
        _show(file_head(folder / OUTPUT_FILE))


class IsolatedPlanner:
    """A planner in another process; see `isolated_planner`."""

    def __init__(self, line: Line, assignment: Assignment, setup: PlannerSetup, watchdog: Watchdog) -> None:
        self._line = line
        self._assignment = assignment
        self._watchdog = watchdog
        self._send_space = SpaceSender()
        self._has_planner = False
        self._failure: ProgramError | None = None
        self._remote = line.start(assignment, setup)
        self._finished = False

    def reset(self, seed: int = 0) -> None:
        """Have a fresh planner made for another episode, in the same process.

        The first call of `sample_action` does so where this was not called.

        Args:
            seed: of `random` and `numpy.random` in the planner's process.
        """
        self._asked("making the planner", self._remote.begin, 0, derive_seed(seed, "planner"))
        self._has_planner = True

    def sample_action(self, observation: Any, *applicable_actions: Any) -> Any:
        """The planner's action.

        Args:
            observation: whatever pickle or cloudpickle can carry.
            applicable_actions: nothing, or one of: a list, tuple or array, of which an element comes back (the very
                object); a `skdecide.Space`, or a dict of them by agent, which the action is checked against.
        """
        if not self._has_planner:
            self.reset()
        sent = [self._sent(actions) for actions in applicable_actions]
        space = ANYTHING
        if sent:  # a list is no space, and would contain whatever is forged
            space = sent[0] if isinstance(sent[0], ListedSequence) else applicable_actions[0]
        return self._asked("sample_action", self._remote.act, observation, space, *sent)

    def close(self) -> None:
        """End the process with all it has started; leaving the ``with`` block does it."""
        if not self._finished:
            self._finish(gone=False)

    def _sent(self, actions: Any) -> Any:
        if isinstance(actions, (Space, Mapping)):
            return self._send_space(actions)
        if isinstance(actions, (Sequence, np.ndarray)) and not isinstance(actions, (str, bytes)):
            return ListedSequence(actions)
        raise ConfigError(
            f"expected applicable actions as a list, tuple, array or space; found a {type(actions).__name__}"
        )

    def _asked(self, deed: str, ask: Callable[..., _Answer], *arguments: Any) -> _Answer:
        if self._failure is not None:
            raise self._failure
        self._watchdog.begin()
        try:
            return ask(*arguments)
        except PlannerFailed as failure:  # its process ends by it
            self._failure = failure
            raise
        except (ChannelClosed, ChannelMisused) as error:
            self._failure = self._lost(deed, isinstance(error, ChannelClosed))
            raise self._failure from None
        finally:
            self._watchdog.end()

    def _lost(self, deed: str, gone: bool) -> PlannerFailed:
        """Why there will be no answer any more."""
        status = self._finish(gone)
        if self._watchdog.expired is not None:
            error = f"TimeoutError: {deed} did not end within {self._watchdog.expired:g} s"
        elif status is None:
            error = "the program closed the channel of its evaluation, or wrote something else to it"
        else:
            error = f"the program ended its process in {deed} ({how_it_ended(status)})"
        dump = file_head(Path(self._assignment.workdir, HANG_FILE))
        return PlannerFailed(error, traceback_from_dump(dump, self._assignment.code, error) or error)

    def _finish(self, gone: bool) -> int | None:
        self._finished = True
        return self._line.finish(gone)


@contextlib.contextmanager
def _private_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="planner_")).resolve()
    try:
        yield folder
    finally:
        remove_tree(folder)


def _seconds_left(limit: float) -> float:
    return limit if _ends_at is None else max(0.1, min(limit, _ends_at - time.monotonic()))


def _setup(options: PlannerOptions, kwargs: bytes, arguments: Iterable[Any]) -> PlannerSetup:
    known = action_codec([argument for argument in arguments if isinstance(argument, Domain)]).classes
    return PlannerSetup(
        bridge=ScriptBridge(kwargs),
        copies=(no_domain,),
        codec=ActionCodec(dict.fromkeys((*options.action_types, *known))),
        seed=0,
        timeout=options.seconds,
        memory_limit_mb=options.memory_limit_mb,
        isolation=options.isolation,
        threads=options.threads,
        readable=readable_to_programs(options.readable),
        preload=(),
    )


class _NotingPickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Notes the modules of what it writes, for the warm process to import once instead of each planner's."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.modules: set[str] = set()

    def reducer_override(self, obj: Any) -> Any:
        self.modules.add(str(getattr(obj, "__module__", None) or type(obj).__module__))
        return super().reducer_override(obj)


def _dump(kwargs: Mapping[str, Any]) -> tuple[bytes, set[str]]:
    stream = io.BytesIO()
    pickler = _NotingPickler(stream)
    pickler.dump(kwargs)
    # neither of a script that has been run, nor of one that is being run
    return stream.getvalue(), {name for name in pickler.modules if name in sys.modules and name != "__main__"}


def _show(output: str) -> None:
    """What the program has printed, on the script's own output, without what could steer a terminal."""
    if output:
        shown = "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in output)
        print(shown, end="" if shown.endswith("\n") else "\n", flush=True)
