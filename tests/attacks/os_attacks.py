"""What a hostile planner tries against the operating system: one entry each, to be run for real.

The code of an attack is a list of statements for the body of a method or a module, after `PRELUDE`. It has `$names` for
its targets (`Targets`), all planted by whoever runs it, so that an attack that succeeds does no harm beyond them. When
its deed is done it calls ``breach``, which prints a line starting with `BREACH`; an exception before that means that it
was held. Some deeds show elsewhere too; `evidence` says where.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template
from typing import Literal

__all__ = ["BREACH", "GROUPS", "OS_ATTACKS", "PRELUDE", "Attack", "Targets", "attack_code"]

BREACH = "BREACH"
"""How a line of output starts when an attack has succeeded."""

Group = Literal["spy", "destroy", "network", "signal", "persist", "exhaust", "privilege", "kernel"]
GROUPS: tuple[Group, ...] = ("spy", "destroy", "network", "signal", "persist", "exhaust", "privilege", "kernel")


@dataclass(frozen=True)
class Attack:
    """One hostile act.

    Attributes:
        group: what it is after.
        code: statements with `$names` of `Targets`.
        evidence: how success would show.
    """

    group: Group
    code: str
    evidence: str = "a BREACH line in its output"


@dataclass(frozen=True)
class Targets:
    """What is planted for an attack; all of it belongs to the user who attacks.

    Attributes:
        secret: a file with a secret text, in a folder that is none of the program's business.
        keep: a file that must not change, and its folder `outside`, in which nothing may appear.
        sibling: a file in another evaluation's private folder.
        victim: the number of a process of the same user, whose environment holds a secret and whose standard input is
            `secret`.
        port: a TCP port that listens on 127.0.0.1; udp_port: a UDP one.
        socket: the path of a listening Unix socket; abstract: the name of an abstract one.
    """

    secret: str
    keep: str
    outside: str
    sibling: str
    victim: int
    port: int
    udp_port: int
    socket: str
    abstract: str


PRELUDE = f'''\
import ctypes, os, platform, resource, signal, socket, struct, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)

def breach(detail="done"):
    print({BREACH!r}, detail, flush=True)

def check(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def call(number, *arguments):
    """A raw system call; a pair of numbers is (x86-64, aarch64)."""
    if isinstance(number, tuple):
        number = number[platform.machine() == "aarch64"]
    wide = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in (number, *arguments)]
    return check(libc.syscall(*wide))

def reach(number, *arguments):
    """Whether the kernel gets to look at the arguments, which are nonsense, so that success does no harm."""
    try:
        call(number, *arguments)
    except OSError as error:
        if error.errno in (1, 13, 38):  # EPERM, EACCES, ENOSYS
            raise
    breach("the kernel let it in")
'''


def attack_code(attack: Attack, targets: Targets) -> str:
    """The whole text: `PRELUDE` and the attack with its targets filled in."""
    return PRELUDE + Template(attack.code).substitute(asdict(targets)) + "\n"


_FILES = "a BREACH line, or a change in the folder `outside`"
_VICTIM = "a BREACH line, or the victim ends, stops or changes"
_LEFT_OVER = "a BREACH line, or a process that outlives the evaluation"
_LISTENER = "a BREACH line, or something arrives at the listener"

_SPY = {
    "read_secret": "breach(open('$secret').read())",
    "read_secret_through_proc_root": "breach(open('/proc/self/root$secret').read())",
    "read_secret_through_link": "os.symlink('$secret', 'link'); breach(open('link').read())",
    "read_secret_through_hard_link": "os.link('$secret', 'hard'); breach(open('hard').read())",
    "read_secret_through_root_descriptor": """
fd = os.open('/', os.O_PATH)
breach(os.read(os.open('$secret'.lstrip('/'), os.O_RDONLY, dir_fd=fd), 100))""",
    "read_secret_with_openat2": """
how = (ctypes.c_ulonglong * 3)(0, 0, 0)
breach(os.read(call(437, -100, ctypes.c_char_p(b'$secret'), how, 24), 100))""",
    "read_secret_by_handle": """
handle = ctypes.create_string_buffer(struct.pack('II', 128, 0), 136)
mount = ctypes.c_int()
call((303, 264), -100, ctypes.c_char_p(b'$secret'), handle, ctypes.byref(mount), 0)
root = os.open('/', os.O_RDONLY)
breach(os.read(call((304, 265), root, handle, 0), 100))""",
    "list_folder_of_secret": "breach(os.listdir(os.path.dirname('$secret')))",
    "list_home": "breach(os.listdir(os.path.expanduser('~')))",
    "read_sibling_evaluation": "breach(open('$sibling').read())",
    "read_etc_passwd": "breach(open('/etc/passwd').read(100))",
    "read_environment_of_victim": "breach(open('/proc/$victim/environ', 'rb').read())",
    "read_command_line_of_victim": "breach(open('/proc/$victim/cmdline', 'rb').read())",
    "read_environment_of_parent": "breach(open(f'/proc/{os.getppid()}/environ', 'rb').read()[:100])",
    "follow_descriptor_of_victim": "breach(open('/proc/$victim/fd/0').read())",
    "where_is_victim": "breach(os.readlink('/proc/$victim/exe'))",
    "read_memory_file_of_victim": "breach(open('/proc/$victim/mem', 'rb').fileno())",
    "read_memory_of_parent": """
buffer = ctypes.create_string_buffer(8)
address = ctypes.addressof(buffer)  # the same in the parent, of which we are a copy
vector = (ctypes.c_void_p * 2)(address, 8)
call((310, 270), os.getppid(), vector, 1, vector, 1, 0); breach()""",
    "read_memory_of_victim": """
buffer = ctypes.create_string_buffer(8)
here, there = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8), (ctypes.c_void_p * 2)(0x10000, 8)
reach((310, 270), $victim, here, 1, there, 1, 0)""",
    "trace_victim": "call((101, 117), 0x4206, $victim, 0, 0); breach('seized')",
    "take_descriptor_of_victim": "fd = call(438, call(434, $victim, 0), 0, 0); breach(os.read(fd, 100))",
    "watch_folder_of_secret": """
fd = libc.inotify_init(); check(fd)
check(libc.inotify_add_watch(fd, os.path.dirname('$secret').encode(), 0xfff)); breach()""",
    "read_attributes_of_secret": "breach(os.listxattr('$secret'))",
    "read_kernel_log": "call((103, 116), 10, 0, 0); breach()",
    "read_key_ring": "call((250, 219), 0, -3, 1); breach()",
}

_DESTROY = {
    "overwrite_file": "open('$keep', 'w').write('gone'); breach()",
    "append_to_file": "open('$keep', 'a').write('more'); breach()",
    "delete_file": "os.unlink('$keep'); breach()",
    "rename_file": "os.rename('$keep', '$keep.old'); breach()",
    "move_file_here": "os.rename('$keep', 'mine'); breach()",
    "move_own_file_over": "open('mine', 'w').close(); os.rename('mine', '$keep'); breach()",
    "truncate_file": "os.truncate('$keep', 0); breach()",
    "change_mode": "os.chmod('$keep', 0o777); breach()",
    "change_mode_of_open_package_file": """
fd = os.open(os.__file__, os.O_RDONLY); os.fchmod(fd, os.fstat(fd).st_mode & 0o7777); breach()""",
    "change_owner": "os.chown('$keep', os.getuid(), os.getgid()); breach()",
    "change_times": "os.utime('$keep', (1, 1)); breach()",
    "set_attribute": "os.setxattr('$keep', 'user.mark', b'1'); breach()",
    "delete_tree": "import shutil; shutil.rmtree('$outside'); breach()",
    "create_file": "open('$outside/new', 'w').close(); breach()",
    "create_folder": "os.mkdir('$outside/new'); breach()",
    "create_link": "os.symlink('/etc/passwd', '$outside/new'); breach()",
    "create_pipe": "os.mkfifo('$outside/new'); breach()",
    "create_socket": "check(libc.mknod(b'$outside/new', 0o140600, 0)); breach()",
    "create_device": "os.mknod('$outside/new', 0o020600, os.makedev(1, 3)); breach()",
    "write_in_shared_temporary_folder": """
path = '/tmp/skdecide_elm_breach'; open(path, 'w').close(); breach(); os.unlink(path)""",
    "write_in_shared_memory_folder": """
path = '/dev/shm/skdecide_elm_breach'; open(path, 'w').close(); breach(); os.unlink(path)""",
    "poison_packages": """
import sysconfig
path = sysconfig.get_path('purelib') + '/skdecide_elm_breach.pth'
open(path, 'w').close(); breach(); os.unlink(path)""",
    "plant_link_for_the_reader": "os.symlink('$secret', 'output.txt'); breach('who reads my folder reads the secret')",
    "plant_pipe_for_the_reader": "os.mkfifo('output.txt'); breach('who reads my folder waits for ever')",
    "lease_package_file": """
import fcntl
fd = os.open(os.__file__, os.O_RDONLY); fcntl.fcntl(fd, 1024, 0); breach('writers of this file must wait for me')""",
}

_NETWORK = {
    "connect_tcp": "socket.create_connection(('127.0.0.1', $port), 2).sendall(b'leak'); breach()",
    "listen_tcp": "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); breach(s.getsockname())",
    "send_udp": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'leak', ('127.0.0.1', $udp_port)); breach()",
    "connect_unix": "socket.socket(socket.AF_UNIX).connect('$socket'); breach()",
    "connect_abstract": "socket.socket(socket.AF_UNIX).connect('\\0$abstract'); breach()",
    "raw_socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); breach()",
    "packet_socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW); breach()",
    "netlink_socket": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); breach()",
    "kernel_crypto_socket": "socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET); breach()",
    "socket_by_io_uring": "params = ctypes.create_string_buffer(120); call(425, 8, params); breach()",
    "socket_by_x32_call": "assert platform.machine() == 'x86_64'; call(0x40000000 + 41, 2, 1, 0); breach()",
    "socket_pair": "a, b = socket.socketpair(); breach()",
    "shared_memory_segment": """
segment = libc.shmget(0x5eed, 4096, 0o1600); check(segment); breach(); libc.shmctl(segment, 0, None)""",
    "message_queue": "queue = libc.msgget(0x5eed, 0o1600); check(queue); breach(); libc.msgctl(queue, 0, None)",
    "semaphores": "s = libc.semget(0x5eed, 1, 0o1600); check(s); breach(); libc.semctl(s, 0, 0, 0)",
    "posix_message_queue": """
name = ctypes.c_char_p(b'skdecide_elm_breach')
call((240, 180), name, 0o102, 0o600, 0); breach(); call((241, 181), name)""",
}

_SIGNAL = {
    "kill_victim": "os.kill($victim, signal.SIGKILL); breach()",
    "stop_victim": "os.kill($victim, signal.SIGSTOP); breach()",
    "kill_thread_of_victim": "call((234, 131), $victim, $victim, 15); breach()",
    "tkill_victim": "call((200, 130), $victim, 15); breach()",
    "queue_signal_to_victim": "check(libc.sigqueue($victim, 15, None)); breach()",
    "signal_victim_by_descriptor": "call(424, call(434, $victim, 0), 15, 0, 0); breach()",
    "touch_parent": "os.kill(os.getppid(), 0); breach('it could have been SIGKILL')",
    "touch_everybody": "os.kill(-1, 0); breach('it could have been SIGKILL')",
    "touch_group_of_parent": "os.killpg(os.getpgid(os.getppid()), 0); breach('it could have been SIGKILL')",
    "owner_of_pipe": """
import fcntl
read_end, write_end = os.pipe()
fcntl.fcntl(read_end, 8, $victim); fcntl.fcntl(read_end, 4, 0o20000)
os.write(write_end, b'x'); breach('SIGIO sent')""",
    "owner_of_pipe_by_ioctl": """
import fcntl
read_end, write_end = os.pipe()
fcntl.fcntl(read_end, 15, struct.pack('ii', 1, $victim)); fcntl.ioctl(read_end, 0x5452, struct.pack('i', 1))
os.write(write_end, b'x'); breach('SIGIO sent')""",
    "another_signal_for_pipe": "import fcntl; fcntl.fcntl(os.pipe()[0], 10, 9); breach()",
    "slow_victim_down": "os.setpriority(os.PRIO_PROCESS, $victim, 19); breach()",
    "pin_victim": "os.sched_setaffinity($victim, {min(os.sched_getaffinity(0))}); breach()",
    "idle_victim": "os.sched_setscheduler($victim, os.SCHED_IDLE, os.sched_param(0)); breach()",
    "limit_victim": "resource.prlimit($victim, resource.RLIMIT_CORE, (0, 0)); breach()",
    "outlive_parent": "check(libc.prctl(1, 0, 0, 0, 0)); breach('no longer dies with its parent')",
    "outlive_parent_with_high_bits": "call((157, 167), 1 + (7 << 32), 0); breach('an int is cut to 32 bits')",
}

_PERSIST = {
    "fork": "breach() if os.fork() else time.sleep(60)",
    "daemon": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        time.sleep(60)
    os._exit(0)
breach()""",
    "subprocess": "breach(subprocess.run(['/bin/true'], check=True))",
    "shell": "assert os.system('true') == 0; breach()",
    "spawn": "breach(os.posix_spawn('/bin/sleep', ['sleep', '60'], {}))",
    "become_another_program": f"os.execv('/bin/echo', ['echo', '{BREACH}'])",
    "execute_from_memory": f"""
fd = os.memfd_create('x', 0); os.write(fd, b'#!/bin/sh\\necho {BREACH}\\n'); os.execve(fd, ['x'], {{}})""",
    "execute_own_file": f"""
open('x', 'w').write('#!/bin/sh\\necho {BREACH}\\n'); os.chmod('x', 0o755); os.execv('./x', ['x'])""",
    "multiprocessing": """
import multiprocessing
p = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,)); p.start(); breach()""",
    "clone3": """
arguments = (ctypes.c_ulonglong * 11)(0, 0, 0, 0, 17)
breach() if call(435, arguments, 88) else os._exit(0)""",
    "clone_with_high_bits": "breach() if call((56, 220), 17 + (1 << 32), 0, 0, 0, 0) else os._exit(0)",
    "thread": "t = threading.Thread(target=breach); t.start(); t.join()",
    "write_profile": "open('$outside/.profile', 'a').write('evil'); breach()",
}

_EXHAUST = {
    "memory": "import mmap; hoard = [mmap.mmap(-1, 2**28) for _ in range(64)]; breach('16 GiB')",
    "memory_files": """
files = []
while len(files) < 64:
    files.append(os.memfd_create('hoard')); os.write(files[-1], bytes(2**20))
breach('memory that the address space limit does not count')""",
    "big_file": "open('big', 'wb').write(bytes(2**25)); breach('32 MiB')",
    "open_files": "pipes = [os.pipe() for _ in range(300)]; breach('600 descriptors')",
    "processes": """
for _ in range(20):
    if os.fork() == 0:
        time.sleep(60)
breach()""",
    "threads": """
for _ in range(20):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
breach()""",
    "lift_own_limits": "resource.setrlimit(resource.RLIMIT_FSIZE, (2**40, 2**40)); breach()",
    "lift_own_limits_by_prlimit": "resource.prlimit(0, resource.RLIMIT_FSIZE, (2**40, 2**40)); breach()",
    "core_dump": "resource.setrlimit(resource.RLIMIT_CORE, (2**30, 2**30)); breach()",
    "asynchronous_io": "context = ctypes.c_ulong(); call((206, 0), 1000, ctypes.byref(context)); breach()",
    "pipe_buffers": "import fcntl; fcntl.fcntl(os.pipe()[1], 1031, 2**20); breach('kernel memory that nobody counts')",
    "flush_all_disks": "call((162, 81)); breach('everybody waits')",
}

_PRIVILEGE = {
    "become_another_user": "os.setresuid(12345, 12345, 12345); breach()",
    "become_root": "os.setresuid(0, 0, 0); open('/etc/hostname', 'r+b'); breach()",
    "change_groups": "os.setgroups([0]); breach()",
    "change_root": "os.chroot('.'); breach()",
    "new_user_namespace": "check(libc.unshare(0x10000000)); breach()",
    "new_mount_namespace": "check(libc.unshare(0x00020000)); breach()",
    "join_namespace_of_parent": """
fd = os.open(f'/proc/{os.getppid()}/ns/net', os.O_RDONLY); check(libc.setns(fd, 0)); breach()""",
    "mount": "reach((165, 40), 0, 0, 0, 0, 0)",
    "regain_capabilities": """
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
words = (ctypes.c_uint32 * 6)()
check(libc.capget(header, words))
words[0] |= 1 << 21; words[1] |= 1 << 21  # CAP_SYS_ADMIN
check(libc.capset(header, words)); breach()""",
    "gain_by_set_user_id": f"os.execv('/bin/su', ['su', '-c', 'echo {BREACH}'])",
    "personality": "call((135, 92), 0x0040000); breach('addresses no longer random')",
}

_KERNEL = {
    "load_bpf": "reach((321, 280), 0, 0, 0)",
    "performance_events": "reach((298, 241), 0, 0, -1, -1, 0)",
    "user_faults": "reach((323, 282), 0x7fffffff)",
    "io_uring": "reach(425, 0, 0)",
    "load_module": "reach((175, 105), 0, 0, 0)",
    "kexec": "reach((246, 104), 0, 99, 0, 0)",
    "reboot": "reach((169, 142), 0, 0, 0, 0)",
    "set_clock": "reach((227, 112), 0, 0)",
    "set_host_name": "reach((170, 161), 0, -1)",
    "swap": "reach((167, 224), 0, 0)",
    "call_of_another_architecture": """
import mmap
assert platform.machine() == 'x86_64'
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex('53 b814000000 cd80 5b c3'.replace(' ', '')))  # push rbx; mov eax, 20 (getpid); int 0x80; ...
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
ctypes.CFUNCTYPE(ctypes.c_int)(address)() == os.getpid() and breach('32-bit calls pass')""",
    "own_filter": "reach((317, 277), 1, 0, 0)",
    "unknown_call": "reach(5000)",
}


def _group(group: Group, codes: dict[str, str], evidence: str | None = None) -> dict[str, Attack]:
    if evidence is None:
        return {name: Attack(group, code.strip()) for name, code in codes.items()}
    return {name: Attack(group, code.strip(), evidence) for name, code in codes.items()}


OS_ATTACKS: dict[str, Attack] = {
    **_group("spy", _SPY),
    **_group("destroy", _DESTROY, _FILES),
    **_group("network", _NETWORK, _LISTENER),
    **_group("signal", _SIGNAL, _VICTIM),
    **_group("persist", _PERSIST, _LEFT_OVER),
    **_group("exhaust", _EXHAUST),
    **_group("privilege", _PRIVILEGE),
    **_group("kernel", _KERNEL),
}
"""By name; the names are unique."""
