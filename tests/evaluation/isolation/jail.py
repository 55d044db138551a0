"""Runs code in isolated children for the tests: a warm helper process, and the client that talks to it.

Executed as a script it is the helper: a process as the evaluator's, with a scrubbed environment, that forks a child per
request, isolates it, executes the code there, and kills what it leaves behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from skdecide_elm.evaluation import containment
from skdecide_elm.evaluation.isolation import IsolationPolicy, apply_isolation, close_files, prepare_isolation
from skdecide_elm.evaluation.isolation.linux import CAP_DAC_READ_SEARCH, keep_only_capabilities, prctl

NOBODY = 65534
_PR_SET_DUMPABLE, _PR_SET_KEEPCAPS = 4, 8


@dataclass(frozen=True)
class Outcome:
    """What became of a request: layers in force, text printed (the exception's last), how the child ended, and the
    processes it left behind."""

    layers: tuple[str, ...]
    output: str
    status: int | None
    left_over: int
    error: str = ""
    seconds: float = 0.0


@dataclass
class Jail:
    """The helper, and how to ask it. ``uid`` is the user that it becomes, None: it stays who we are."""

    uid: int | None
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        environment = {**containment.scrubbed_environment(), "OPENBLAS_NUM_THREADS": "1", "SECRET_OF_PARENT": "s3cret"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, *map(str, filter(None, [self.uid]))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self, code: str, folder: Path, *, timeout: float = 30.0, isolated: bool = True, **policy: Any) -> Outcome:
        """Execute code in a child, with the folder as its working folder and the only one it may write to."""
        policy["readable"] = [os.fspath(path) for path in policy.get("readable", ())]
        request = {"code": code, "folder": os.fspath(folder), "timeout": timeout, "isolated": isolated}
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({**request, "policy": policy}) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        return Outcome(**{**reply, "layers": tuple(reply["layers"])})

    def give(self, path: Path) -> None:
        """Make the children's user the owner of a file or folder."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def _serve() -> None:
    if sys.argv[1:]:
        _become(int(sys.argv[1]))
    containment.adopt_orphans()
    prepared = set()
    for line in sys.stdin:
        request = json.loads(line)
        readable = tuple(Path(path) for path in request["policy"].pop("readable"))
        request["files"] = request["policy"].pop("files", True)
        policy = IsolationPolicy(writable=Path(request["folder"]), readable=readable, **request["policy"])
        key = (readable, policy.threads)
        if request["isolated"] and key not in prepared:
            prepare_isolation(IsolationPolicy(**{**policy.__dict__, "level": "auto"}))
            prepared.add(key)
        print(json.dumps(_supervise(request, policy)), flush=True)


def _supervise(request: dict[str, Any], policy: IsolationPolicy) -> dict[str, Any]:
    read_end, write_end = os.pipe()
    with tempfile.TemporaryFile() as output:
        pid = os.fork()
        if pid == 0:
            os.close(read_end)
            try:
                _child(request, policy, output, write_end)
            finally:
                os._exit(3)
        os.close(write_end)
        status = _await(pid, time.monotonic() + request["timeout"])
        left_over = len(_children()) - (status is None)
        containment.kill_family(pid)
        output.seek(0)
        text = output.read(100_000).decode("utf-8", "replace")
    with os.fdopen(read_end) as pipe:
        report = json.loads(pipe.read() or "{}")
    return {"layers": [], "output": text, "status": status, "left_over": left_over, **report}


def _child(request: dict[str, Any], policy: IsolationPolicy, output: IO[bytes], report: int) -> None:
    os.setsid()
    os.chdir(request["folder"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output.fileno(), 1), (output.fileno(), 2)):
        os.dup2(source, target)
    layers: tuple[str, ...] = ()
    error, start = "", time.perf_counter()
    if request["isolated"]:
        try:
            layers = apply_isolation(policy)
            if not request["files"]:
                close_files(policy)
        except Exception as raised:  # noqa: BLE001 - it is reported
            error = f"{type(raised).__name__}: {raised}"
    seconds = time.perf_counter() - start
    os.write(report, json.dumps({"layers": layers, "error": error, "seconds": seconds}).encode())
    os.closerange(3, 4096)
    if not error:
        # not our streams: the parent's standard output is behind them
        sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w", closefd=False)
        _execute(request["code"])


def _execute(code: str) -> None:
    status = 0
    try:
        exec(compile(code, "<planner>", "exec"), {"__name__": "planner"})
    except BaseException as error:  # noqa: BLE001 - it is printed
        print(f"{type(error).__name__}: {error}", flush=True)
        status = 1
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(status)


def _become(uid: int) -> None:
    """Become an ordinary user, who can read his own interpreter as ordinary users can: root's may be out of reach."""
    out_of_reach = not _is_open_to_all(Path(sys.base_prefix))
    prctl(_PR_SET_KEEPCAPS, int(out_of_reach))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    keep_only_capabilities(CAP_DAC_READ_SEARCH if out_of_reach else None)
    prctl(_PR_SET_DUMPABLE, 1)


def _is_open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _await(pid: int, deadline: float) -> int | None:
    """How the child ended (negative: by which signal); None if it runs still."""
    descriptor = os.pidfd_open(pid)
    try:
        select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
    finally:
        os.close(descriptor)
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _serve()
