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
from typing import NoReturn

from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation.isolation.landlock import landlock_version, prepare_landlock, restrict_files
from skdecide_elm.evaluation.isolation.limits import limit_resources
from skdecide_elm.evaluation.isolation.linux import forbid_new_privileges, keep_only_capabilities, load_libc
from skdecide_elm.evaluation.isolation.policy import IsolationPolicy
from skdecide_elm.evaluation.isolation.seccomp import filter_system_calls, prepare_seccomp, seccomp_architecture

__all__ = ["LAYERS", "LayerStatus", "apply_isolation", "available_layers", "prepare_isolation"]

# The order matters: each may forbid what those before it need. A layer that cannot be put on raises OSError.
_PUT_ON: Mapping[str, Callable[[IsolationPolicy], object]] = {
    "rlimits": limit_resources,
    "no_new_privs": lambda policy: forbid_new_privileges(),
    "capabilities": lambda policy: keep_only_capabilities(),
    "landlock": restrict_files,
    "seccomp": filter_system_calls,
}
_PROCESS_LAYERS = ("rlimits", "no_new_privs", "capabilities")

LAYERS = tuple(_PUT_ON)
"""The names of all layers, in the order in which they are put on."""


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


def apply_isolation(policy: IsolationPolicy) -> tuple[str, ...]:
    """Confine this process for good, just before a stranger's program is executed in it.

    To be called in a freshly forked child with one thread, and with no descriptor open that the program must not use:
    what is open stays usable. Temporary files go to the writable folder from here on.

    Returns:
        The names of the layers in force, of `LAYERS`.

    Raises:
        EvaluationError: the writable folder is not there, or the level is ``strict`` and a layer is missing; the
            program must not be executed then.
    """
    if not policy.writable.is_dir():
        raise EvaluationError(
            f"expected the program's private folder at {policy.writable}; found none: create it first"
        )
    tempfile.tempdir = os.environ["TMPDIR"] = os.fspath(policy.writable)
    in_force = []
    for name in _PROCESS_LAYERS if policy.level == "process" else LAYERS:
        reason = _reason(partial(_PUT_ON[name], policy))
        if reason is None:
            in_force.append(name)
        elif policy.level == "strict":
            raise _missing(name, reason)
    return tuple(in_force)


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
        policy = IsolationPolicy(writable=Path(tempfile.gettempdir()).resolve(), max_open_files=None)
        reasons = {name: _reason(partial(put_on, policy)) for name, put_on in _PUT_ON.items()}
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
