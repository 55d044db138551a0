"""Programs that do what they must not, by name, each with what the evaluation must say of it.

The expectations are for programs that get through (the isolation ``process``); `REFUSED` says what becomes of those
that do not.
"""

from __future__ import annotations

from corridor import program

__all__ = ["FINE", "PROGRAMS"]

FINE = "fine"
"""Marks programs that come to their end: they get the score that they deserve."""

ENDED = "the program ended its process before it was evaluated"
GARBLED = "the program closed the channel of its evaluation, or wrote something else to it"


def once(body: str, top: str = "") -> str:
    """A program that does something before its first action, then walks on."""
    return program("return 'right'", f"import ctypes, os, re, signal, subprocess, sys, threading, time\n{top}", body)


def frame(answer: str) -> str:
    """A program that forges the answer to its first step."""
    write = """
        content = ANSWER
        for fd in range(3, 200):
            try:
                os.write(fd, len(content).to_bytes(4, 'big') + content)
            except OSError:
                pass
        return 'right'
    """
    return program(write.replace("ANSWER", answer), "import os")


HOSTILE: dict[str, tuple[str, str]] = {
    # exceptions that are not errors
    "system exit": (once("raise SystemExit(3)"), "SystemExit: 3"),
    "sys.exit at the top": (once("pass", "sys.exit('bye')"), "SystemExit: bye"),
    "keyboard interrupt": (once("raise KeyboardInterrupt"), "KeyboardInterrupt"),
    "generator exit": (once("raise GeneratorExit"), "GeneratorExit"),
    # the end of the process
    "os._exit": (once("os._exit(0)"), "exit code 0"),
    "abort": (once("os.abort()"), "SIGABRT"),
    "segmentation fault": (once("ctypes.string_at(0)"), "SIGSEGV"),
    "suicide": (once("os.kill(os.getpid(), signal.SIGKILL)"), "SIGKILL"),
    "exec": (once("os.execvp('sleep', ['sleep', '60'])"), GARBLED),
    # no end
    "loop": (once("while True: pass"), "TimeoutError"),
    "loop at the top": (once("pass", "while True: pass"), "TimeoutError"),
    "regex bomb": (once("re.match(r'(a+)+$', 'a' * 40 + 'b')"), "TimeoutError"),
    "sleep": (once("time.sleep(3600)"), "TimeoutError"),
    "stopped": (once("os.kill(os.getpid(), signal.SIGSTOP)"), "TimeoutError"),
    "swallows everything": (
        once("""
            while True:
                try:
                    time.sleep(0.01)
                    raise SystemExit
                except BaseException:
                    pass
        """),
        "TimeoutError",
    ),
    "deaf to signals": (
        once("for number in (1, 2, 3, 15, 24): signal.signal(number, signal.SIG_IGN)\nwhile True: pass"),
        "TimeoutError",
    ),
    # output
    "endless print": (once("while True: print('x' * 10_000)"), "File too large"),
    "endless os.write": (once("while True: os.write(1, b'x' * 100_000)"), "File too large"),
    "a lot of output": (once("print('x' * 1_000_000); os.write(2, b'y' * 1_000_000)"), FINE),
    # appetite
    "recursion": (once("self.__init__(domain)"), "RecursionError: maximum recursion depth exceeded"),
    "deep recursion": (once("sys.setrecursionlimit(10**9)\nself.__init__(domain)"), ""),
    "memory": (once("hoard = []\nwhile True: hoard.append(bytearray(10**6))"), "MemoryError"),
    "memory kept": (once("while True: HOARD.append([None] * 10_000)", "HOARD = []"), "MemoryError"),
    "memory at once": (once("bytearray(10**12)"), "MemoryError"),
    # what is left running
    "threads": (
        once("def stay():\n    while True: time.sleep(0.01)\nfor _ in range(3): threading.Thread(target=stay).start()"),
        FINE,
    ),
    "fork": (once("os.fork()"), FINE),
    # the channel to the other side
    "closes everything": (once("os.closerange(0, 1000)"), ENDED),
    "closes everything and stays": (once("os.closerange(0, 1000)\nwhile True: time.sleep(1)"), GARBLED),
    "garbage everywhere": (
        once("""
            for fd in range(3, 200):
                try:
                    os.write(fd, b'garbage, garbage, garbage')
                except OSError:
                    pass
        """),
        GARBLED,  # it begins with a length of 1.7 GB
    ),
    "endless frame": (
        once("""
            for fd in range(3, 200):
                try:
                    os.write(fd, (2**20).to_bytes(4, 'big'))
                except OSError:
                    pass
            time.sleep(60)
        """),
        "TimeoutError",
    ),
    "nonsense frames": (
        once("""
            for fd in range(3, 200):
                for text in (b'[' * 50_000, b'{"metrics": {"combined_score": 1}}', b'7', b'"failure"'):
                    try:
                        os.write(fd, len(text).to_bytes(4, 'big') + text)
                    except OSError:
                        pass
        """),
        "ActionError: expected the planner to be ready for the episode; found another answer",
    ),
    "empty frames": (
        program("for fd in range(3, 200):\n    try: os.write(fd, bytes(4000))\n    except OSError: pass", "import os"),
        "ActionError: expected an action; found another kind of answer",
    ),
    "an error report of 3 MB": (frame("b'E' + b'{\"error\": \"' + b'\\xc3\\xa9' * 1_500_000 + b'\"}'"), "ActionError"),
    "an error that is no text": (frame('b\'E{"error": [[7]], "traceback": {}}\''), "[[7]]"),
    "an index where none is due": (frame("b'I0'"), "ActionError: expected an action; found another kind of answer"),
    "an action of foreign classes": (
        frame('b\'A["object", 0, ["__class__", "os.system"]]\''),
        "ActionError: expected the number of one of 0 classes; found 0",
    ),
    "a pickle for an action": (frame("b'A' + __import__('pickle').dumps('right')"), "ActionError"),
    "no json": (once("import json\njson.dumps = None"), ENDED),
    # the working folder
    "fifo for output": (once("os.remove('output.txt')\nos.mkfifo('output.txt')"), FINE),
    "link for output": (once("os.remove('output.txt')\nos.symlink('/etc/passwd', 'output.txt')"), FINE),
    "removes the folder": (once("import shutil\nshutil.rmtree(os.getcwd())"), FINE),
    "deep folders": (
        once("""
            for _ in range(30):  # deeper than the longest path
                os.mkdir('d' * 200)
                os.chdir('d' * 200)
            open('file', 'w').close()
            os.chmod('.', 0)
        """),
        FINE,
    ),
}

EXCEPTIONS: dict[str, tuple[str, str]] = {
    # that cannot be carried to another process, or shown
    "unpicklable exception": (
        once("class Odd(Exception): pass\nerror = Odd('odd')\nerror.lock = threading.Lock()\nraise error"),
        "Odd: odd",
    ),
    "str raises": (
        once("class Odd(Exception):\n    def __str__(self): raise SystemExit\nraise Odd"),
        "Odd: (its message cannot be shown)",
    ),
    "repr raises": (
        once("class Odd:\n    def __repr__(self): raise SystemExit\nraise KeyError(Odd())"),
        "KeyError: (its message cannot be shown)",
    ),
    "name raises": (
        once(
            "class Meta(type):\n    @property\n    def __name__(cls): raise ValueError\n"
            "class Odd(Exception, metaclass=Meta): pass\nraise Odd('odd')"
        ),
        "an exception without a name: odd",
    ),
    "str of 30 MB": (
        once("class Odd(Exception):\n    def __str__(self): return 'z' * 30_000_000\nraise Odd"),
        "Odd: " + 500 * "z",
    ),
    "str of another class": (
        once(
            "class Text(str):\n    def __getitem__(self, at): return 7\n"
            "class Odd(Exception):\n    def __str__(self): return Text('odd')\nraise Odd"
        ),
        "Odd: odd",
    ),
    "lone surrogates": (once(r"raise ValueError('\ud800')"), "ValueError: \\ud800"),
    "traceback raises": (
        once("class Odd(Exception):\n    __traceback__ = property(lambda self: 1 / 0)\nraise Odd('odd')"),
        "Odd: odd",
    ),
}

PARENT: dict[str, tuple[str, str]] = {
    # in the mode `single` it is the referee
    "kills its parent": (once("os.kill(os.getppid(), 9)\ntime.sleep(60)"), "SIGKILL"),
    "stops its parent": (once("os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(60)"), "TimeoutError"),
}

ALL = HOSTILE | EXCEPTIONS | PARENT

REFUSED = {
    "exec": "PermissionError",
    "fork": "PermissionError",
    "threads": "RuntimeError: can't start new thread",
    "fifo for output": "PermissionError",
    "link for output": "PermissionError",
    "removes the folder": "PermissionError",
    "deep folders": "PermissionError",
    "kills its parent": "PermissionError",
    "stops its parent": "PermissionError",
}
"""What the isolation makes of programs that would get through without it."""

SINGLE = (
    "segmentation fault", "exec", "regex bomb", "a lot of output", "threads", "closes everything",
    "closes everything and stays", "garbage everywhere", "no json", "link for output", "removes the folder",
    "kills its parent", "stops its parent",
)  # fmt: skip
"""Where the mode may matter: each of these starts a process."""

PROGRAMS: dict[tuple[str, str], dict[str, tuple[str, str]]] = {
    ("forkserver", "process"): ALL,
    ("forkserver", "auto"): {name: (code, REFUSED.get(name, told)) for name, (code, told) in ALL.items()},
    ("single", "process"): {name: ALL[name] for name in SINGLE},
    ("single", "auto"): {
        name: (ALL[name][0], REFUSED.get(name, ALL[name][1]))
        for name in ("fork", "a lot of output", "segmentation fault", "stops its parent")
    },
}  # fmt: skip
"""By worker mode and isolation."""
