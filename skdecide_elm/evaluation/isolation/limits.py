"""The layer ``rlimits``: how much a program may use."""

from __future__ import annotations

import errno
import math
import os
import sys

from skdecide_elm.evaluation.isolation.policy import IsolationPolicy

if sys.platform != "win32":
    import resource

__all__ = ["cpu_seconds_within", "limit_resources"]

_CPU_SPARE_SECONDS = 10


def cpu_seconds_within(seconds: float) -> int:
    """A limit on processor time, which threads share, for what somebody else ends after some seconds of wall clock.

    It is the second line, should nobody be left to do so.
    """
    return math.ceil(seconds * (os.cpu_count() or 1)) + _CPU_SPARE_SECONDS


def limit_resources(policy: IsolationPolicy) -> None:
    """Lower this process's limits, soft and hard, to those of the policy; a limit already lower stays.

    The address space is limited on Linux only: macOS knows no such limit. Processes (with threads, which count as
    such) are limited for all but root, whom the kernel exempts; there seccomp does it.

    Raises:
        OSError: the system has no resource limits (Windows), or does not let us set them.
    """
    if sys.platform == "win32":
        raise OSError(errno.ENOSYS, "Windows has no resource limits")
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, policy.max_file_bytes)
    _lower(resource.RLIMIT_CPU, policy.cpu_seconds)
    _lower(resource.RLIMIT_NOFILE, policy.max_open_files)
    if not policy.threads:
        _lower(resource.RLIMIT_NPROC, 0)
    if sys.platform == "linux" and policy.memory_limit_mb is not None:
        _lower(resource.RLIMIT_AS, _address_space() + policy.memory_limit_mb * 2**20)


def _address_space() -> int:
    statm = os.open("/proc/self/statm", os.O_RDONLY)  # a text file would cost a forked child a hundred pages
    try:
        return int(os.read(statm, 100).split()[0]) * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.close(statm)


def _lower(limit: int, value: int | None) -> None:
    if value is None:
        return
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(limit, (value, value))
    except ValueError as error:
        raise OSError(errno.EPERM, f"a resource limit cannot be lowered to {value}: {error}") from error
