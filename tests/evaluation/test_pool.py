"""The pool: what it needs, what it says when it cannot work, and that it leaves nothing behind."""

from __future__ import annotations

import gc
import os
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from corridor import WALKER, Corridor, corridor_task, program
from processes import children, read_line, relatives, start, until

from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation import EvaluationPool, RolloutTask

HERE = Path(__file__).parent
LOOP = program("while True: pass")
DEAF = program("re.match(r'(a+)+$', 'a' * 40 + 'b')", "import re")
MODES = ["forkserver", "single"]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files that is ours alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def workers_below(folder: Path) -> list[str]:
    return [command for command in relatives(folder) if "evaluation.worker" in command]


def output_of(script: str, folder: Path, **variables: str) -> str:
    process = start(folder, script, **variables)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    return out


# --- what it needs


def test_no_worker():
    with pytest.raises(ConfigError, match="at least 1 evaluation worker; found 0"):
        EvaluationPool(corridor_task(), workers=0)


def test_an_unknown_mode():
    with pytest.raises(ConfigError, match="'single', or 'forkserver'"):
        EvaluationPool(corridor_task(), mode="fork")


def test_a_factory_that_cannot_be_carried(temporary):
    lock = threading.Lock()
    task = RolloutTask((lambda: lock and Corridor(),), corridor_task().bridge)
    with pytest.raises(ConfigError, match=r"cannot pickle .*lock.* make them functions that build what they need"):
        EvaluationPool(task)
    assert list(temporary.iterdir()) == []


def test_a_closure_and_a_lambda_can_be_carried():
    length = 4
    task = corridor_task()
    closures = RolloutTask(
        (lambda: Corridor(length=length),), task.bridge, max_steps=lambda domain: 2 * length, timeout=20
    )
    with EvaluationPool(closures, workers=1) as pool:
        assert pool.evaluate(WALKER).metrics["cost"] == 3 * 4


def test_classes_of_a_script_or_a_notebook(tmp_path):
    script = """
        from enum import Enum
        from typing import NamedTuple
        from corridor import Corridor, corridor_task, program
        from skdecide.hub.space.gym import EnumSpace
        from skdecide_elm.evaluation import EvaluationPool, RolloutTask

        class Place(NamedTuple):
            n: int

        class Move(Enum):
            left = -1
            right = 1

        class Mine(Corridor):
            T_state = T_observation = Place
            T_event = Move
            def _get_action_space_(self): return EnumSpace(Move)
            def _get_initial_state_(self): return Place(0)
            def _get_next_state(self, memory, action): return Place(memory.n + action.value)
            def _is_terminal(self, state): return state.n >= 10
            def _is_goal(self, state): return state.n >= 10
            def _get_goals_(self): return None

        code = program("assert type(observation) is self.domain.T_state\\nreturn self.domain.T_event.right")
        with EvaluationPool(RolloutTask((Mine,), corridor_task().bridge, timeout=20), workers=1) as pool:
            print(list(pool.evaluate(code).artifacts), pool.evaluate(code).metrics["cost"])
    """
    assert output_of(script, tmp_path) == "['worst_episode'] 30.0\n"


def test_a_domain_of_a_module_in_the_folder(tmp_path):
    (tmp_path / "beside.py").write_text("from corridor import Corridor\nclass Mine(Corridor): pass\n")
    script = """
        import sys
        sys.path[0] = ""  # as in a notebook: the folder that one is in
        from beside import Mine
        from corridor import WALKER, corridor_task
        from skdecide_elm.evaluation import EvaluationPool, RolloutTask
        if __name__ == "__main__":
            with EvaluationPool(RolloutTask((Mine,), corridor_task().bridge, timeout=20), workers=1) as pool:
                print(pool.evaluate(WALKER).metrics["cost"])
    """
    assert float(output_of(script, tmp_path)) == 3 * 10


def broken_factory():
    raise LookupError("no such instance: orlib/9")


@pytest.mark.parametrize("mode", MODES)
def test_a_factory_that_raises(mode):
    with EvaluationPool(RolloutTask((broken_factory,), corridor_task().bridge), workers=1, mode=mode) as pool:
        for _ in range(2):
            with pytest.raises(EvaluationError) as caught:
                pool.evaluate(WALKER)
            assert "check that each domain factory works in a fresh Python process" in str(caught.value)
            assert 'raise LookupError("no such instance: orlib/9")' in str(caught.value)
            assert str(caught.value).rstrip().endswith("LookupError: no such instance: orlib/9")


def test_what_a_domain_prints_is_not_the_programs_output():
    def chatty():
        print("building", flush=True)
        os.write(1, b"still building\n")
        return Corridor()

    with EvaluationPool(RolloutTask((chatty,), corridor_task().bridge, timeout=20), workers=1) as pool:
        assert "output" not in pool.evaluate(WALKER).artifacts
        chatty_program = program("return 'right'", init="print('mine')")
        assert pool.evaluate(chatty_program).artifacts["output"] == "mine\n" * 3


def test_what_a_domain_prints_does_not_fill_the_disk(temporary):
    class Chatty(Corridor):
        def _get_next_state(self, memory, action):
            os.write(2, 200_000 * b"z")
            return super()._get_next_state(memory, action)

    with EvaluationPool(RolloutTask((Chatty,), corridor_task().bridge, timeout=20), workers=1) as pool:
        for _ in range(3):
            assert pool.evaluate(WALKER).is_valid  # 6 MB each
        pool.evaluate(WALKER)
        (written,) = temporary.glob("*/*/stderr.txt")
        assert until(lambda: written.stat().st_size < 2**20)


# --- the environment


def test_no_secret_reaches_a_program(tmp_path):
    script = """
        from corridor import corridor_task, program
        from skdecide_elm.evaluation import EvaluationPool
        look = '''
        for path in ("/proc/self/environ", f"/proc/{os.getppid()}/environ"):
            print(open(path).read().replace(chr(0), chr(10)))
        print(os.environ)
        '''
        with EvaluationPool(corridor_task(timeout=20), workers=1, mode="forkserver") as pool:
            print(pool.evaluate(program("return 'right'", "import os", look)).artifacts["output"])
    """
    out = output_of(script, tmp_path, OPENAI_API_KEY="sk-secret", PYTHON_KEY="sk-other", LANG="C.UTF-8")
    assert "PATH=" in out
    assert "LANG=C.UTF-8" in out
    assert "sk-" not in out


# --- closing


@pytest.mark.parametrize(("mode", "code"), [("forkserver", LOOP), ("single", DEAF)], ids=MODES)
def test_closing_while_programs_run(temporary, mode, code):
    before, threads = children(), threading.active_count()
    pool = EvaluationPool(corridor_task(timeout=60), workers=2, mode=mode)
    assert pool.evaluate(WALKER).is_valid
    futures = [pool.submit(code) for _ in range(6)]
    time.sleep(0.3)
    start = time.monotonic()
    pool.close()
    assert time.monotonic() - start < 2
    for future in futures:
        with pytest.raises(EvaluationError, match="pool is closed"):
            future.result(timeout=0)
    pool.close()
    with pytest.raises(EvaluationError, match="pool is closed"):
        pool.submit(WALKER)
    assert children() == before  # zombies are children, too
    assert list(temporary.iterdir()) == []
    assert until(lambda: threading.active_count() == threads)


def test_closing_while_workers_get_warm(temporary):
    before = children()
    pool = EvaluationPool(RolloutTask((lambda: time.sleep(60),), corridor_task().bridge), workers=2)
    future = pool.submit(WALKER)
    time.sleep(0.2)
    start = time.monotonic()
    pool.close()
    assert time.monotonic() - start < 2
    with pytest.raises(EvaluationError, match="pool is closed"):
        future.result(timeout=0)
    assert children() == before
    assert list(temporary.iterdir()) == []


def test_closing_from_several_threads():
    pool = EvaluationPool(corridor_task(), workers=1)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: pool.close(), range(3)))


def test_a_pool_that_is_forgotten(temporary):
    before = children()
    pool = EvaluationPool(corridor_task(timeout=20), workers=1)
    pool.evaluate(WALKER)
    del pool
    gc.collect()
    assert until(lambda: children() == before and list(temporary.iterdir()) == [])


def test_a_process_that_ends_without_closing(tmp_path):
    script = """
        from corridor import WALKER, corridor_task
        from skdecide_elm.evaluation import EvaluationPool
        pool = EvaluationPool(corridor_task(timeout=20), workers=1)
        print(pool.evaluate(WALKER).is_valid)
    """
    assert output_of(script, tmp_path) == "True\n"
    assert list((tmp_path / "tmp").iterdir()) == []
    assert workers_below(tmp_path) == []


@pytest.mark.parametrize(("mode", "code"), [("forkserver", "LOOP"), ("single", "DEAF")], ids=MODES)
def test_the_solvers_process_is_killed(tmp_path, mode, code):
    script = f"""
        import time
        from corridor import WALKER, corridor_task
        from test_pool import DEAF, LOOP
        from skdecide_elm.evaluation import EvaluationPool
        pool = EvaluationPool(corridor_task(timeout=30), workers=2, mode={mode!r})
        pool.evaluate(WALKER)
        futures = [pool.submit({code}) for _ in range(2)]
        time.sleep(0.3)
        print("running", flush=True)
        time.sleep(30)
    """
    process = start(tmp_path, script)
    assert read_line(process) == "running"
    assert len(workers_below(tmp_path)) >= 2
    process.kill()
    process.communicate()
    # a process that is still importing notices when it has done so
    assert until(lambda: workers_below(tmp_path) == [], 2.0 if mode == "forkserver" else 6.0)


# --- a long life


def test_300_evaluations_leave_the_process_as_it_was(temporary):
    programs = [WALKER, program("raise SystemExit"), program("import os; os._exit(1)")]
    with EvaluationPool(corridor_task(timeout=10), workers=2) as pool:
        for future in [pool.submit(code) for code in programs * 4]:
            future.result()
        assert until(lambda: len(list(temporary.glob("*/*/"))) == 2)  # the workers' own folders
        before = resources(temporary)
        for future in [pool.submit(code) for code in programs * 100]:
            future.result()
        assert until(lambda: resources(temporary) == before)


def resources(folder: Path) -> tuple[int, int, int, int]:
    files = sum(len(names) + len(folders) for _, folders, names in os.walk(folder))
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), len(children()), files


def test_a_worker_starts_when_none_is_free():
    before = children()
    with EvaluationPool(corridor_task(timeout=10), workers=2) as pool:
        assert all(pool.evaluate(WALKER).is_valid for _ in range(3))
        assert len(children() - before) == 1
        assert all(future.result().is_valid for future in [pool.submit(WALKER) for _ in range(3)])
        assert len(children() - before) == 2


def test_a_worker_that_was_killed_while_idle_is_replaced():
    before = children()
    with EvaluationPool(corridor_task(timeout=10), workers=1, mode="forkserver") as pool:
        pool.evaluate(WALKER)
        (worker,) = children() - before
        os.kill(worker, 9)
        time.sleep(0.1)
        assert pool.evaluate(WALKER).is_valid


def test_evaluations_from_many_threads_get_their_own_answers():
    codes = [program("return 'right'", init=f"print({n})") for n in range(40)]
    with EvaluationPool(corridor_task(timeout=10), workers=2) as pool, ThreadPoolExecutor(8) as threads:
        outputs = [evaluation.artifacts["output"] for evaluation in threads.map(pool.evaluate, codes)]
    assert outputs == [f"{n}\n" for n in range(40)]


def test_who_comes_first_is_served_first():
    codes = [program("return 'right'", init=f"print(__import__('time').monotonic(), {n})") for n in range(20)]
    with EvaluationPool(corridor_task(timeout=10), workers=1) as pool:
        futures = [pool.submit(code) for code in codes]
        assert futures[15].cancel()
        outputs = [future.result().artifacts["output"] for future in futures if not future.cancelled()]
    begun = [float(output.split()[0]) for output in outputs]
    assert len(begun) == 19
    assert begun == sorted(begun)
