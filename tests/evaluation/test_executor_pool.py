"""Evaluations on somebody else's executor: the same scores, the same isolation, and no run is lost with a worker."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from corridor import WALKER, corridor_task, program
from processes import children

from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation import EvaluationPool, RolloutTask
from skdecide_elm.evaluation.executor_pool import ExecutorPool, open_pool

SPAWN = multiprocessing.get_context("spawn")


def executors() -> list[str]:
    names = ["threads", "processes"]
    try:
        import loky  # noqa: F401
    except ImportError:
        return names
    return [*names, "loky"]


def make(name: str, workers: int = 2) -> Executor:
    if name == "threads":
        return ThreadPoolExecutor(workers)
    if name == "processes":
        return ProcessPoolExecutor(workers, mp_context=SPAWN)
    import loky

    return loky.ProcessPoolExecutor(workers)


@pytest.mark.parametrize("name", executors())
def test_the_same_scores_on_every_executor(name):
    codes = [WALKER, program("return 'left'"), program("raise KeyError('x')"), program("import os; os._exit(3)")]
    with EvaluationPool(corridor_task(timeout=20), workers=1) as own:
        expected = [own.evaluate(code) for code in codes]
    with make(name) as executor, ExecutorPool(corridor_task(timeout=20), executor) as pool:
        assert pool.workers == 2
        found = [future.result(60) for future in [pool.submit(code) for code in codes * 2]]
    for evaluation, reference in zip(found, expected * 2, strict=True):
        assert evaluation.metrics == reference.metrics
        assert evaluation.artifacts.get("error") == reference.artifacts.get("error")


def test_threads_evaluate_at_the_same_time_and_are_left_alone():
    before = children()
    with ThreadPoolExecutor(2) as executor:
        with ExecutorPool(corridor_task(timeout=20), executor) as pool:
            for future in [pool.submit(WALKER) for _ in range(6)]:
                assert future.result().is_valid
            assert len(children() - before) == 2
        assert children() == before
        assert executor.submit(abs, -1).result() == 1


def where(_: object) -> int:
    return os.getpid()


@pytest.mark.skipif(sys.platform != "linux", reason="descendants are found by Linux's means")
def test_a_processs_pool_is_kept_and_ends_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    executor = ProcessPoolExecutor(1, mp_context=SPAWN)
    try:
        with ExecutorPool(corridor_task(timeout=20), executor) as pool:
            first, second = (_workers_below(executor) for _ in range(2) if pool.evaluate(WALKER).is_valid)
            assert first == second
            assert len(first) == 1
    finally:
        executor.shutdown()
    assert not any(Path(f"/proc/{pid}").exists() for pid in first)
    assert list(tmp_path.iterdir()) == []


def _workers_below(executor: ProcessPoolExecutor) -> list[str]:
    pid = executor.submit(where, None).result()
    return [child for entry in Path(f"/proc/{pid}/task").glob("*/children") for child in entry.read_text().split()]


def die(_: object) -> None:
    os._exit(1)


def test_a_broken_executor_does_not_lose_the_run(caplog):
    executor = ProcessPoolExecutor(1, mp_context=SPAWN)
    with ExecutorPool(corridor_task(timeout=20), executor) as pool:
        assert pool.evaluate(WALKER).is_valid
        executor.submit(die, None)
        futures = [pool.submit(WALKER) for _ in range(4)]
        assert [future.result(60).is_valid for future in futures] == [True] * 4
    executor.shutdown()
    assert "ProcessPoolExecutor (BrokenProcessPool(" in caplog.text
    assert "here, as all that follow" in caplog.text


class Unreliable(ThreadPoolExecutor):
    """Loses the jobs of these numbers, as a cluster loses workers."""

    def __init__(self, lost: set[int]) -> None:
        super().__init__(1)
        self.lost = lost
        self.number = 0

    def submit(self, function, /, *arguments):
        self.number += 1
        if self.number not in self.lost:
            return super().submit(function, *arguments)
        future: Future[object] = Future()
        future.set_exception(ConnectionError("the machine is gone"))
        return future


def test_a_lost_evaluation_is_tried_again_there(caplog):
    with Unreliable({2}) as executor, ExecutorPool(corridor_task(timeout=20), executor) as pool:
        assert all(pool.evaluate(WALKER).is_valid for _ in range(3))
        assert executor.number == 4
    assert caplog.text.count("It is made again") == 1


def test_an_executor_that_loses_everything_is_left_alone():
    with Unreliable(set(range(100))) as executor, ExecutorPool(corridor_task(timeout=20), executor) as pool:
        assert all(pool.evaluate(WALKER).is_valid for _ in range(4))
        assert executor.number == 3


def broken_factory():
    raise LookupError("no such instance: orlib/9")


def test_a_factory_that_raises_is_no_lost_worker(caplog):
    task = RolloutTask((broken_factory,), corridor_task().bridge)
    wrong = pytest.raises(EvaluationError, match="LookupError: no such instance: orlib/9")
    with ThreadPoolExecutor(1) as executor, ExecutorPool(task, executor) as pool, wrong:
        pool.evaluate(WALKER)
    assert caplog.text == ""


def test_closing_while_programs_run():
    before = children()
    with ThreadPoolExecutor(1) as executor:
        pool = ExecutorPool(corridor_task(timeout=1), executor)
        futures = [pool.submit(program("while True: pass")) for _ in range(2)]
        pool.close()
        for future in futures:
            with pytest.raises(EvaluationError, match="pool is closed"):
                future.result(timeout=0)
        with pytest.raises(EvaluationError, match="pool is closed"):
            pool.submit(WALKER)
    gc.collect()
    assert children() == before


def test_what_is_no_executor():
    with pytest.raises(ConfigError, match=r"an executor with submit\(\); found 'four'"):
        open_pool(corridor_task(), "four")
