"""What a hostile planner tries against the score: one entry each, to be evaluated for real.

Most play honestly besides, so that their score is known exactly. One that finds what it must not see, or that finds
what an earlier program has left, prints a line starting with `BREACH`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from attacks.os_attacks import BREACH
from attacks.stages import MAX_STEPS, PATH, program

__all__ = ["CHEATS", "GROUPS", "MARK", "SECRET", "Cheat", "cheat_code", "probe_code"]

Group = Literal["cheat", "forge", "persist", "die", "hang", "exhaust"]
GROUPS: tuple[Group, ...] = ("cheat", "forge", "persist", "die", "hang", "exhaust")
Stage = Literal["maze", "doors", "slider"]

MARK = "skdecide_elm_attack_mark"
"""The name of whatever a program leaves behind."""

SECRET = "SKDECIDE_ELM_ATTACK_SECRET"
"""A variable in the environment of the process that holds the pool."""


@dataclass(frozen=True)
class Cheat:
    """One hostile program.

    Attributes:
        group: what it is after.
        top, init, act: what it does besides playing honestly; see `program`.
        outcome: ``honest``: it earns what its honest actions earn; ``invalid``: minus infinity; a list of names: what
            these actions earn.
        stage: where it plays.
        probe: statements of the next program's ``__init__``, which prints a `BREACH` if it finds what this one left.
    """

    group: Group
    top: str = "pass"
    init: str = "pass"
    act: str = "pass"
    outcome: Literal["honest", "invalid"] | tuple[str, ...] = "honest"
    stage: Stage = "maze"
    probe: str = ""


_PRELUDE = f"""
import gc, json, os, signal, struct, sys, time

def breach(detail):
    print({BREACH!r}, detail, flush=True)

def quietly(deed, *arguments):
    try:
        return deed(*arguments)
    except Exception:
        pass

def everywhere(*contents):
    for fd in range(3, 64):
        for content in contents:
            quietly(os.write, fd, content)

def frame(content):
    return struct.pack('>I', len(content)) + content
"""


def cheat_code(cheat: Cheat) -> str:
    """The whole program."""
    return program(cheat.stage, _PRELUDE + cheat.top.strip(), cheat.init, cheat.act)


def probe_code(cheat: Cheat) -> str:
    """The program that comes next and looks for what this one left."""
    return program(cheat.stage, _PRELUDE, cheat.probe)


# --- cheat: make the score something else than what the actions earn

_TRUSTED = (
    "RolloutTask", "ScriptTask", "Episode", "Position", "RemotePlanner", "PlannerHost", "WorkerProcess", "SpaceSender",
)  # fmt: skip

_CHEAT = {
    "patch_the_domain": """
from skdecide import EnvironmentOutcome, Value
from skdecide.hub.domain.maze import Maze
Maze.step = lambda self, action: EnvironmentOutcome(self._goal, Value(reward=1e9), True, None)
Maze._get_transition_value = lambda *arguments: Value(reward=1e9)
Maze._is_terminal = Maze.is_terminal = Maze.is_goal = lambda *arguments: True""",
    "patch_every_domain": """
import skdecide, skdecide.builders.domain as builders
skdecide.Domain.step = skdecide.Domain.reset = builders.Environment.step = lambda *arguments: 1 / 0
builders.Environment._step = lambda *arguments: 1 / 0
builders.Goals.is_goal = lambda *arguments: True""",
    "patch_value": """
import skdecide
skdecide.Value.cost = property(lambda self: -1e9)
skdecide.Value.reward = property(lambda self: 1e9)
skdecide.Value.__init__ = lambda self, **values: None""",
    "patch_outcomes": """
import skdecide, skdecide.core
for module in (skdecide, skdecide.core):
    for name in ('EnvironmentOutcome', 'TransitionOutcome', 'Value'):
        setattr(module, name, lambda *arguments, **values: None)""",
    "patch_the_evaluation": """
import importlib
lie = lambda *arguments, **values: 1e9
for name, members in {
    'score': 'score_episodes rankable', 'rollout': 'run_episode Episode', 'actions': 'check_action',
    'refereed': 'evaluate_with_referee', 'referee': 'deadline', 'messages': 'encode_evaluation encode_failure',
}.items():
    module = importlib.import_module('skdecide_elm.evaluation.' + name)
    for member in members.split():
        setattr(module, member, lie)
from skdecide_elm.core import Evaluation
Evaluation.__init__ = lie""",
    "patch_json": "json.loads = json.load = lambda *arguments, **values: {'metrics': {'combined_score': 1e9}}",
    "patch_pickle": """
import pickle, cloudpickle
pickle.dumps = cloudpickle.dumps = pickle.Pickler = lambda *arguments, **values: b'cos\\nsystem\\n(S"true"\\ntR.'""",
    "patch_numpy": "import numpy\nnumpy.asarray = numpy.array = numpy.isfinite = lambda *arguments, **values: 1e9",
    "patch_math": "import math\nmath.fsum = math.isfinite = lambda *arguments: -1e9",
    "patch_builtins": """
import builtins
for name in ('float', 'sum', 'min', 'max', 'abs', 'round', 'all', 'any', 'sorted', 'id', 'compile', 'open'):
    setattr(builtins, name, lambda *arguments, **values: -1e9)""",
    "empty_the_modules": """
for name in list(sys.modules):
    if name.split('.')[0] in ('skdecide_elm', 'math', 'random', 'pickle', 'json'):
        del sys.modules[name]""",
    "patch_the_clock": "time.monotonic = time.perf_counter = time.time = time.process_time = lambda: -1e9",
    "patch_seeds": """
import random, numpy
numpy.random.seed = random.seed = random.Random.seed = lambda *arguments: None
numpy.random.default_rng = lambda *arguments: None
random.random = lambda: 0.0""",
    "trace_every_call": """
def look(frame, event, argument):
    frame.f_locals.update(total=-1e9, cost=-1e9)
sys.setprofile(look)
sys.settrace(look)""",
    "hostile_output": """
class Hostile:
    def __getattr__(self, name): raise SystemExit
sys.stdout, sys.stderr, sys.__stdout__, sys.excepthook = Hostile(), None, None, Hostile()""",
}
_CHEAT_ONCE = {
    "walk_the_frames": f"""
frame_ = sys._getframe()
while frame_ is not None:
    for name, value in list(frame_.f_locals.items()):
        if type(value).__name__ in {_TRUSTED} or name in ('total', 'last_steps'):
            breach(name)
        if hasattr(value, '_memory'):
            value._memory = value._goal
    frame_ = frame_.f_back""",
    "inspect_the_stack": f"""
import inspect
for info in inspect.stack(0):
    for name, value in list(info.frame.f_locals.items()):
        if type(value).__name__ in {_TRUSTED}:
            breach(name)""",
    "walk_the_heap": f"""
from skdecide import Domain
for thing in gc.get_objects():
    if type(thing).__name__ in {_TRUSTED}:
        breach(type(thing))
    if issubclass(type(thing), Domain):
        thing.__dict__.update(_memory=getattr(thing, '_goal', None), _get_transition_value=lambda *a: 1 / 0)
        thing.step = thing.reset = lambda *arguments: 1 / 0""",
    "walk_the_referrers": f"""
pending, seen = [self.domain], set()
while pending and len(seen) < 20_000:
    thing = pending.pop()
    if id(thing) not in seen:
        seen.add(id(thing))
        if type(thing).__name__ in {_TRUSTED}:
            breach(type(thing))
        if isinstance(thing, dict) and 'reward' in thing:
            thing['reward'] = 1e9
        pending += [other for other in gc.get_referrers(thing) if other is not pending][:20]""",
    "move_the_goal": """
self.domain._goal = self.domain._start
self.domain._memory = self.domain._start
self.domain._maze = [[1] * 100] * 100""",
    "write_in_memory": """
import ctypes
for number in range(100, 257):  # the small integers, at their places in this process
    ctypes.c_uint32.from_address(id(number) + 24).value = 0""",
    "read_the_environment": f"""
for path in ('/proc/self/environ', f'/proc/{{os.getppid()}}/environ'):
    if {SECRET!r} in (quietly(lambda: open(path).read()) or ''):
        breach(path)
if {SECRET!r} in os.environ:
    breach('environ')""",
    "reseed_all": """
import random, numpy
random.seed(0); numpy.random.seed(0); random.setstate(random.getstate())
self.domain.seed = lambda *arguments: 1 / 0""",
    "no_more_init": "type(self).__init__ = lambda self, domain: None",
    "own_timer": """
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)""",
    "block_all_signals": "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))",
    "another_folder": "os.mkdir('deep'); os.chdir('deep'); os.umask(0o777)",
    "slow_collector": "gc.disable(); gc.freeze(); gc.set_threshold(1)",
    "threads_left": """
import threading
for _ in range(3):
    quietly(threading.Thread(target=time.sleep, args=(60,), daemon=False).start)""",
    "play_ahead": """
for _ in range(50):
    self.domain.reset()
    for name in MOVES:
        self.domain.step(Action[name])""",
}

_ANSWERS = {
    "int_subclass": "class Hostile(int): pass\nHOSTILE = Hostile(1)",
    "str_subclass": "class Hostile(str): pass\nHOSTILE = Hostile('right')",
    "name_of_the_action": "HOSTILE = 'right'",
    "number_of_the_action": "HOSTILE = 3",
    "another_enum": """
import enum
HOSTILE = enum.Enum('Action', {'up': 0, 'down': 1, 'left': 2, 'right': 3}).right""",
    "equal_to_everything": """
class Hostile:
    def __eq__(self, other): return True
    def __hash__(self): return hash(Action.right)
HOSTILE = Hostile()""",
    "runs_when_unpickled": """
class Hostile:
    def __reduce__(self): return (print, ('BREACH unpickled',))
HOSTILE = Hostile()""",
    "hostile_text": """
class Hostile:
    def __str__(self): raise SystemExit
    __repr__ = __format__ = __bool__ = __iter__ = __len__ = __str__
HOSTILE = Hostile()""",
    "lies_about_its_class": """
class Meta(type):
    def __eq__(cls, other): return True
    def __hash__(cls): return hash(Action)
class Hostile(metaclass=Meta):
    name = 'no such action'
    __class__ = Action
HOSTILE = Hostile()""",
    "nothing": "HOSTILE = None",
    "a_list_of_actions": "HOSTILE = [Action.down, Action.down]",
    "an_empty_list": "HOSTILE = []",
    "a_value": "from skdecide import Value\nHOSTILE = Value(reward=1e9)",
    "a_generator": "HOSTILE = (Action.down for _ in range(9))",
    "a_coroutine": "async def hostile(): return Action.down\nHOSTILE = hostile()",
    "a_cycle": "HOSTILE = []\nHOSTILE.append(HOSTILE)",
    "an_array_subclass": """
import numpy
class Hostile(numpy.ndarray):
    def tolist(self): return [['enum', 0, 'down']]
HOSTILE = numpy.zeros(1).view(Hostile)""",
    "not_a_number": "HOSTILE = float('nan')",
    "the_domain": "from skdecide.hub.domain.maze import Maze\nHOSTILE = Maze()",
}


# --- forge: write to the referee what no planner's side would


def _answer(content: str | bytes) -> str:
    """Once, before the honest answer: this content in a frame."""
    raw = content.encode() if isinstance(content, str) else content
    return f"if self.count == 1: everywhere(frame({raw!r}))"


_ENCODED = {
    "class_beyond": '["enum", 7, "down"]',
    "class_below": '["enum", -1, "down"]',
    "class_true": '["enum", true, "down"]',
    "class_text": '["enum", "0", "down"]',
    "class_fraction": '["enum", 0.0, "down"]',
    "no_member": '["enum", 0, "__class__"]',
    "map_of_members": '["enum", 0, "_member_map_"]',
    "enum_as_object": '["object", 0, ["_value_", 9]]',
    "enum_as_tuple": '["named", 0, 1]',
    "dunder_attribute": '["object", 0, ["__class__", 1]]',
    "nothing_in_it": "[]",
    "only_a_tag": '["enum"]',
    "tag_is_a_list": "[[[]]]",
    "an_object_of_json": '{"metrics": {"combined_score": 1e9}}',
    "not_a_number": "NaN",
    "infinity": "-Infinity",
    "too_big_a_number": "1e999",
    "digits": "9" * 5000,
    "deep": "[" * 100_000,
    "deep_and_well_formed": '["list", ' * 30 + "1" + "]" * 30,
    "array_of_objects": '["array", "O", [1], ["x"]]',
    "array_of_nan": '["array", "<f8", [1], [NaN]]',
    "array_of_arrays": '["array", "(9,9)f8", [1], [1]]',
    "array_of_odd_type": '["array", "(1 1)i8", [1], [1]]',
    "array_of_terabytes": '["array", "<i8", [1000000, 1000000], [1]]',
    "array_of_wide_text": '["array", "U999999999", [1], ["x"]]',
    "key_that_cannot_be": '["dict", [["list"], 1]]',
    "set_of_lists": '["set", ["list"]]',
    "lone_surrogate": '"\\ud800"',
    "not_utf_8": b"\xff\xfe\xfa",
    "zeros": bytes(100),
    "a_million_items": '["list"' + ',["enum",0,"down"]' * 150_000 + "]",
    "pickled": b"\x80\x04cposix\nsystem\n(S'true'\ntR.",
}
_FRAMES = {
    "index_where_none_was_asked": "I0",
    "ready_again": "R",
    "empty_frame": "",
    "unknown_kind": "Zzz",
    "failure_without_text": "E{}",
    "failure_cut_off": "E[[[",
    "failure_of_numbers": 'E{"error": 1e999, "traceback": {"a": [1]}}',
    "failure_with_surrogates": r'E{"error": "\ud800\u0000\u001b[31m", "traceback": "\udfff"}',
    "failure_of_a_megabyte": 'E{"error": "' + "x" * 1_000_000 + '", "traceback": "' + "y" * 1_000_000 + '"}',
    "failure_with_a_score": 'E{"error": "e", "traceback": "t", "metrics": {"combined_score": 1e9}, "kind": "died"}',
}
_NAMES = json.dumps(PATH)
_ALL_FRAMES = f"[frame(b'A' + json.dumps(['enum', 0, name]).encode()) for name in {_NAMES}]"

_FORGE = {
    "all_actions_at_once": Cheat("forge", act=f"if self.count == 1: everywhere(*{_ALL_FRAMES})"),
    "answers_before_asked": Cheat("forge", init=f"everywhere(frame(b'R'), *{_ALL_FRAMES})"),
    "actions_instead_of_ready": Cheat("forge", init=f"everywhere(*{_ALL_FRAMES})", outcome="invalid"),
    "answers_twice": Cheat(
        "forge",
        act="everywhere(frame(b'A' + json.dumps(['enum', 0, action.name]).encode()))",
        outcome=tuple(name for name in PATH for _ in range(2)),
    ),
    "length_of_four_gigabytes": Cheat("forge", act="everywhere(b'\\xff\\xff\\xff\\xff')", outcome="invalid"),
    "length_below_zero": Cheat("forge", act="everywhere(struct.pack('>i', -5) + b'A3')", outcome="invalid"),
    "half_a_header": Cheat("forge", act="everywhere(b'\\0\\0'); os._exit(0)", outcome="invalid"),
    "half_a_frame": Cheat("forge", act="everywhere(frame(b'A' + b'1' * 50)[:20]); os._exit(0)", outcome="invalid"),
    "frame_around_honest_ones": Cheat("forge", act="everywhere(struct.pack('>I', 20) + b'A')", outcome="invalid"),
    "statuses_of_the_host": Cheat(
        "forge", act="everywhere(struct.pack('>i', 0), b'S', b'K', b'W', b'ready')", outcome="invalid"
    ),
    "answers_of_the_worker": Cheat(
        "forge",
        act="""
            text = b'{"metrics": {"combined_score": 1e9}, "artifacts": {}}'
            everywhere(len(text).to_bytes(8, 'big') + text, frame(text))""",
        outcome="invalid",
    ),
    "own_encoder": Cheat(
        "forge",
        act="""
            from skdecide_elm.evaluation.codec import ActionCodec
            ActionCodec.encode = lambda self, action: b'["object", 0, ["_value_", -1000]]'""",
        outcome="invalid",
    ),
    "own_send": Cheat(
        "forge",
        top="from skdecide_elm.evaluation import channel\nchannel.Channel.send = lambda self, content: None",
        act="everywhere(frame(b'A' + json.dumps(['enum', 0, action.name]).encode()))",
        init="everywhere(frame(b'R'))",
    ),
    "descriptors_by_channel": Cheat(
        "forge",
        act="""
            import array, socket
            for fd in range(3, 64):
                quietly(lambda: socket.socket(fileno=os.dup(fd)).sendmsg([], [(1, 1, array.array('i', [0, 1, 2]))]))""",
    ),
}
_FORGED_INDICES = {
    "negative": "I-1", "beyond": "I2", "spaced": "I0 ", "signed": "I+1", "none": "I", "wide": "I" + "9" * 5000,
    "huge": "I999999999", "other_digits": "I\u0661", "inapplicable": 'A["enum", 0, "locked"]', "hex": "I0x1",
}  # fmt: skip
_BOX = {
    "nan": "numpy.array([numpy.nan, 1e9])",
    "infinite": "[float('inf'), 0.0]",
    "too_many": "numpy.ones(3)",
    "complex": "numpy.array([1j, 1e9])",
    "texts": "['1', '1']",
    "huge_integers": "[10**400, 1]",
    "lists_in_lists": "[[1, 1], 1]",
    "a_dict": "{0: 1e9}",
}

# --- persist: change what the next program meets

_PLACES = """
import site, sysconfig, tempfile, skdecide, skdecide_elm
places = [
    os.getcwd(), os.path.dirname(os.getcwd()), tempfile.gettempdir(), '/tmp', '/var/tmp', '/dev/shm',
    sysconfig.get_path('purelib'), site.getusersitepackages(), os.path.expanduser('~'),
    os.path.dirname(skdecide_elm.__file__), os.path.dirname(skdecide.__file__), os.path.dirname(os.__file__),
    os.path.dirname(skdecide_elm.__file__) + '/evaluation/__pycache__', *sys.path,
]
"""

_PERSIST = {
    "files_everywhere": (
        f"{_PLACES}\nfor place in places: quietly(lambda: open(f'{{place}}/{MARK}.py', 'w').close())",
        f"{_PLACES}\nfor place in places:\n    if os.path.exists(f'{{place}}/{MARK}.py'): breach(place)",
    ),
    "startup_files": (
        f"""{_PLACES}
for place in places:
    for name in ('{MARK}.pth', '{MARK}_customize.py', '.{MARK}.pyc'):
        quietly(lambda: open(f'{{place}}/{{name}}', 'w').write('import os'))""",
        f"{_PLACES}\nfor place in places:\n    if os.path.exists(f'{{place}}/{MARK}.pth'): breach(place)",
    ),
    "compiled_module": (
        """
import skdecide.hub.domain.maze.maze as maze
quietly(lambda: [open(maze.__cached__, 'ab').close(), breach('it may be written')])
quietly(lambda: [os.rename(maze.__cached__, maze.__cached__), breach('it may be replaced')])""",
        "pass",
    ),
    "modules": (
        f"import builtins, numpy, json\nsys.modules['{MARK}'] = json\nbuiltins.{MARK} = numpy.{MARK} = 1",
        f"""
import builtins, numpy
if '{MARK}' in sys.modules or hasattr(builtins, '{MARK}') or hasattr(numpy, '{MARK}'): breach('module')""",
    ),
    "class_of_the_domain": (
        f"type(domain).{MARK} = 1; domain.{MARK} = 1",
        f"if hasattr(type(domain), '{MARK}') or hasattr(domain, '{MARK}'): breach('class')",
    ),
    "environment": (
        f"os.environ['{MARK}'] = os.environ['PYTHONSTARTUP'] = '1'; os.putenv('{MARK}', '1')",
        f"if '{MARK}' in os.environ: breach('environment')",
    ),
    "process_settings": (
        "os.umask(0o123); quietly(os.nice, 19); sys.setrecursionlimit(12_345); signal.signal(signal.SIGUSR1, print)",
        """
if sys.getrecursionlimit() == 12_345: breach('recursion limit')
if os.umask(0o22) == 0o123: breach('umask')
if os.getpriority(os.PRIO_PROCESS, 0) == 19: breach('niceness')
if signal.getsignal(signal.SIGUSR1) is print: breach('signal handler')""",
    ),
    "shared_memory": (
        """
import ctypes
libc = ctypes.CDLL(None)
libc.shmget(0x5eed, 4096, 0o1600); libc.msgget(0x5eed, 0o1600)""",
        """
import ctypes
if ctypes.CDLL(None).shmget(0x5eed, 4096, 0o600) != -1: breach('segment')""",
    ),
    "locks": (
        """
import fcntl, skdecide_elm
lock = self.lock = open(skdecide_elm.__file__)
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)""",
        """
import fcntl, skdecide_elm
try:
    fcntl.flock(open(skdecide_elm.__file__), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    breach('lock')""",
    ),
    "random_state": (
        "import random\nrandom.seed(1); random.gauss(0, 1); random.Random.getrandbits = None",
        "import random\nif random.Random.getrandbits is None: breach('class')",
    ),
    "output_of_the_next": (
        f"quietly(lambda: [open(f'../{{name}}/output.txt', 'a').write('{MARK}') for name in os.listdir('..')])",
        f"if '{MARK}' in open('output.txt').read(): breach('output')",
    ),
}

# --- die: end without an answer, or with an odd last word

_DIE = {
    "exit": "os._exit(0)",
    "exit_with_a_lie": """
everywhere(frame(b'A["enum", 0, "%s"]' % action.name.encode()))
os._exit(0)""",
    "abort": "os.abort()",
    "segmentation_fault": "import ctypes; ctypes.string_at(0)",
    "kill_itself": "os.kill(os.getpid(), signal.SIGKILL)",
    "system_exit": "raise SystemExit(0)",
    "interrupt": "raise KeyboardInterrupt",
    "generator_exit": "raise GeneratorExit",
    "stop_iteration": "raise StopIteration",
    "hostile_exception": """
class Hostile(BaseException):
    def __str__(self): raise SystemExit
    __repr__ = __str__
    __traceback__ = __cause__ = property(lambda self: 1 / 0)
raise Hostile""",
    "long_exception": "raise ValueError('\\ud800' + 'x' * 50_000_000)",
    "cyclic_exception": """
error = ValueError('cycle')
error.__cause__ = error.__context__ = error
raise error""",
    "group_of_exceptions": """
error = ValueError('deep')
for _ in range(1000):
    error = type('ExceptionGroup', (Exception,), {'exceptions': [error]})()
raise error""",
    "close_all": "os.closerange(0, 1000)",
    "point_all_at_null": """
nothing = os.open(os.devnull, os.O_RDWR)
for fd in range(64):
    if fd != nothing: quietly(os.dup2, nothing, fd)""",
    "shuffle_descriptors": """
for fd in range(3, 20):
    quietly(os.dup2, 1, fd)""",
    "fault_handler_writes_to_all": """
import faulthandler
for fd in range(3, 64):
    quietly(lambda: faulthandler.dump_traceback(fd))""",
    "fault_handler_exits": "import faulthandler; faulthandler.dump_traceback_later(0.001, exit=True); time.sleep(1)",
    "own_timer_kills": "signal.setitimer(signal.ITIMER_REAL, 0.001); time.sleep(1)",
    "terminated": "os.kill(os.getpid(), signal.SIGTERM); time.sleep(1)",
    "another_program": "os.execv('/bin/sleep', ['sleep', '60'])",
    "no_planner": "del type(self).sample_action; type(self).sample_action = None",
    "json_gone": "json.dumps = None",
    "builtins_gone": "import builtins; builtins.__dict__.clear()",
}

# --- hang: each lasts until the time limit

_HANG = {
    "loop": "while True: pass",
    "half_a_frame_and_sleep": "everywhere(frame(b'A' * 50)[:20]); time.sleep(60)",
    "regex_bomb": "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')",
    "swallow_everything": """
for number in range(1, 64): quietly(signal.signal, number, signal.SIG_IGN)
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass""",
    "stop_itself": "os.kill(os.getpid(), signal.SIGSTOP)",
}

# --- exhaust

_EXHAUST = {
    "memory": "hoard = []\nwhile True: hoard.append(bytearray(10**6))",
    "memory_at_once": "bytearray(10**12)",
    "recursion": "self.sample_action(observation)",
    "deep_recursion": "sys.setrecursionlimit(10**9); f = lambda: f(); f()",
    "output": "while True: os.write(1, b'x' * 100_000)",
    "deep_answer": "action = []\nfor _ in range(1000): action = [action]",
    "wide_answer": "action = [action] * 1_000_000",
    "long_text": "action = 'x' * 20_000_000",
    "long_number": "action = 1 << 10_000_000",
    "endless_frames": "while True: everywhere(frame(b'A' + b'1' * 60_000))",
}
_EXHAUST_HONESTLY = {
    "output_in_bounds": "print('x' * 100_000)",
    "descriptors": "self.pipes = [quietly(os.pipe) for _ in range(2000)]",
    "processes": "for _ in range(100): quietly(os.fork)",
    "files": "for number in range(200): open(f'file{number}', 'w').write('x' * 1000)",
    "folders": """
top = os.getcwd()
for _ in range(60):
    os.mkdir('d' * 200)
    os.chdir('d' * 200)
quietly(os.chmod, '.', 0)""",
}


def _once(deed: str) -> str:
    return "if self.count == 1:\n" + "\n".join("    " + line for line in deed.strip().splitlines())


def _doors(act: str) -> Cheat:
    return Cheat("forge", act=act, outcome="invalid", stage="doors")


CHEATS: dict[str, Cheat] = {
    **{name: Cheat("cheat", top=deed) for name, deed in _CHEAT.items()},
    **{f"{name}_late": Cheat("cheat", act=_once(deed)) for name, deed in _CHEAT.items() if name != "trace_every_call"},
    **{name: Cheat("cheat", init=deed) for name, deed in _CHEAT_ONCE.items()},
    "audit_every_event": Cheat(
        "cheat", top="sys.addaudithook(lambda event, _: event == 'pickle.find_class' and 1 / 0)", outcome="invalid"
    ),
    "patch_json_writer": Cheat("cheat", top="json.dumps = lambda *a: '{\"combined_score\": 1e9}'", outcome="invalid"),
    **{
        f"answer_{name}": Cheat("cheat", top=deed, act="if self.count > 3: action = HOSTILE", outcome="invalid")
        for name, deed in _ANSWERS.items()
    },
    "answer_equal_to_every_door": Cheat(
        "cheat",
        act="action = type('Hostile', (), {'__eq__': lambda *two: True, '__hash__': lambda one: 0})()",
        stage="doors",
    ),
    "answer_no_door": Cheat("cheat", act="action = None", outcome="invalid", stage="doors"),
    "answer_locked_door": Cheat("cheat", act="action = type(action).locked", outcome="invalid", stage="doors"),
    **_FORGE,
    **{f"forge_{name}": Cheat("forge", act=_answer(text), outcome="invalid") for name, text in _FRAMES.items()},
    **{
        f"encode_{name}": Cheat(
            "forge", act=_answer(b"A" + (text.encode() if isinstance(text, str) else text)), outcome="invalid"
        )
        for name, text in _ENCODED.items()
    },
    **{f"index_{name}": _doors(_answer(text)) for name, text in _FORGED_INDICES.items()},
    **{
        f"box_{name}": Cheat("forge", act=f"action = {text}", outcome="invalid", stage="slider")
        for name, text in _BOX.items()
    },
    **{f"leave_{name}": Cheat("persist", init=deed, probe=probe) for name, (deed, probe) in _PERSIST.items()},
    **{f"die_by_{name}": Cheat("die", act=_once(deed), outcome="invalid") for name, deed in _DIE.items()},
    "die_at_the_top": Cheat("die", top="os._exit(0)", outcome="invalid"),
    "die_at_the_start": Cheat("die", init="sys.exit('bye')", outcome="invalid"),
    **{f"hang_by_{name}": Cheat("hang", act=_once(deed), outcome="invalid") for name, deed in _HANG.items()},
    **{f"exhaust_by_{name}": Cheat("exhaust", act=_once(deed), outcome="invalid") for name, deed in _EXHAUST.items()},
    **{f"exhaust_by_{name}": Cheat("exhaust", act=_once(deed)) for name, deed in _EXHAUST_HONESTLY.items()},
    "flood_of_walls": Cheat(
        "exhaust",
        act='everywhere(*[frame(b\'A["enum", 0, "up"]\')] * 500)',
        outcome=("up",) * MAX_STEPS,
    ),
}
"""By name; the suite says what each must come to."""
