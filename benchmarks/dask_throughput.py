"""Evaluations per second on dask beside the local pool: ``python benchmarks/dask_throughput.py [--evaluations 300]``.

The same program on the same task, with one and two workers: our own pool, and a local cluster of dask with as many
processes. The four take turns in the same run; figures are medians over the turns. A worker of dask hands each program
to warm processes of its own, so that what it adds is the way there and back.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import time
from contextlib import ExitStack
from functools import partial
from typing import Any

from distributed import Client, LocalCluster

from skdecide_elm.bridges import Integrated
from skdecide_elm.environments import GymnasiumDomain
from skdecide_elm.evaluation import EvaluationPool, RolloutTask
from skdecide_elm.evaluation.executor_pool import ExecutorPool, Pool

PROGRAM = """# EVOLVE-BLOCK-START
class Planner:
    def __init__(self, domain):
        pass
    def sample_action(self, observation):
        x, v, a, w = observation
        return int(0.1 * x + 0.3 * v + 1.5 * a + {weight} * w > 0)
# EVOLVE-BLOCK-END
"""


def pools(stack: ExitStack, task: RolloutTask) -> dict[str, Pool]:
    """All of them, which live as long as the stack."""
    found: dict[str, Pool] = {}
    make_cluster: Any = LocalCluster
    make_client: Any = Client
    for workers in (1, 2):
        found[f"local pool, {workers}"] = stack.enter_context(EvaluationPool(task, workers))
        cluster = make_cluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)
        client = stack.enter_context(make_client(stack.enter_context(cluster), set_as_default=False))
        found[f"dask, {workers}"] = stack.enter_context(ExecutorPool(task, client))
    return found


def rate(pool: Pool, programs: list[str]) -> float:
    """Programs per second."""
    begin = time.perf_counter()
    for future in [pool.submit(code) for code in programs]:
        future.result()
    return len(programs) / (time.perf_counter() - begin)


def main() -> None:
    """Print a line per pool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluations", type=int, default=300, help="per turn")
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    task = RolloutTask((partial(GymnasiumDomain, "CartPole-v1"),), Integrated(), num_episodes=1, max_steps=200)
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        contestants = pools(stack, task)
        for turn in range(arguments.turns + 1):
            for name, pool in contestants.items():
                # no two alike: dask would answer the second from what it remembers
                first = turn * arguments.evaluations
                programs = [PROGRAM.format(weight=1.5 + (first + n) / 1e6) for n in range(arguments.evaluations)]
                if turn:  # the first warms up
                    rates.setdefault(name, []).append(rate(pool, programs))
                else:
                    rate(pool, programs[:8])
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, found in rates.items():
        beside = medians[name] / medians[f"local pool, {name[-1]}"]
        spread = f"{min(found):.0f} … {max(found):.0f}"
        print(f"{name:14} {medians[name]:6.0f} evaluations/s ({spread}), {beside:.2f} × the local pool")


if __name__ == "__main__":
    main()
