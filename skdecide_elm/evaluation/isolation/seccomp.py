"""The layer ``seccomp``: which system calls a program may make.

By `seccompy` (pure Python, x86-64 and aarch64). Looked at besides: pyseccomp (needs the system's libseccomp).

Every system call known when this was written is allowed but those refused below, which fail with EPERM; any other
number, the x32 ones included, does not exist (ENOSYS: the C library then falls back to an older one). A call of
another architecture (``int 0x80``) ends the process, if its number is a known one: seccompy's filters begin so. An
argument that the kernel reads as a C ``int`` is compared on its lower 32 bits only, as the kernel does.

The rules are two filters, of which the kernel heeds the stricter answer. The *common* one, by far the longer, holds
nothing that the warm parent of programs needs, which puts it on itself: its children inherit it at no cost, where
loading it would take each of them more than half a millisecond. The *own* one is for the program's process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import sys
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from skdecide_elm.evaluation.isolation.policy import IsolationPolicy

if TYPE_CHECKING:
    from seccompy import ArgCmp, Filter

__all__ = [
    "CONDITIONAL",
    "FILE_OPENING",
    "REFUSED",
    "close_files",
    "closing_filter",
    "common_filter",
    "filter_common_calls",
    "filter_system_calls",
    "own_filter",
    "prepare_seccomp",
    "seccomp_architecture",
]

_REFUSED_GROUPS = {
    "network, and every other way to pass messages or descriptors; pipes that are open already keep working": """
        socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg
        getsockname getpeername getsockopt setsockopt shutdown shmget shmat shmctl msgget msgsnd msgrcv msgctl
        semget semop semtimedop semctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr""",
    "other processes: their memory, descriptors, signals, priorities, groups": """
        ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp migrate_pages move_pages
        pidfd_open pidfd_getfd pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo
        setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr setpgid setsid""",
    "new processes and programs": "fork vfork execve execveat uselib",
    "what Landlock does not cover: owners, modes, times, attributes, watching files, reaching them by handle": """
        getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat file_getattr
        chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes utimensat futimesat
        setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr
        inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark lookup_dcookie
        name_to_handle_at open_by_handle_at truncate mknod mknodat quotactl quotactl_fd sync syncfs""",
    "memory that the address space limit does not count": "memfd_create memfd_secret",
    "mounts and namespaces": """
        mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree open_tree_attr move_mount
        mount_setattr statmount listmount listns unshare setns""",
    "privileges, limits, keys": """
        setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset setrlimit
        personality seccomp add_key request_key keyctl""",
    "large interfaces of the kernel, and what only an administrator needs": """
        io_uring_setup io_uring_enter io_uring_register io_setup io_submit io_destroy io_cancel io_getevents
        io_pgetevents bpf perf_event_open userfaultfd uprobe uretprobe lsm_set_self_attr modify_ldt iopl ioperm
        syslog _sysctl acct vhangup init_module finit_module delete_module create_module kexec_load kexec_file_load
        reboot swapon swapoff sethostname setdomainname settimeofday clock_settime clock_adjtime adjtimex
        nfsservctl""",
}
REFUSED = frozenset(name for names in _REFUSED_GROUPS.values() for name in names.split())
"""Fail with EPERM whatever their arguments. A name that an architecture lacks is skipped there."""

_NEEDED_BY_PARENT = frozenset(["recvfrom", "recvmsg", "sendto", "pidfd_open", "setsid", "capset", "seccomp"])
"""Of those refused: what forks programs is told to by messages, waits for them, and what it forks confines itself."""

_FILTERING = "seccomp"

FILE_OPENING = frozenset({"open", "openat", "openat2", "creat"})
"""Refused too once files are closed."""

CONDITIONAL = frozenset(
    {"clone", "clone3", "fcntl", "ioctl", "kill", "prctl", "prlimit64", "sched_setaffinity", "tgkill", "tkill"}
)
"""Allowed with some arguments only."""

# 424 and above are the same on all architectures; a newer one is unknown to us, even if seccompy comes to know it
_LAST_KNOWN = 471
_NUMBER_OFFSET = 0  # of the call's number in `struct seccomp_data`

_ANY_PROCESS = 0x7EEEEEEE
"""Stands for the number of the process that loads the filter, which is assembled before there is one: no process and no
constant of the filter has this number."""

_INT = 0xFFFFFFFF
_CLONE_THREAD = 0x00010000
_CLONE_NAMESPACES = 0x7E020080  # CLONE_NEW{TIME,NS,CGROUP,UTS,IPC,USER,PID,NET}
_F_SETFL = 4
_O_ASYNC = 0o20000
# SETOWN, SETSIG, SETOWN_EX, SETLEASE, NOTIFY: they have the kernel send signals, to others too; SETPIPE_SZ: memory
_FCNTL_REFUSED = (8, 10, 15, 1024, 1026, 1031)
# FIOASYNC, FIOSETOWN, SIOCSPGRP: as above; TIOC{SCTTY,SPGRP,STI,CONS,LINUX,SETD}: typing into a terminal
_IOCTL_REFUSED = (0x5452, 0x8901, 0x8902, 0x540E, 0x5410, 0x5412, 0x541D, 0x541C, 0x5423)
# DUMPABLE, KEEPCAPS, SECCOMP, SECUREBITS, MM, CHILD_SUBREAPER, CAP_AMBIENT, SCHED_CORE, PTRACER
_PRCTL_REFUSED = (4, 8, 22, 28, 35, 36, 47, 62, 0x59616D61)
_PR_SET_PDEATHSIG = 1


@cache
def seccomp_architecture() -> str:
    """The architecture whose system calls are filtered.

    Raises:
        OSError: not Linux, a kernel without seccomp filters, or an architecture other than x86-64 and aarch64.
    """
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, f"only Linux has seccomp, not {sys.platform}")
    if sys.maxsize < 2**32:
        raise OSError(errno.ENOSYS, f"a 32-bit Python on {platform.machine()}: its system calls are not known here")
    import seccompy

    architecture = seccompy.arch()
    if not seccompy.supported():
        raise OSError(errno.ENOSYS, "the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)")
    return architecture


def prepare_seccomp(policy: IsolationPolicy) -> None:
    """Assemble the filters beforehand, and warm the library.

    Raises:
        OSError: this system has no seccomp filter for us.
    """
    seccomp_architecture()
    is_strict = policy.level == "strict"
    _ = common_filter().program, own_filter(policy.threads, last=not is_strict).program
    if is_strict:
        _ = closing_filter().program


def filter_common_calls() -> None:
    """Put the common filter on this process, for good: one that forks programs, and lives on without what it refuses.

    Raises:
        OSError: this system has no seccomp filter for us.
    """
    seccomp_architecture()
    if not common_filter().loaded:  # by a parent, whose memory we have inherited with its filters
        common_filter().load()


def filter_system_calls(policy: IsolationPolicy) -> None:
    """Filter the system calls of this process, all threads, and its children, for good.

    Raises:
        OSError: this system has no seccomp filter for us.
    """
    filter_common_calls()
    try:
        own_filter(policy.threads, last=policy.level != "strict").load()
    except RuntimeError as error:  # how seccompy says that it has been loaded here before
        raise OSError(errno.EPERM, f"this process is filtered already: {error}") from error


def close_files(policy: IsolationPolicy) -> None:
    """Refuse to open files in this process from here on; it must have put on the layers of a ``strict`` policy.

    Raises:
        OSError: this system has no seccomp filter for us.
    """
    seccomp_architecture()
    closing_filter().load()


@cache
def common_filter() -> Filter:
    """What is refused to programs, and not needed by the process that forks them; for the architecture at hand.

    It allows what no rule names, up to the last number known; those above do not exist. A rule for each call that is
    allowed would say the same, in three times the instructions, which the kernel reads whenever a filter is loaded. A
    number below that has no name is one that no kernel has.
    """
    from seccompy import Action, Filter, FilterFlag, bpf

    unknown = [bpf.Load(_NUMBER_OFFSET), bpf.Jump(bpf.BPF_JGT, _LAST_KNOWN, None, "known")]
    beginning = bpf.assemble([*unknown, bpf.Ret(Action.ERRNO | errno.ENOSYS)], {"known": 3})

    class KnownCalls(Filter):
        @property
        def program(self) -> bytes:
            return bytes(beginning + super().program)

    calls = KnownCalls(flags=FilterFlag.TSYNC)
    _refuse(calls, REFUSED - _NEEDED_BY_PARENT)
    for command in _FCNTL_REFUSED:
        calls.errno("fcntl", errno.EPERM, args=[_equals(1, command)])
    calls.errno("fcntl", errno.EPERM, args=[_equals(1, _F_SETFL), _equals(2, _O_ASYNC, _O_ASYNC)])
    for request in _IOCTL_REFUSED:
        calls.errno("ioctl", errno.EPERM, args=[_equals(1, request)])
    for option in _PRCTL_REFUSED:
        calls.errno("prctl", errno.EPERM, args=[_equals(0, option)])
    calls.allow("sched_setaffinity", args=[_equals(0, 0)])
    calls.errno("sched_setaffinity", errno.EPERM)
    return calls


@cache
def own_filter(threads: bool, last: bool = True) -> Filter:
    """What is refused to a program, and not to the process that forks it; for whatever process loads it.

    Args:
        threads: whether threads may be started.
        last: whether no other filter may follow.

    The object is cached to be loaded in children, never in this process: once loaded it cannot be loaded again.
    """
    from seccompy import Filter, FilterFlag

    class OfThisProcess(Filter):
        @property
        def program(self) -> bytes:
            return bytes(super().program).replace(_operand(_ANY_PROCESS), _operand(os.getpid()))

    calls = OfThisProcess(flags=FilterFlag.TSYNC)
    _refuse(calls, _NEEDED_BY_PARENT if last else _NEEDED_BY_PARENT - {_FILTERING})
    _add_conditional_calls(calls, threads)
    return calls


@cache
def closing_filter() -> Filter:
    """What closes files to a program, after which no other filter may follow."""
    from seccompy import Filter, FilterFlag

    calls = Filter(flags=FilterFlag.TSYNC)
    _refuse(calls, FILE_OPENING | {_FILTERING})
    return calls


def _operand(value: int) -> bytes:
    """A constant as an instruction holds it."""
    return value.to_bytes(4, sys.byteorder)


def _refuse(calls: Filter, names: Iterable[str]) -> None:
    """Have calls fail; by number, not by name: one call can have several names."""
    from seccompy import syscall_nr

    numbers = set()
    for name in names:
        with contextlib.suppress(ValueError):  # this architecture never had it
            numbers.add(syscall_nr(name))
    for number in sorted(numbers):
        calls.errno(number, errno.EPERM)


def _add_conditional_calls(calls: Filter, threads: bool) -> None:
    from seccompy import ArgCmp, CmpOp

    # its flags are in memory, where no filter sees them: without it the C library uses clone, whose flags are here
    calls.errno("clone3", errno.ENOSYS)
    if threads:
        calls.allow("clone", args=[_equals(0, _CLONE_THREAD, _CLONE_THREAD | _CLONE_NAMESPACES)])
    calls.errno("clone", errno.EPERM)

    for name in ("kill", "tkill", "tgkill"):  # to itself, so that `abort` and `raise` work; never to its group
        calls.allow(name, args=[_equals(0, _ANY_PROCESS)])
        calls.errno(name, errno.EPERM)

    calls.errno("prctl", errno.EPERM, args=[_equals(0, _PR_SET_PDEATHSIG)])
    calls.allow("prlimit64", args=[_equals(0, 0), ArgCmp(2, CmpOp.EQ, 0)])  # reading one's own limits
    calls.errno("prlimit64", errno.EPERM)


def _equals(argument: int, value: int, mask: int = _INT) -> ArgCmp:
    from seccompy import ArgCmp, CmpOp

    return ArgCmp(argument, CmpOp.MASKED_EQ, value, mask)
