"""The layers ``no_new_privs`` and ``capabilities``: what a program may become, by two system calls of Linux."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache

__all__ = ["CAP_DAC_READ_SEARCH", "forbid_new_privileges", "keep_only_capabilities", "load_libc", "prctl"]

CAP_DAC_READ_SEARCH = 2

_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
_WORD_BITS = 32


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityWord(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def forbid_new_privileges() -> None:
    """See to it that no program executed from here on gains privileges: set-user-id bits have no effect.

    Raises:
        OSError: not Linux.
    """
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def keep_only_capabilities(kept: int | None = CAP_DAC_READ_SEARCH) -> None:
    """Give up every capability of this process but one, and that one too if it was not there.

    Without capabilities root can neither raise limits again nor trace, mount, or signal other users' processes. The
    one kept by default lets root still import packages that another user installed (a bind mount in a container).

    Raises:
        OSError: not Linux.
    """
    libc = load_libc()
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    words = (_CapabilityWord * 2)()
    _check(libc.capget(ctypes.byref(header), words))
    for index, word in enumerate(words):
        bit = 1 << (kept % _WORD_BITS) if kept is not None and kept // _WORD_BITS == index else 0
        word.permitted &= bit
        word.effective = word.permitted
        word.inheritable = 0
    _check(libc.capset(ctypes.byref(header), words))


def prctl(option: int, value: int) -> None:
    """Set an option of this process, see prctl(2).

    Raises:
        OSError: not Linux, or the kernel refuses.
    """
    # variadic in C: the arguments that the kernel wants to be zero must be as wide as a register
    _check(load_libc().prctl(option, *(ctypes.c_ulong(argument) for argument in (value, 0, 0, 0))))


@cache
def load_libc() -> ctypes.CDLL:
    """The C library, loaded once; the warm parent does it for its children.

    Raises:
        OSError: not Linux.
    """
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, f"only Linux has this layer, not {sys.platform}")
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
