"""An untrusted planner that a user's own script calls: what goes over, what comes back, and what it cannot do."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skdecide import EnumerableSpace
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.maze.maze import Action
from skdecide.hub.space.gym import ListSpace

from skdecide_elm import PlannerOptions, isolated_planner
from skdecide_elm.errors import ConfigError, ProgramError
from skdecide_elm.evaluation.isolated_planner import IsolatedPlanner
from skdecide_elm.evaluation.referee import PlannerFailed

Open = Callable[..., AbstractContextManager[IsolatedPlanner]]


linux = pytest.mark.skipif(sys.platform != "linux", reason="the layers that hold this are Linux's")


class Gear(Enum):
    low = "l"
    high = "h"


class Rank(IntEnum):
    first = 1


@dataclass(frozen=True)
class Order:
    gear: Any
    amount: Any


class Grid(EnumerableSpace):
    """A space that cannot be pickled."""

    def __init__(self, elements: list[Any]) -> None:
        self.elements = elements
        self.lock = threading.Lock()

    def get_elements(self) -> list[Any]:
        return self.elements

    def contains(self, x: Any) -> bool:
        return x in self.elements


@pytest.fixture
def planner(tmp_path) -> Open:
    """Open a planner whose `sample_action` has the body given."""

    def open_planner(body: str, options: PlannerOptions | None = None, /, top: str = "", init: str = "", **kwargs: Any):
        path = tmp_path / "program.py"
        path.write_text(
            f"{top}\nclass Planner:\n    def __init__(self, **kwargs):\n        self.kwargs = kwargs\n        {init}\n"
            f"    def sample_action(self, observation, *applicable):\n        {body}\n"
        )
        return isolated_planner(path, options, **kwargs)

    return open_planner


# --- what goes over and comes back


@pytest.mark.parametrize(
    "value", [None, True, 3, 2.5, "word", [1, [2]], (1, "a"), {"a": 1, 2: [3]}, {1, 2}, np.array([[1.5, 2]])]
)
def test_plain_values_and_arrays_come_back(planner, value):
    with planner("return observation") as isolated:
        found = isolated.sample_action(value)
    assert type(found) is type(value)
    assert np.array_equal(found, value) if isinstance(value, np.ndarray) else found == value


def test_classes_that_are_named_come_back(planner):
    value = [Gear.low, Rank.first, Order(Gear.high, np.float64(2))]
    with planner("return observation", PlannerOptions(action_types=(Gear, Rank, Order))) as isolated:
        assert isolated.sample_action(value) == value
    with planner("return observation") as isolated, pytest.raises(ProgramError, match="found a Gear"):
        isolated.sample_action(value)


def test_the_actions_of_a_domain_among_the_arguments_need_no_name(planner):
    with planner("return self.kwargs['domain'].get_action_space().get_elements()[0]", domain=Maze()) as isolated:
        assert isinstance(isolated.sample_action(None), Action)


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_an_element_of_a_list_comes_back(planner, kind):
    with planner("return sorted(applicable[0])[-1]") as isolated:
        assert isolated.sample_action(None, kind([4, 9, 2])) == 9


def test_the_very_object_comes_back_also_if_the_planner_sorts(planner):
    elements = [Order(Gear.low, 3), Order(Gear.high, 1)]
    with planner("applicable[0].sort(key=lambda order: order.amount); return applicable[0][0]") as isolated:
        assert isolated.sample_action(None, elements) is elements[1]


def test_an_element_that_is_not_there(planner):
    with planner("return 5") as isolated, pytest.raises(ProgramError, match="expected one of the 2 applicable actions"):
        isolated.sample_action(None, [1, 2])


@linux
def test_an_action_that_is_forged_is_checked_too(planner):
    body = """
        import os, struct
        for fd in range(3, 20):
            try:
                os.write(fd, struct.pack('>I', 2) + b'A5')
            except OSError:
                pass
        os._exit(0)
    """
    with planner(body) as isolated, pytest.raises(ProgramError, match="expected an applicable action; found 5"):
        isolated.sample_action(None, [1, 2])


@pytest.mark.parametrize("space", [ListSpace([3, 4]), Grid([3, 4])], ids=["sent", "listed"])
def test_a_space_goes_over_and_is_checked(planner, space):
    body = "return observation or applicable[0].get_elements()[-1]"
    with planner(body) as isolated:
        assert isolated.sample_action(None, space) == 4
        with pytest.raises(ProgramError, match="applicable action"):
            isolated.sample_action(7, space)


def test_applicable_actions_of_another_kind(planner):
    with planner("return 0") as isolated, pytest.raises(ConfigError, match="list, tuple, array or space; found a int"):
        isolated.sample_action(None, 3)


def test_what_comes_back_is_never_unpickled(planner, tmp_path):
    marker = tmp_path / "executed"
    body = "return type('Bomb', (), {'__reduce__': lambda self: (open, (" + repr(str(marker)) + ", 'w'))})()"
    with planner(body) as isolated, pytest.raises(ProgramError, match="found a Bomb"):
        isolated.sample_action(None)
    assert not marker.exists()


# --- episodes


def test_a_reset_makes_a_fresh_planner_with_fresh_arguments(planner):
    body = "self.kwargs['seen'].append(observation); return self.kwargs['seen']"
    with planner(body, seen=[]) as isolated:
        assert [isolated.sample_action(n) for n in range(2)] == [[0], [0, 1]]
        isolated.reset()
        assert isolated.sample_action(5) == [5]


def test_the_seed_fixes_the_planners_luck(planner):
    found = []
    with planner("return [random.random(), np.random.random()]", top="import random\nimport numpy as np") as isolated:
        for seed in (1, 2, 1):
            isolated.reset(seed)
            found.append(isolated.sample_action(None))
    assert found[0] == found[2] != found[1]


def test_each_block_has_a_process_of_its_own(planner):
    body = "import builtins; builtins.seen = getattr(builtins, 'seen', 0) + 1; return builtins.seen"
    for _ in range(3):
        with planner(body) as isolated:
            assert isolated.sample_action(None) == 1


def test_two_at_a_time_and_in_threads(planner, tmp_path):
    with planner("return self.kwargs['n']", n=1) as one, planner("return self.kwargs['n']", n=2) as two:
        assert [one.sample_action(None), two.sample_action(None), one.sample_action(None)] == [1, 2, 1]

    def play(n: int) -> int:
        with isolated_planner(tmp_path / "program.py", n=n) as isolated:
            return isolated.sample_action(None)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(play, range(8))) == list(range(8))


# --- what goes wrong


def test_a_failure_shows_the_programs_lines(planner):
    with planner("return 1 / observation") as isolated:
        assert isolated.sample_action(2) == 0.5
        for _ in range(2):  # it stays so
            with pytest.raises(PlannerFailed, match="ZeroDivisionError: division by zero") as caught:
                isolated.sample_action(0)
    assert '  File "<program>", line 7, in sample_action\n    return 1 / observation\n' in caught.value.trace


def test_a_program_that_cannot_be_loaded(planner):
    with planner("return 0", top="import nothing_of_the_kind") as isolated, pytest.raises(ProgramError) as caught:
        isolated.reset()
    assert str(caught.value) == "ModuleNotFoundError: No module named 'nothing_of_the_kind'"


def test_a_program_that_ends_its_process(planner):
    with planner("import os; os._exit(3)") as isolated, pytest.raises(ProgramError, match=r"\(exit code 3\)"):
        isolated.sample_action(None)


@pytest.mark.parametrize("options", [PlannerOptions(seconds=0.5), PlannerOptions(call_seconds=0.5)])
def test_a_program_that_hangs(planner, options):
    body = "exec('while observation: pass'); return 1"
    with planner(body, options) as isolated:
        assert isolated.sample_action(0) == 1
        with pytest.raises(PlannerFailed, match=r"TimeoutError: sample_action did not end within 0.5 s") as caught:
            isolated.sample_action(1)
    if sys.platform == "linux":
        assert "exec('while observation: pass'); return 1" in caught.value.trace


def test_a_call_limit_is_for_each_call(planner):
    with planner("import time; time.sleep(0.3); return 1", PlannerOptions(call_seconds=0.6)) as isolated:
        assert [isolated.sample_action(None) for _ in range(4)] == [1] * 4


def test_settings_that_cannot_work():
    with pytest.raises(ConfigError, match="call_seconds to be more than 0"):
        PlannerOptions(call_seconds=0)


def test_what_it_prints_comes_out_at_the_end(planner, capfd):
    with planner("print('thinking', chr(27) + '[2J'); return 1") as isolated:
        isolated.sample_action(None)
    assert capfd.readouterr().out == "thinking \\x1b[2J\n"


# --- what it cannot do


@linux
@pytest.mark.parametrize(
    "deed",
    ["open('/etc/passwd').read()", "__import__('socket').socket()", "__import__('os').fork()", "open('/tmp/x', 'w')"],
)
def test_it_is_confined(planner, deed):
    with planner(f"return {deed}") as isolated, pytest.raises(PlannerFailed, match=r"PermissionError|BlockingIOError"):
        isolated.sample_action(None)


@linux
def test_no_secret_is_in_its_process_nor_in_its_parents(planner, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    top = """
import os
def read(pid):
    try:
        return open(f"/proc/{pid}/environ").read()
    except PermissionError:
        return ""
"""
    body = "return [dict(os.environ), read('self'), read(os.getppid())]"
    with planner(body, PlannerOptions(isolation="process"), top=top) as isolated:
        found = str(isolated.sample_action(None))
    assert "PATH" in found
    assert "sk-secret" not in found


@linux
def test_nothing_is_left(planner, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    top = "import subprocess, sys"
    body = "return subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True).pid"
    with planner(body, PlannerOptions(isolation="process"), top=top) as isolated:
        pid = isolated.sample_action(None)
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


@linux
def test_descriptors_do_not_pile_up(planner):
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    bodies = ["return 1", "1 / 0", "import os; os._exit(1)"]
    counts = []
    for _ in range(4):
        for body in bodies:
            with planner(body) as isolated:
                try:
                    isolated.sample_action(None)
                except ProgramError:
                    assert body != "return 1"
        counts.append(count())
    assert counts[1:] == counts[:1] * 3


@linux
def test_the_warm_process_is_replaced_when_it_is_lost(planner):
    from skdecide_elm.evaluation import warm_host

    with planner("return 1") as isolated:
        isolated.sample_action(None)
    warm_host._idle.clear()
    os.kill(warm_host.start_warm_host(), 9)
    with planner("return 1") as isolated:
        assert isolated.sample_action(None) == 1


def test_a_fresh_process_for_each_planner(planner):
    """As on systems where a process that holds libraries cannot be forked."""
    with planner("return [observation, self.kwargs['n']]", PlannerOptions(mode="single"), n=1) as isolated:
        assert isolated.sample_action(2) == [2, 1]
    hangs = planner("while True: pass", PlannerOptions(mode="single", seconds=0.5))
    with hangs as isolated, pytest.raises(ProgramError, match="TimeoutError"):
        isolated.sample_action(None)
