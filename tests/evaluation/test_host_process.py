"""A forked host is handled as an executed process is; each case in an interpreter of its own, which may be forked."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hosts are forked on Linux only")

OPENING = """
import os, socket, subprocess, sys
from skdecide_elm.evaluation.containment import end_process
from skdecide_elm.evaluation.host_process import fork_host

KNOWN = "imported before"

def echo(mode):
    control = socket.socket(fileno=os.dup(0))
    while message := control.recv(100):
        control.sendall(message + f" {mode} {KNOWN}".encode())

def fail(mode):
    raise RuntimeError("no copies")

def hang(mode):
    socket.socket(fileno=os.dup(0)).recv(1)
    import signal
    signal.pause()
"""


def run(lines):
    return subprocess.run([sys.executable, "-c", OPENING + lines], capture_output=True, text=True, timeout=60)


def test_it_answers_on_its_socket_in_a_session_of_its_own():
    done = run("""
host = fork_host(echo)
host.control.sendall(b"hello")
print(host.control.recv(100).decode(), os.getsid(host.process.pid) == host.process.pid)
host.control.close()
print(host.process.wait(10), host.process.wait())
""")
    assert done.stdout.splitlines() == ["hello forkserver imported before True", "0 0"], done.stderr


def test_it_tells_why_it_cannot_go_on():
    done = run("""
host = fork_host(fail)
print(host.control.recv(1), host.process.wait(10))
""")
    assert done.stdout.splitlines() == ["b'' 1"]
    assert "RuntimeError: no copies" in done.stderr


def test_it_is_waited_for_and_killed():
    done = run("""
host = fork_host(hang)
try:
    host.process.wait(0.05)
except subprocess.TimeoutExpired:
    print("runs")
end_process(host.process)
host.process.kill()  # nobody any more, and no harm
print(host.process.wait())
""")
    assert done.stdout.splitlines() == ["runs", "-9"], done.stderr


def test_one_that_somebody_else_has_reaped_has_ended():
    done = run("""
host = fork_host(echo)
host.control.close()
os.waitpid(host.process.pid, 0)
print(host.process.wait(10))
""")
    assert done.stdout.splitlines() == ["0"], done.stderr
