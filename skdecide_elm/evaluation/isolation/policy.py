"""What a program may do, as one frozen object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from skdecide_elm.errors import ConfigError

__all__ = ["IsolationLevel", "IsolationPolicy"]

IsolationLevel = Literal["auto", "process", "strict"]
"""``auto``: every layer that the machine offers; ``process``: resource limits and privileges only; ``strict``: every
layer, or refuse, and no file at all once ``close_files`` was called."""


_LEVELS = get_args(IsolationLevel)


@dataclass(frozen=True, kw_only=True)
class IsolationPolicy:
    """The bounds of one program. Picklable.

    Attributes:
        level: which layers are put on.
        writable: the private temporary folder, an absolute path; the only place where files can be written. Symbolic
            links, pipes and sockets cannot be made there, so that who reads the folder afterwards is not led astray.
        readable: files and folders that may be read besides Python, its packages and the shared libraries.
        memory_limit_mb: address space in MiB (Linux) on top of what the process has; None: no limit.
        cpu_seconds: processor time of all threads together; None: no limit.
        max_file_bytes: size of each file that is written; None: no limit.
        max_open_files: descriptors, those inherited included; None: no limit.
        threads: whether the program may start threads (never processes).

    Raises:
        ConfigError: an unknown level, a relative path, or a limit below 1.
    """

    writable: Path
    level: IsolationLevel = "auto"
    readable: tuple[Path, ...] = ()
    memory_limit_mb: int | None = None
    cpu_seconds: int | None = None
    max_file_bytes: int | None = 16 * 2**20
    max_open_files: int | None = 256
    threads: bool = False

    def __post_init__(self) -> None:
        if self.level not in _LEVELS:
            raise ConfigError(f"expected an isolation level among {_LEVELS}; found {self.level!r}")
        for path in (self.writable, *self.readable):
            if not path.is_absolute():
                raise ConfigError(f"expected absolute paths in an isolation policy; found {path}; use Path.resolve()")
        for name in ("memory_limit_mb", "cpu_seconds", "max_file_bytes", "max_open_files"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"expected {name} of at least 1, or None for no limit; found {value}")
