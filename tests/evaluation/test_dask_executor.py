"""Dask by name and by address."""

import os

import pytest
from distributed import Client, LocalCluster

from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation.dask_executor import DaskExecutor
from skdecide_elm.evaluation.pool import default_worker_count


@pytest.fixture
def cluster():
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster


def test_a_local_cluster_has_a_process_per_core_and_ends_when_closed():
    executor = DaskExecutor("dask")
    try:
        worker = executor.submit(os.getpid).result()
        assert worker != os.getpid()
        assert sum(executor.nthreads().values()) == default_worker_count()
    finally:
        executor.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_by_address_and_again_after_it_was_closed(cluster):
    executor = DaskExecutor(cluster.scheduler_address)
    for number in range(2):
        assert executor.submit(abs, -number).result() == number
        executor.close()
    with Client(cluster) as client:
        assert client.submit(abs, -1).result() == 1, "the cluster stays its owner's"


def test_the_name_means_the_client_that_is_open(cluster):
    with Client(cluster) as client:
        executor = DaskExecutor("dask")
        assert executor.submit(os.getpid).result() == client.submit(os.getpid).result()
        executor.close()
        assert client.submit(abs, -1).result() == 1, "it stays its owner's"


def test_neither_name_nor_address():
    with pytest.raises(ConfigError, match=r"an executor, 'dask', or the address of a dask scheduler.*; found 'dusk'"):
        DaskExecutor("dusk")


def test_nobody_at_the_address(monkeypatch):
    monkeypatch.setattr("skdecide_elm.evaluation.dask_executor._CONNECT_SECONDS", 1)
    with pytest.raises(EvaluationError, match=r"expected a dask scheduler at tcp://127.0.0.1:9; .*check that it runs"):
        DaskExecutor("tcp://127.0.0.1:9").submit(abs, -1)
