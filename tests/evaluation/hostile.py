"""Programs that do what they must not, by name, each with what the evaluation must say of it."""

from __future__ import annotations

from corridor import program

__all__ = ["FINE", "FORKSERVER", "SINGLE"]

FINE = "fine"
"""Marks programs that come to their end: they get the score that they deserve."""


def once(body: str, top: str = "") -> str:
    """A program that does something before its first action, then walks on."""
    return program("return 'right'", f"import ctypes, os, re, signal, subprocess, sys, threading, time\n{top}", body)


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
    "exec": (once("os.execvp('sleep', ['sleep', '60'])"), "TimeoutError"),
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
    "memory to the last byte": (
        once(
            """
            for size in (10**6, 10**4, 1000, 100, 10):
                try:
                    while True: HOARD.append(bytearray(size))
                except MemoryError:
                    pass
            raise MemoryError
            """,
            "HOARD = []",
        ),
        "MemoryError",
    ),
    "memory at once": (once("bytearray(10**12)"), "MemoryError"),
    # what is left running
    "threads": (
        once("def spin():\n    while True: pass\nfor _ in range(3): threading.Thread(target=spin).start()"),
        FINE,
    ),
    "fork": (once("os.fork()"), FINE),
    # the channel to the other side
    "closes everything": (once("os.closerange(0, 1000)"), "the program ended its process"),
    "closes everything and stays": (once("os.closerange(0, 1000)\nwhile True: time.sleep(1)"), "TimeoutError"),
    "garbage everywhere": (
        once("""
            for fd in range(3, 200):
                try:
                    os.write(fd, b'garbage, garbage, garbage')
                except OSError:
                    pass
        """),
        "the program wrote something else",
    ),
    "endless frame": (
        once("""
            for fd in range(3, 200):
                try:
                    os.write(fd, (2**20).to_bytes(8, 'big'))
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
                        os.write(fd, len(text).to_bytes(8, 'big') + text)
                    except OSError:
                        pass
        """),
        "the program wrote something else",
    ),
    "no json": (once("import json\njson.dumps = None"), "the program ended its process"),
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
    "str of 100 MB": (
        once("class Odd(Exception):\n    def __str__(self): return 'z' * 100_000_000\nraise Odd"),
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
    # a process of the mode `single` is a child of the solver itself
    "kills its parent": (once("os.kill(os.getppid(), 9)\ntime.sleep(60)"), "SIGKILL"),
    "stops its parent": (once("os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(60)"), "TimeoutError"),
}

FORKSERVER = HOSTILE | EXCEPTIONS | PARENT

SINGLE = {
    name: HOSTILE[name]
    for name in (
        "system exit",
        "os._exit",
        "segmentation fault",
        "loop",
        "regex bomb",
        "endless print",
        "a lot of output",
        "memory kept",
        "threads",
        "closes everything",
        "closes everything and stays",
        "garbage everywhere",
        "link for output",
    )
}
"""Where the mode may matter: each of these starts a process."""
