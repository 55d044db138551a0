"""What honest planners do keeps working with every layer on."""

import pytest

from skdecide_elm.evaluation.isolation import LAYERS

HONEST = {
    "numpy": """
import numpy as np
rng = np.random.default_rng(0)
a = rng.normal(size=(300, 300))
x = np.linalg.solve(a, a @ np.ones(300))
assert np.allclose(x, 1), x
assert np.linalg.svd(a, compute_uv=False).min() > 0
np.save('a.npy', a); assert (np.load('a.npy') == a).all()""",
    "networkx": """
import networkx as nx
assert nx.shortest_path(nx.grid_2d_graph(5, 5), (0, 0), (4, 4))[-1] == (4, 4)
assert nx.shortest_path(nx.path_graph(5, nx.DiGraph), 0, 4) == [0, 1, 2, 3, 4]""",
    "numba": """
import numba
@numba.njit
def total(n):
    s = 0
    for i in range(n):
        s += i * i
    return s
assert total(1000) == sum(i * i for i in range(1000))""",
    "late imports of the standard library": """
import ast, asyncio, bisect, calendar, colorsys, csv, dataclasses, decimal, difflib, fractions, functools, heapq, html
import itertools, json, logging, mailbox, multiprocessing, platform, plistlib, pprint, sqlite3, statistics, textwrap
import typing, unittest, uuid, xml.etree.ElementTree, zipfile, zoneinfo
assert sqlite3.connect(':memory:').execute('select 1').fetchone() == (1,)
assert platform.platform()
assert fractions.Fraction(1, 3) + fractions.Fraction(1, 6) == fractions.Fraction(1, 2)""",
    "late imports of packages": """
import scipy.optimize, scipy.sparse, pandas, yaml, gymnasium, skdecide.hub.space.gym
assert scipy.optimize.linprog([-1], [[1]], [3]).x[0] == 3
assert pandas.DataFrame({'a': [1, 2]}).a.sum() == 3""",
    "late imports of this package": "import skdecide_elm.environments, skdecide_elm.llm",
    "deepcopy and pickle": """
import copy, pickle
state = {'a': [1, {2, 3}], 'b': (4, [5])}
clone = copy.deepcopy(state); clone['a'][1].add(9)
assert state['a'][1] == {2, 3} and pickle.loads(pickle.dumps(clone)) == clone""",
    "inspect": """
import inspect, json, heapq
assert 'def dumps' in inspect.getsource(json.dumps)
assert inspect.getmodule(heapq.heappush) and str(inspect.signature(json.loads))""",
    "tracebacks": """
import traceback, json
try:
    json.loads('{')
except ValueError:
    assert 'obj, end = self.raw_decode(' in traceback.format_exc()""",
    "temporary files": """
import os, shutil, tempfile
with tempfile.TemporaryDirectory() as name:
    assert os.path.dirname(name) == os.getcwd(), name
    with open(os.path.join(name, 'notes'), 'w') as f:
        f.write('x' * 1000); f.truncate(10)
    os.makedirs(os.path.join(name, 'a/b')); os.rename(os.path.join(name, 'notes'), os.path.join(name, 'a/b/moved'))
    assert os.listdir(os.path.join(name, 'a/b')) == ['moved']
with tempfile.TemporaryFile() as f:
    f.write(b'1'); f.seek(0); assert f.read() == b'1'
assert os.listdir() == []""",
    "the machine": """
import multiprocessing, os, resource, time
assert os.cpu_count() >= 1 and len(os.sched_getaffinity(0)) >= 1 and multiprocessing.cpu_count() >= 1
assert open('/proc/cpuinfo').read() and 'VmRSS' in open('/proc/self/status').read()
assert open('/proc/self/maps').read() and open('/proc/meminfo').read()
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert time.localtime() and time.tzname""",
    "randomness and hashes": """
import hashlib, os, random, secrets, uuid
random.seed(1); a = random.random(); random.seed(1)
assert a == random.random() and len(os.urandom(8)) == 8 and secrets.token_hex(4) and uuid.uuid4() and uuid.uuid1()
assert hashlib.sha256(b'').hexdigest().startswith('e3b0') and hashlib.blake2b(b'').digest()
assert len(open('/dev/urandom', 'rb').read(4)) == 4; open('/dev/null', 'w').write('gone')""",
    "timers and signals to oneself": """
import os, signal, time
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append('alarm')); signal.setitimer(signal.ITIMER_REAL, 0.01)
time.sleep(0.05)
signal.signal(signal.SIGUSR1, lambda *_: seen.append('usr1'))
os.kill(os.getpid(), signal.SIGUSR1); signal.raise_signal(signal.SIGUSR1)
assert seen == ['alarm', 'usr1', 'usr1'], seen""",
    "coroutines without sockets": """
def generator():
    total = 0
    while True:
        total += yield total
g = generator(); next(g); assert [g.send(i) for i in range(4)] == [0, 1, 3, 6]""",
    "joblib": """
import warnings
warnings.simplefilter('ignore')  # that it has no semaphores and works serially
import joblib
assert joblib.cpu_count() >= 1 and joblib.hash([1, 2])""",
    "memory within the limit": "a = bytearray(2**26); a[::4096] = b'x' * len(a[::4096]); assert sum(a[::4096])",
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_program_runs(name, jail, folder):
    # numba's compiler maps much more than it uses
    outcome = jail.run(HONEST[name], folder, memory_limit_mb=8000, cpu_seconds=60)
    assert outcome.layers == LAYERS
    assert (outcome.output, outcome.status) == ("", 0)


THREADS = """
import threading
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(lambda x: x * x, range(10))) == [x * x for x in range(10)]
timer = threading.Timer(0.01, lambda: None); timer.start(); timer.join()
"""


def test_threads_run_where_they_are_allowed(jail, folder):
    outcome = jail.run(THREADS, folder, threads=True)
    assert (outcome.layers, outcome.output, outcome.status) == (LAYERS, "", 0)


def test_a_thread_that_is_not_allowed_is_a_clear_error(jail, folder):
    outcome = jail.run(THREADS, folder)
    assert outcome.output == "RuntimeError: can't start new thread\n"


def test_threads_are_confined_as_their_process_is(jail, folder):
    code = """
import os, threading
def attack():
    for act in (lambda: open('/etc/passwd'), os.fork, lambda: os.kill(os.getppid(), 0)):
        try:
            act()
            print('done')
        except OSError as error:
            print(type(error).__name__)
thread = threading.Thread(target=attack); thread.start(); thread.join()
"""
    assert jail.run(code, folder, threads=True).output == 3 * "PermissionError\n"


def test_more_can_be_made_readable(jail, base, folder):
    (base / "instances").mkdir(mode=0o755)
    (base / "instances" / "one.txt").write_text("12 tasks")
    code = f"print(open({str(base / 'instances' / 'one.txt')!r}).read())"
    assert "PermissionError" in jail.run(code, folder).output
    assert jail.run(code, folder, readable=[base / "instances"]).output == "12 tasks\n"
    assert "PermissionError" in jail.run(f"open({str(base / 'instances' / 'new')!r}, 'w')", folder).output


def test_without_files_nothing_is_opened(jail, folder):
    def run(code: str) -> str:
        return jail.run(code, folder, level="strict", files=False).output

    opens = "import json; print(json.dumps([2]))\nopen('x', 'w')"
    assert run(opens) == "[2]\nPermissionError: [Errno 1] Operation not permitted: 'x'\n"
    assert "Operation not permitted" in run("import mailcap")
