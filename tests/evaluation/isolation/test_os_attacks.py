"""Each attack on the operating system, tried for real: held as root and as an ordinary user, nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from attacks.os_attacks import BREACH, GROUPS, OS_ATTACKS, Targets, attack_code
from jail import Jail, Outcome

from skdecide_elm.evaluation.isolation import LAYERS

LIMITS = {"memory_limit_mb": 2000, "cpu_seconds": 10, "timeout": 10.0}


@dataclass
class Scene:
    """What is planted for one attack, and how it was before."""

    targets: Targets
    victim: subprocess.Popen[bytes]
    listeners: list[socket.socket]
    before: object = None

    def state(self) -> object:
        return _files(Path(self.targets.outside)), _process(self.victim)

    def signs(self, outcome: Outcome) -> list[str]:
        """What shows that the attack succeeded."""
        found = [line for line in outcome.output.splitlines() if line.startswith(BREACH)]
        if Path(self.targets.secret).read_text() in outcome.output:
            found.append("the secret is in the output")
        if self.state() != self.before:
            found.append("files or the victim have changed")
        if any(map(_has_arrived, self.listeners)):
            found.append("something arrived at a listener")
        if outcome.left_over:
            found.append(f"{outcome.left_over} processes were left over")
        return found


def _files(folder: Path) -> object:
    if not folder.exists():
        return None
    return {
        path: (path.lstat().st_mode, path.lstat().st_mtime_ns, path.is_file() and path.read_bytes(), _attributes(path))
        for path in [folder, *sorted(folder.rglob("*"))]
    }


def _attributes(path: Path) -> list[str]:
    return os.listxattr(path, follow_symlinks=False)


def _process(victim: subprocess.Popen[bytes]) -> object:
    if victim.poll() is not None:
        return victim.returncode
    fields = Path(f"/proc/{victim.pid}/stat").read_text().rpartition(")")[2].split()
    state, nice, policy = fields[0], fields[16], fields[38]
    limits = Path(f"/proc/{victim.pid}/limits").read_text()
    return state, nice, policy, os.sched_getaffinity(victim.pid), limits


def _has_arrived(listener: socket.socket) -> bool:
    listener.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(100)
        else:
            listener.accept()[0].close()
        return True
    return False


@contextlib.contextmanager
def planted(jail: Jail, base: Path) -> Iterator[Scene]:
    """Victims in a fresh folder below `base`."""
    place = base / uuid.uuid4().hex
    files = {name: place / name / f"{name}.txt" for name in ("secret", "keep", "sibling")}
    for folder in (place, *(file.parent for file in files.values())):
        folder.mkdir()
        jail.give(folder)
    for file in files.values():
        file.write_text(uuid.uuid4().hex)
        jail.give(file)
    name = f"skdecide_elm_{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(_listener(address)) for address in (0, "udp", place / "socket", f"\0{name}")]
        victim = _start_victim(jail, files["secret"])
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        targets = Targets(
            secret=str(files["secret"]), keep=str(files["keep"]), outside=str(files["keep"].parent),
            sibling=str(files["sibling"]), victim=victim.pid, port=listeners[0].getsockname()[1],
            udp_port=listeners[1].getsockname()[1], socket=str(place / "socket"), abstract=name,
        )  # fmt: skip
        jail.give(place / "socket")
        scene = Scene(targets, victim, listeners)
        scene.before = scene.state()
        yield scene


def _start_victim(jail: Jail, secret: Path) -> subprocess.Popen[bytes]:
    """A process of the attacker's user that sleeps."""
    with secret.open() as stream:
        environment = {"SECRET": secret.read_text()}
        user: dict[str, Any] = {} if jail.uid is None else {"user": jail.uid, "group": jail.uid, "extra_groups": []}
        victim = subprocess.Popen(["/bin/sleep", "100"], stdin=stream, env=environment, **user, cwd="/")
    deadline = time.monotonic() + 5
    while "(sleep) S" not in Path(f"/proc/{victim.pid}/stat").read_text() and time.monotonic() < deadline:
        time.sleep(0.001)
    return victim


def _listener(address: object) -> socket.socket:
    if address == "udp":
        listener = socket.socket(type=socket.SOCK_DGRAM)
        listener.bind(("127.0.0.1", 0))
        return listener
    family = socket.AF_INET if address == 0 else socket.AF_UNIX
    listener = socket.socket(family)
    listener.bind(("127.0.0.1", 0) if address == 0 else os.fspath(address))  # type: ignore[arg-type]
    listener.listen()
    return listener


@pytest.mark.parametrize("name", OS_ATTACKS)
def test_the_attack_is_held(name, jail, base, folder):
    with planted(jail, base) as scene:
        outcome = jail.run(attack_code(OS_ATTACKS[name], scene.targets), folder, **LIMITS)
        assert outcome.layers == LAYERS
        assert scene.signs(outcome) == []
        assert outcome.status is not None, "it still ran at the time limit"
        assert outcome.output or outcome.status < 0, "it was neither refused nor killed"


def test_the_attacks_succeed_where_nothing_holds_them(jail, base):
    """Else the tests above would show nothing. Some are held by this kernel's settings, or as they ask for root."""
    held = []
    for number, (name, attack) in enumerate(OS_ATTACKS.items()):
        place = base / f"attack_{number}"
        place.mkdir()
        jail.give(place)
        with planted(jail, base) as scene:
            outcome = jail.run(attack_code(attack, scene.targets), place, isolated=False, timeout=0.3)
            if not scene.signs(outcome):
                held.append(name)
    assert len(held) < 0.4 * len(OS_ATTACKS), held
    assert {attack.group for name, attack in OS_ATTACKS.items() if name not in held} == set(GROUPS)


def test_an_attack_by_foreign_system_calls_ends_the_process(jail, base, folder):
    if os.uname().machine != "x86_64":
        pytest.skip("the machine code of this attack is for x86-64")
    with planted(jail, base) as scene:
        outcome = jail.run(attack_code(OS_ATTACKS["call_of_another_architecture"], scene.targets), folder, **LIMITS)
    assert outcome.status == -signal.SIGSYS


def test_every_attack_has_a_group_and_there_are_many():
    assert len(OS_ATTACKS) >= 35
    assert {attack.group for attack in OS_ATTACKS.values()} == set(GROUPS)
    for attack in OS_ATTACKS.values():
        compile(attack_code(attack, Targets("s", "k", "o", "b", 1, 2, 3, "u", "a")), "<attack>", "exec")
        assert BREACH in attack.evidence
