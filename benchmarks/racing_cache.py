"""What racing and the cache save: ``python benchmarks/racing_cache.py [--quick] [--seeds 5]``.

A stream of programs is recorded: the embedded proposer, seeded, varies one of the five best so far, and every program
plays all episodes. Then the same stream is evaluated again, one program after the other, in one isolated worker:
plainly, with the cache, with racing against the best so far (error rate 0.05), with both. Seconds are those of the
whole stream; ``played`` is the share of the episodes that racing leaves; the row says whether the best program, and its
score, came out as in the plain pass.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from skdecide import Domain

from skdecide_elm.bridges import Integrated
from skdecide_elm.domain_api import initial_program
from skdecide_elm.domain_api.profile import profile_domain
from skdecide_elm.environments import GymnasiumDomain, OnlineBinPacking, draw_items
from skdecide_elm.evaluation import EvaluationPool, RolloutTask
from skdecide_elm.evaluation.cache import CachedPool, EvaluationCache
from skdecide_elm.evaluation.racing import DEFAULT_ERROR_RATE, set_bar
from skdecide_elm.llm.embedded.proposals import propose


@dataclass(frozen=True)
class Row:
    """What programs are evaluated on."""

    factories: tuple[Callable[[], Domain], ...]
    episodes: int
    max_steps: int

    def task(self) -> RolloutTask:
        """With seeds that are the same in every pass."""
        copy = (lambda domain: domain.specification()) if hasattr(self.factories[0](), "specification") else None
        return RolloutTask(
            self.factories, Integrated(), copy, num_episodes=self.episodes, max_steps=self.max_steps, timeout=10
        )


def packing(seed: int, items: int = 200) -> Domain:
    """An instance of online bin packing."""
    return OnlineBinPacking(100, draw_items("weibull", items, 100, np.random.default_rng(seed)))


ROWS = {
    "CartPole": Row((partial(GymnasiumDomain, "CartPole-v1"),), 40, 500),
    "bin packing": Row(tuple(partial(packing, seed) for seed in range(40)), 1, 200),
}


def record(row: Row, programs: int, seed: int, pool: EvaluationPool) -> list[str]:
    """The programs of a seeded run, in order, the same one as often as it was proposed."""
    domain = row.factories[0]()
    rng = random.Random(seed)
    random.seed(seed)
    profile = profile_domain(domain)
    first = initial_program(domain, domain_factory=row.factories[0], include_rollout=False)
    stream, scores = [first], [pool.evaluate(first).combined_score]
    while len(stream) < programs:
        ranked = sorted(range(len(stream)), key=lambda number: -scores[number])
        parent = stream[ranked[rng.randrange(min(5, len(ranked)))]]
        proposal = propose(parent, profile, rng, number=len(stream) - 1)
        if proposal is not None:
            stream.append(proposal[1])
            scores.append(pool.evaluate(stream[-1]).combined_score)
    return stream


def evaluate(stream: Sequence[str], pool: EvaluationPool | CachedPool, racing: bool) -> tuple[int, float, float, float]:
    """The best program's number and score, the seconds, and how many episodes were played."""
    best, score, bar, played = 0, float("-inf"), None, 0.0
    start = time.perf_counter()
    for number, code in enumerate(stream):
        evaluation = pool.submit(code, bar).result()
        played += evaluation.metrics.get("nb_episodes", 0.0)
        if evaluation.combined_score > score:
            best, score = number, evaluation.combined_score
            bar = set_bar(evaluation.scores, DEFAULT_ERROR_RATE) if racing else None
    return best, score, time.perf_counter() - start, played


def line(name: str, row: Row, programs: int, seed: int) -> str:
    """One seed's figures."""
    with EvaluationPool(row.task(), workers=1) as pool:
        stream = record(row, programs, seed, pool)
        best, score, plain, episodes = evaluate(stream, pool, racing=False)
        cache = EvaluationCache("")
        found = {
            "cache": evaluate(stream, CachedPool(pool, cache), racing=False),
            "racing": evaluate(stream, pool, racing=True),
            "both": evaluate(stream, CachedPool(pool, EvaluationCache("")), racing=True),
        }
    same = all((other[0], other[1]) == (best, score) for other in found.values())
    cells = "".join(f"{seconds:8.2f} ({plain / seconds:4.2f} x)" for _, _, seconds, _ in found.values())
    return (
        f"{name:12}{seed:5}{len(stream):9}{cache.hits:6}{found['racing'][3] / episodes:8.0%} {plain:9.2f}{cells}"
        f"{'yes' if same else 'NO':>6}{score:12.5g}"
    )


def main() -> None:
    """Print a line per task and seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="30 programs and one seed per task")
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    timed = "".join(f"{name:>17}" for name in ("cache s", "racing s", "both s"))
    print(f"{'task':12} seed programs  hits  played  plain s{timed}  same       score")
    for name, row in ROWS.items():
        for seed in range(1 if arguments.quick else arguments.seeds):
            print(line(name, row, 30 if arguments.quick else 200, seed), flush=True)


if __name__ == "__main__":
    main()
