"""Puts the layers on, and says which ones this machine has."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation.isolation.landlock import (
    begin_ruleset,
    landlock_version,
    prepare_landlock,
    restrict_files,
)
from skdecide_elm.evaluation.isolation.limits import limit_resources
from skdecide_elm.evaluation.isolation.linux import forbid_new_privileges, keep_only_capabilities, load_libc
from skdecide_elm.evaluation.isolation.policy import IsolationPolicy
from skdecide_elm.evaluation.isolation.seccomp import (
    filter_common_calls,
    filter_system_calls,
    prepare_seccomp,
    seccomp_architecture,
)

if TYPE_CHECKING:
    from landlockpy import Ruleset

__all__ = [
    "LAYERS",
    "BegunIsolation",
    "LayerStatus",
    "apply_isolation",
    "available_layers",
    "confine_parent",
    "prepare_isolation",
]

# The order matters: each may forbid what those before it need. A layer that cannot be put on raises OSError.
_PUT_ON: Mapping[str, Callable[[BegunIsolation], object]] = {
    "rlimits": lambda begun: limit_resources(begun.policy),
    "no_new_privs": lambda begun: forbid_new_privileges(),
    "capabilities": lambda begun: keep_only_capabilities(),
    "landlock": lambda begun: begun.restrict_files(),
    "seccomp": lambda begun: filter_system_calls(begun.policy),
}
_PROCESS_LAYERS = ("rlimits", "no_new_privs", "capabilities")

LAYERS = tuple(_PUT_ON)
"""The names of all layers, in the order in which they are put on."""

_inherited: dict[str, str | None] = {}
"""Layers that this process, or the one it was forked from, has put on for its children; why not, where it could not."""


@dataclass(frozen=True)
class LayerStatus:
    """Whether a layer can be put on here, and its version, or why not. True in a condition if it can."""

    available: bool
    detail: str = ""

    def __bool__(self) -> bool:
        return self.available


def prepare_isolation(policy: IsolationPolicy) -> None:
    """Do once, in the warm parent, what each forked child would repeat. Changes nothing that is allowed here.

    Children may have other writable folders and limits; the level, readable paths and `threads` are prepared.

    Raises:
        EvaluationError: the level is ``strict`` and this machine lacks a layer.
    """
    if policy.level == "strict":
        for name, status in available_layers().items():
            if not status:
                raise _missing(name, status.detail)
    _reason(load_libc)
    if policy.level != "process":
        for prepare in (prepare_landlock, prepare_seccomp):
            _reason(partial(prepare, policy))  # one that is missing is told when it is to be put on


def confine_parent(policy: IsolationPolicy) -> None:
    """Put on, in the warm parent itself and for good, what it can live with: its children need not do it then.

    The privileges that it gives up, and the system calls that it lacks from here on, are lacking to them too.
    """
    _inherited["no_new_privs"] = _reason(forbid_new_privileges)
    _inherited["capabilities"] = _reason(keep_only_capabilities)
    if policy.level != "process":
        _reason(filter_common_calls)  # a child hears of it when it puts on the rest


class BegunIsolation:
    """The isolation of one program, begun in the warm parent; its child, or the parent itself, finishes it.

    Temporary files go to the policy's writable folder from here on, in this process and its children.

    Attributes:
        policy: as given.

    Raises:
        EvaluationError: the writable folder is not there.
    """

    policy: IsolationPolicy

    def __init__(self, policy: IsolationPolicy) -> None:
        folder = os.fspath(policy.writable)
        if not os.path.isdir(folder):  # noqa: PTH112 - some thirty times as fast
            raise EvaluationError(f"expected the program's private folder at {folder}; found none: create it first")
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        self.policy = policy
        self._ruleset: Ruleset | None = None
        self._problem = "files are not restricted at this level"
        if policy.level != "process":
            try:
                self._ruleset = begin_ruleset(policy)
            except OSError as error:
                self._problem = str(error)

    def finish(self) -> tuple[str, ...]:
        """Confine this process for good, just before a stranger's program is executed in it.

        To be called in a freshly forked child with one thread, and with no descriptor open that the program must not
        use: what is open stays usable.

        Returns:
            The names of the layers in force, of `LAYERS`.

        Raises:
            EvaluationError: the level is ``strict`` and a layer is missing; the program must not be executed then.
        """
        in_force = []
        for name in _PROCESS_LAYERS if self.policy.level == "process" else LAYERS:
            reason = _inherited[name] if name in _inherited else _reason(partial(_PUT_ON[name], self))
            if reason is None:
                in_force.append(name)
            elif self.policy.level == "strict":
                raise _missing(name, reason)
        return tuple(in_force)

    def restrict_files(self) -> None:
        """Put on the layer that was begun. Raises OSError if it could not be begun."""
        if self._ruleset is None:
            raise OSError(self._problem)
        restrict_files(self._ruleset)

    def close(self) -> None:
        """Be done with it, in the parent that has begun it for a child."""
        if self._ruleset is not None:
            self._ruleset.close()


def apply_isolation(policy: IsolationPolicy) -> tuple[str, ...]:
    """Begin and finish the isolation of a program in this process; see `BegunIsolation`, also for what is raised."""
    return BegunIsolation(policy).finish()


def available_layers() -> dict[str, LayerStatus]:
    """Which layers can be put on here, found out by putting them on in a forked child that then ends.

    Returns:
        A status for each of `LAYERS`.
    """
    if not hasattr(os, "fork"):
        return {name: LayerStatus(False, f"{sys.platform} cannot fork a process") for name in LAYERS}
    try:
        reasons = _tried_in_child()
    except OSError as error:
        return {name: LayerStatus(False, f"no process can be forked to try it: {error}") for name in LAYERS}
    return {name: _status(name, reasons.get(name, "the process in which it was tried ended")) for name in LAYERS}


def _tried_in_child() -> dict[str, str | None]:
    """Why each layer could not be put on, None if it was; layers that were not reached are left out."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as pipe:
        try:
            pid = os.fork()
            if pid == 0:
                _probe(write_end)
        finally:
            os.close(write_end)
        answer = pipe.read()
    os.waitpid(pid, 0)
    reasons: dict[str, str | None] = json.loads(answer) if answer else {}
    return reasons


def _probe(answer: int) -> NoReturn:
    """In the child: put on every layer and write why which could not be."""
    try:
        begun = BegunIsolation(IsolationPolicy(writable=Path(tempfile.gettempdir()).resolve(), max_open_files=None))
        reasons = {name: _reason(partial(put_on, begun)) for name, put_on in _PUT_ON.items()}
        os.write(answer, json.dumps(reasons).encode())
    finally:
        os._exit(0)


def _status(name: str, reason: str | None) -> LayerStatus:
    if reason is not None:
        return LayerStatus(False, reason)
    if name == "landlock":
        return LayerStatus(True, f"ABI {landlock_version()}")
    return LayerStatus(True, seccomp_architecture() if name == "seccomp" else "")


def _reason(put_on: Callable[[], object]) -> str | None:
    """Why it cannot be done, None if it was."""
    try:
        put_on()
    except OSError as error:
        return str(error)
    return None


def _missing(name: str, reason: str) -> EvaluationError:
    return EvaluationError(
        f'isolation="strict" expects all of {", ".join(LAYERS)}; {name} cannot be put on here: {reason}. '
        'Use isolation="auto" to run with what this machine offers'
    )
