"""Evaluated proposals per second when each LLM request takes a second.

    python benchmarks/llm_latency.py [--rounds 20] [--latency 1.0] [--concurrency 32] [--workers 2]

A server on 127.0.0.1 answers each request after the latency with a valid program, each time another one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openevolve.config import Config, LLMConfig

from skdecide_elm import IntegratedOpenEvolve

TESTS = Path(__file__).parent.parent / "tests"
FOLDERS = [str(TESTS), str(TESTS / "solvers")]
sys.path[:0] = FOLDERS
os.environ["PYTHONPATH"] = os.pathsep.join([*FOLDERS, os.environ.get("PYTHONPATH", "")])  # for evaluation processes

from loopback import Loopback, Stall  # noqa: E402
from tiny import FAST, IDLE, Line  # noqa: E402


def edit(latency: float) -> Callable[[dict[str, Any]], Stall]:
    """Replies to each request, after the latency, with an edit that nobody has made before."""
    numbers, lock = itertools.count(1), threading.Lock()

    def answer(request: dict[str, Any]) -> Stall:
        with lock:
            number = next(numbers)
        current = request["messages"][-1]["content"].partition("# Current Program\n")[2]
        found = re.search(r"^NOTES = \d+$", current, re.MULTILINE)
        assert found is not None
        return Stall(latency, f"<<<<<<< SEARCH\n{found[0]}\n=======\nNOTES = {number}\n>>>>>>> REPLACE\n")

    return answer


def measure(rounds: int, latency: float, concurrency: int, workers: int) -> dict[str, float]:
    """The rate over ``rounds`` times as many proposals as there are requests in flight, the slow beginning included."""
    with Loopback(edit(latency)) as server, tempfile.TemporaryDirectory() as folder:
        initial = Path(folder) / "initial.py"
        initial.write_text(IDLE)
        config = Config(llm=LLMConfig(primary_model="loopback", api_base=server.url, timeout=60, retries=0))
        settings = {**FAST, "evaluator_parallel": workers, "llm_concurrency": concurrency}
        with IntegratedOpenEvolve(
            Line, initial, config=config, **settings, nb_iterations=rounds * concurrency
        ) as solver:
            solver.evaluate_program_code(IDLE)  # the evaluation processes have started
            before, begin = solver.statistics.evaluations, time.monotonic()
            solver.solve()
            evaluations, seconds = solver.statistics.evaluations - before, time.monotonic() - begin
    return {
        "evaluated_per_second": evaluations / seconds,
        "evaluations": evaluations,
        "seconds": seconds,
        "requests": len(server.requests),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    print(json.dumps(measure(**vars(arguments)), indent=1))


if __name__ == "__main__":
    main()
