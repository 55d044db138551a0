"""What the filter answers, on both architectures, by a small interpreter of its instructions."""

from __future__ import annotations

import errno
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seccompy import AUDIT_ARCH_AARCH64, AUDIT_ARCH_X86_64
from seccompy.syscalls import AARCH64_SYSCALLS, X86_64_SYSCALLS

from skdecide_elm.evaluation.isolation import seccomp

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE, ABSENT = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
TABLES = {
    "x86_64": (AUDIT_ARCH_X86_64, X86_64_SYSCALLS),
    "aarch64": (AUDIT_ARCH_AARCH64, AARCH64_SYSCALLS),
}
THREAD_FLAGS = 0x3D0F00  # what the C library's pthread_create passes
GARBAGE = 0xDEAD << 32
O_NONBLOCK, O_ASYNC = 0o4000, 0o20000


def answer(program: bytes, audit_arch: int, number: int, arguments: tuple[int, ...]) -> int:
    """Run a classic BPF program, of the instructions that seccomp filters have, on one system call."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<iIQ6Q", number if number < 2**31 else number - 2**32, audit_arch, 0, *padded)
    instructions = list(struct.iter_unpack("<HBBI", program))
    accumulator, position = 0, 0
    while True:
        code, on_true, on_false, k = instructions[position]
        position += 1
        if code == 0x06:
            return k
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, k)
        elif code == 0x54:
            accumulator &= k
        elif code == 0x05:
            position += k
        elif code == 0x15:
            position += on_true if accumulator == k else on_false
        elif code == 0x25:
            position += on_true if accumulator > k else on_false
        else:
            raise AssertionError(f"unexpected instruction {code:#x}")


def strictest(answers: list[int]) -> int:
    """What the kernel makes of the answers of several filters, the newest first: the lowest action, read as signed."""
    return min(answers, key=lambda found: struct.unpack("<i", struct.pack("<I", found & 0xFFFF0000)))


@pytest.fixture(params=list(TABLES), scope="module")
def ask(request):
    """A function: name or number of a call, arguments → the answer of the filter without threads."""
    return asker(request.param)


def asker(architecture: str, threads: bool = False, files: bool = True):
    audit_arch, table = TABLES[architecture]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("platform.machine", lambda: architecture)
        filters = [seccomp.own_filter.__wrapped__(threads), seccomp.common_filter.__wrapped__()]
        programs = [filter.program for filter in [*([] if files else [seccomp.closing_filter.__wrapped__()]), *filters]]

    def ask(call: str | int, *arguments: int, arch: int = audit_arch) -> int:
        number = table[call] if isinstance(call, str) else call
        return strictest([answer(program, arch, number, arguments) for program in programs])

    ask.table = table
    return ask


def test_every_name_is_a_system_call():
    named = seccomp.REFUSED | seccomp.FILE_OPENING | seccomp.CONDITIONAL
    assert named - set(X86_64_SYSCALLS) - set(AARCH64_SYSCALLS) == set()
    assert not (seccomp.REFUSED & seccomp.FILE_OPENING or seccomp.REFUSED & seccomp.CONDITIONAL)


def test_what_is_refused_is_refused(ask):
    present = seccomp.REFUSED & set(ask.table)
    assert len(present) > 130
    assert {name for name in present if ask(name) != REFUSE} == set()


@pytest.mark.parametrize("architecture", TABLES)
def test_what_forks_programs_keeps_what_it_needs(architecture):
    audit_arch, table = TABLES[architecture]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("platform.machine", lambda: architecture)
        program = seccomp.common_filter.__wrapped__().program
    needed = ("clone", "wait4", "kill", "setsid", "prctl", "recvmsg", "recvfrom", "sendto", "pidfd_open", "prlimit64")
    confining = ("capset", "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self")
    refused = [name for name in (*needed, *confining) if answer(program, audit_arch, table[name], (1,)) != ALLOW]
    assert refused == []


def test_no_alias_leads_round_a_refusal(ask):
    refused = {ask.table[name] for name in seccomp.REFUSED & set(ask.table)}
    assert {name for name, number in ask.table.items() if number in refused and ask(name) == ALLOW} == set()


@pytest.mark.parametrize("name", ["read", "write", "mmap", "futex", "openat", "exit_group", "getrandom"])
def test_what_programs_need_is_allowed(ask, name):
    assert ask(name) == ALLOW


@pytest.mark.parametrize("architecture", TABLES)
def test_without_files_no_call_opens_one(architecture):
    ask = asker(architecture, files=False)
    assert {ask(name) for name in seccomp.FILE_OPENING & set(ask.table)} == {REFUSE}
    assert ask("read") == ALLOW


def test_another_architecture_is_killed(ask):
    other = AUDIT_ARCH_X86_64 if ask.table is AARCH64_SYSCALLS else AUDIT_ARCH_AARCH64
    assert ask("read", arch=other) == KILL
    assert ask("read", arch=0x40000003) == KILL  # i386


@given(number=st.integers(472, 2**32 - 1))
def test_a_call_that_nobody_knew_does_not_exist(ask, number):
    assert ask(number) == ABSENT


@given(number=st.integers(0, 600))
def test_no_x32_call_exists(number):
    assert X32(number | 0x40000000) == ABSENT


X32 = asker("x86_64")

CONDITIONS = [
    ("clone", (17,), REFUSE),
    ("clone", (THREAD_FLAGS,), REFUSE),
    ("clone3", (), ABSENT),
    ("fcntl", (3, 1), ALLOW),
    ("fcntl", (3, 4, O_NONBLOCK), ALLOW),
    ("fcntl", (3, 4, O_NONBLOCK | O_ASYNC), REFUSE),
    ("fcntl", (3, 3, O_ASYNC), ALLOW),
    ("fcntl", (3, 8, 1), REFUSE),
    ("fcntl", (3, 15, 1), REFUSE),
    ("fcntl", (3, 1031, 1), REFUSE),
    ("ioctl", (0, 0x5401), ALLOW),
    ("ioctl", (0, 0x5412), REFUSE),
    ("ioctl", (0, 0x5452), REFUSE),
    ("prctl", (15,), ALLOW),
    ("prctl", (1, 9), REFUSE),
    ("prctl", (0x59616D61,), REFUSE),
    *((name, (os.getpid(), 6), ALLOW) for name in ("kill", "tkill", "tgkill")),
    *((name, (os.getppid(), 6), REFUSE) for name in ("kill", "tkill", "tgkill")),
    ("kill", (0, 9), REFUSE),
    ("kill", (2**32 - 1, 9), REFUSE),
    ("prlimit64", (0, 7, 0), ALLOW),
    ("prlimit64", (0, 7, 1), REFUSE),
    ("prlimit64", (0, 7, 1 << 32), REFUSE),  # a pointer: all its bits count
    ("prlimit64", (55, 7, 0), REFUSE),
    ("sched_setaffinity", (0,), ALLOW),
    ("sched_setaffinity", (55,), REFUSE),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), CONDITIONS)
def test_arguments_decide(ask, name, arguments, expected):
    assert ask(name, *arguments) == expected


@pytest.mark.parametrize(("name", "arguments", "expected"), CONDITIONS)
def test_bits_that_the_kernel_cuts_off_do_not_matter(ask, name, arguments, expected):
    first, *others = (argument | GARBAGE for argument in (*arguments, 0))
    pointer = 2 if name == "prlimit64" else None
    dirty = [first, *(arguments[i] if i == pointer else other for i, other in enumerate(others[:-1], 1))]
    assert ask(name, *dirty) == expected


@pytest.mark.parametrize("architecture", TABLES)
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (THREAD_FLAGS, ALLOW),
        (17, REFUSE),  # fork
        (0x4111, REFUSE),  # vfork
        (THREAD_FLAGS | 0x00020000, REFUSE),  # a mount namespace
        (THREAD_FLAGS | 0x10000000, REFUSE),  # a user namespace
        (THREAD_FLAGS & ~0x10000, REFUSE),
        (THREAD_FLAGS | GARBAGE, ALLOW),
    ],
)
def test_with_threads_only_threads(architecture, flags, expected):
    assert asker(architecture, threads=True)("clone", flags) == expected
