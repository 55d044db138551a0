"""Cores for workers: one each as far as they go, also across processes."""

import os
import subprocess
import sys

import pytest
from corridor import corridor_task

from skdecide_elm.evaluation.cores import ClaimedCore
from skdecide_elm.evaluation.pool import EvaluationPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cores are claimed on Linux")

CLAIM = """
import os
os.getuid = lambda: {name!r}
from skdecide_elm.evaluation.cores import ClaimedCore
print(ClaimedCore().number)
"""


def claimed_elsewhere(name):
    command = [sys.executable, "-c", CLAIM.format(name=name)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.fixture
def own_names(monkeypatch):
    """Claims that nobody else makes."""
    name = f"test_{os.getpid()}"
    monkeypatch.setattr(os, "getuid", lambda: name)
    return name


@pytest.fixture
def all_cores(own_names):
    """As many claims as this process has cores."""
    claims = [ClaimedCore() for _ in os.sched_getaffinity(0)]
    yield claims
    for claim in claims:
        claim.release()


def test_each_gets_one_of_its_own(all_cores):
    assert {claim.number for claim in all_cores} == os.sched_getaffinity(0)


def test_then_each_core_has_as_many_as_the_others(all_cores):
    more = [ClaimedCore() for _ in range(2 * len(all_cores))]
    assert sorted(claim.number for claim in more) == sorted(2 * list(os.sched_getaffinity(0)))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
def test_of_two_cores_the_one_that_the_pool_has_not_yet(all_cores):
    first, second, *_ = sorted(os.sched_getaffinity(0))
    assert ClaimedCore([first]).number == second


def test_processes_share_out_the_cores_too(own_names, all_cores):
    mine = ClaimedCore()
    assert (claimed_elsewhere(own_names) == mine.number) == (len(all_cores) == 1)


def test_what_was_released_is_taken_again(all_cores):
    all_cores[-1].release()
    assert ClaimedCore().number == all_cores[-1].number


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
def test_another_process_takes_another_core_until_this_one_releases_it(own_names):
    mine = ClaimedCore()
    assert claimed_elsewhere(own_names) != mine.number
    first = mine.number
    mine.release()
    assert claimed_elsewhere(own_names) == first


@pytest.mark.parametrize("others", [1, 2, 3])
def test_workers_of_a_pool_stay_apart_beside_others(own_names, others):
    elsewhere = [ClaimedCore() for _ in range(others)]
    with EvaluationPool(corridor_task(), workers=2) as pool:
        assert len(worker_cores(pool)) == min(2, len(os.sched_getaffinity(0)))
    for claim in elsewhere:
        claim.release()


def test_workers_of_two_pools_stay_apart(own_names):
    with EvaluationPool(corridor_task(), workers=1) as one, EvaluationPool(corridor_task(), workers=1) as other:
        assert len(worker_cores(one) | worker_cores(other)) == min(2, len(os.sched_getaffinity(0)))


def worker_cores(pool):
    for future in [pool.submit("") for _ in range(2 * pool.workers)]:
        future.result()  # when that is done, the workers have started
    return set().union(*(os.sched_getaffinity(worker._process.pid) for worker in pool._all))
