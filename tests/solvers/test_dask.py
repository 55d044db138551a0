"""A solver on a cluster of dask, one of whose processes is killed."""

import os
import signal

import pytest
from distributed import Client, LocalCluster
from tiny import FAST, IDLE, Line

from skdecide_elm import IntegratedELM

STEPS = 24


@pytest.fixture
def client():
    """Of two processes with a worker each."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def known(folder, parallel, callbacks=()):
    """All programs of a run, in order, with their scores."""
    settings = {**FAST, "evaluator_parallel": parallel, "evaluator_timeout": 60, "nb_iterations": STEPS}
    with IntegratedELM(
        Line, folder / "initial.py", elm={"init_steps": 10, "save_history": True}, random_seed=1, **settings
    ) as solver:
        solver.solve(callbacks=list(callbacks))
        assert solver.iteration == STEPS
        return [(p.id, p.code, p.evaluation.combined_score) for p in solver._backend.search.history]


def test_nothing_is_lost_with_a_worker(client, tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    victim, *_ = client.run(os.getpid).values()
    killed = []

    def kill(solver):
        if solver.iteration == STEPS // 3:
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    here = known(tmp_path, 2)
    assert known(tmp_path, client, [kill]) == here
    assert killed == [victim]
    assert known(tmp_path, client.cluster.scheduler_address) == here
    assert client.submit(abs, -1).result() == 1, "the cluster stays its owner's"
