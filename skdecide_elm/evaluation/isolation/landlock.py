"""The layer ``landlock``: which files a program may read and write; TCP and signals where the kernel's ABI has them.

By `landlockpy` (pure Python, Landlock ABI 1 to 11, takes what the kernel offers). Looked at besides: py-landlock
(rules only from a built-in set, no quiet logging), landlock (pre-release), sandlock (needs ABI 6).
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import site
import stat
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from skdecide_elm.evaluation.isolation.policy import IsolationPolicy

if TYPE_CHECKING:
    from landlockpy import AccessFS, Ruleset

__all__ = ["begin_ruleset", "landlock_version", "prepare_landlock", "readable_paths", "restrict_files"]

_NO_MODULE = "skdecide_elm_no_such_module"
_LIBRARIES = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/nix/store", "/etc/ld.so.cache",
)  # fmt: skip
_TIME_ZONES = ("/etc/localtime", "/usr/share/zoneinfo")
_HARDWARE = (
    "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/fs/cgroup/cpu.max",
)  # fmt: skip
_DEVICES = ("/dev/zero", "/dev/random", "/dev/urandom")
# opened in the child, where they mean the child; never the whole folder, which holds its environment
_OWN_PROCESS = ("/proc/self/maps", "/proc/self/stat", "/proc/self/status")


@cache
def landlock_version() -> int:
    """The kernel's Landlock ABI.

    Raises:
        OSError: this system has no Landlock, or does not let us use it.
    """
    _require_linux()
    import landlockpy

    version = landlockpy.abi_version()
    if version < 1:
        raise OSError(errno.ENOSYS, "the kernel has no Landlock (it needs 5.13, with `landlock` in its `lsm=` list)")
    return version


def prepare_landlock(policy: IsolationPolicy) -> None:
    """Do beforehand what every child would repeat: list the readable paths, and warm the library.

    Raises:
        OSError: this system has no Landlock.
    """
    landlock_version()
    from landlockpy import Ruleset

    # of a folder of modules not even the list can be read there, which importing needs and then remembers
    importlib.util.find_spec(_NO_MODULE)
    _read_rules(policy.readable)
    with Ruleset():
        pass


def begin_ruleset(policy: IsolationPolicy) -> Ruleset:
    """What the policy allows, but for what means a process itself; `restrict_files` completes it.

    To be made in the warm parent, for one child: there it takes a fraction of the time.

    Raises:
        OSError: this system has no Landlock.
    """
    landlock_version()
    from landlockpy import AccessFS, Ruleset, Scope

    ruleset = Ruleset(scoped=Scope.SIGNAL | Scope.ABSTRACT_UNIX_SOCKET)
    for path, access in _read_rules(policy.readable):
        _allow(ruleset, path, access)
    ruleset.allow_path(os.devnull, AccessFS.READ_FILE | AccessFS.WRITE_FILE)
    ruleset.allow_path(policy.writable, _all_in_folder())
    return ruleset


def restrict_files(ruleset: Ruleset) -> None:
    """Confine this process and its children to a policy's files, for good, and close the ruleset.

    Whatever else the kernel's Landlock can hold back is held back entirely: executing files, TCP, device controls,
    signals and abstract sockets to processes outside.

    Raises:
        OSError: the kernel refuses.
    """
    from landlockpy import AccessFS, RestrictFlag

    with ruleset:
        for path in _OWN_PROCESS:
            _allow(ruleset, path, AccessFS.READ_FILE)
        # a program that is refused a million times must not fill the system's audit log
        ruleset.restrict(RestrictFlag.LOG_SAME_EXEC_OFF)


def _allow(ruleset: Ruleset, path: str, access: AccessFS) -> None:
    # gone since, or behind a folder that we cannot enter: then the program could not read it either
    with contextlib.suppress(FileNotFoundError, PermissionError):
        ruleset.allow_path(path, access)


@cache
def _all_in_folder() -> AccessFS:
    """Everything with files and folders; not EXECUTE, and no links, pipes, sockets or devices."""
    from landlockpy import AccessFS

    return (
        AccessFS.READ_FILE | AccessFS.READ_DIR | AccessFS.WRITE_FILE | AccessFS.TRUNCATE | AccessFS.REFER
        | AccessFS.MAKE_REG | AccessFS.MAKE_DIR | AccessFS.REMOVE_FILE | AccessFS.REMOVE_DIR
    )  # fmt: skip


@lru_cache(maxsize=8)
def _read_rules(readable: tuple[Path, ...]) -> tuple[tuple[str, AccessFS], ...]:
    from landlockpy import AccessFS

    folder = AccessFS.READ_FILE | AccessFS.READ_DIR
    return tuple((path, folder if Path(path).is_dir() else AccessFS.READ_FILE) for path in readable_paths(readable))


def readable_paths(extra: Iterable[Path] = ()) -> list[str]:
    """The real paths that a program may read, those below another left out: Python and its packages, the shared
    libraries, time zones, a few facts about the machine, and `extra`."""
    candidates = {*_python_paths(), *_LIBRARIES, *_TIME_ZONES, *_HARDWARE, *_DEVICES, *map(os.fspath, extra)}
    paths: list[str] = []
    for path in sorted({os.path.realpath(path) for path in candidates if _can_be_ruled(path)}):
        if not any(path == above or path.startswith(above.rstrip("/") + "/") for above in paths):
            paths.append(path)
    return paths


def _can_be_ruled(path: str) -> bool:
    """Whether something is there; sockets and pipes, which cannot hold a secret that is read, are not."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except OSError:
        return False
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode) or stat.S_ISCHR(mode)


def _python_paths() -> set[str]:
    """The interpreter, its standard library, the packages of the virtual environment and of its base, and ours."""
    package = Path(__file__).resolve().parents[2]
    paths = {sys.executable or "", os.fspath(package), *site.getsitepackages()}
    if site.ENABLE_USER_SITE:
        paths.add(site.getusersitepackages())
    for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix):
        paths |= {f"{prefix}/lib", f"{prefix}/lib64", f"{prefix}/pyvenv.cfg"}
    return paths | {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}


def _require_linux() -> None:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, f"only Linux has Landlock, not {sys.platform}")
