"""Many evaluations, some of hostile programs: ``python benchmarks/soak.py [--evaluations 10000] [--hostile 0.1]``.

Nothing may grow: processes, descriptors, memory of the solver and of its workers, temporary files; nor may the speed
fall. Hostile programs come from the attack suite (`tests/attacks/cheats.py`); those that last until the time limit are
left out of `--kinds` unless asked for, since they only wait. The honest programs' scores are compared bit by bit.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import astuple, dataclass, fields
from pathlib import Path

sys.path.insert(0, os.fspath(Path(__file__).parents[1] / "tests"))

from attacks.cheats import CHEATS, GROUPS, cheat_code
from attacks.stages import HONEST, program, task

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation import EvaluationPool

# each of them takes a second or more, and the throughput would be theirs
_SLOW = ("exhaust_by_memory", "exhaust_by_deep_recursion", "exhaust_by_wide_answer", "exhaust_by_output")


@dataclass(frozen=True)
class Census:
    """What there is at one moment; memory in KiB: written pages that are not shared."""

    processes: int
    descriptors: int
    worker_descriptors: int
    solver_memory: int
    worker_memory: int
    temporary_files: int


def census(folder: Path) -> Census:
    """Count what belongs to this process and to the processes below it, which all know ``folder`` as their own."""
    workers = list(_workers(folder))
    return Census(
        processes=len(workers),
        descriptors=_descriptors("self"),
        worker_descriptors=sum(map(_descriptors, workers)),
        solver_memory=_private_memory("self"),
        worker_memory=sum(map(_private_memory, workers)),
        temporary_files=sum(1 for _ in folder.rglob("*")),
    )


def _workers(folder: Path) -> Iterator[str]:
    mark = f"TMPDIR={folder}\0".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if path.parent.name != str(os.getpid()) and mark in path.read_bytes():
                yield path.parent.name
        except OSError:  # it has ended, or is not ours
            continue


def _descriptors(pid: str) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def _private_memory(pid: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


def programs(count: int, hostile: float, kinds: list[str], seed: int) -> Iterator[tuple[str, str | None]]:
    """Texts of programs, in a random order, each with the name of its attack."""
    attacks = [name for name, c in CHEATS.items() if c.stage == "maze" and c.group in kinds and name not in _SLOW]
    rng = random.Random(seed)
    for _ in range(count):
        name = rng.choice(attacks) if rng.random() < hostile else None
        yield (program("maze"), None) if name is None else (cheat_code(CHEATS[name]), name)


@dataclass
class Tally:
    """What has come of the evaluations so far."""

    hostile: int = 0
    wrong: int = 0

    def count(self, evaluation: Evaluation, attack: str | None) -> None:
        """Compare an honest program's score with the reference, a hostile one's with the best it may have."""
        reference = HONEST["maze"]
        if attack is None:
            is_right = all(evaluation.metrics.get(name) == value for name, value in reference.items())
        else:
            self.hostile += 1
            is_right = evaluation.metrics["combined_score"] <= reference["combined_score"]
        if not is_right:
            self.wrong += 1
            print(f"wrong: {attack or 'honest'}: {dict(evaluation.metrics)} {evaluation.artifacts.get('error')}")


def run(pool: EvaluationPool, arguments: argparse.Namespace) -> tuple[Tally, list[float]]:
    """Evaluate them all, with a few waiting at any time; the time at which each came back."""
    tally, times = Tally(), [time.perf_counter()]
    waiting: deque[tuple[Future[Evaluation], str | None]] = deque()

    def finish_one() -> None:
        future, attack = waiting.popleft()
        tally.count(future.result(), attack)
        times.append(time.perf_counter())

    for code, attack in programs(arguments.evaluations, arguments.hostile, arguments.kinds, arguments.seed):
        waiting.append((pool.submit(code), attack))
        if len(waiting) > 2 * pool.workers:
            finish_one()
    while waiting:
        finish_one()
    return tally, times


def _report(counts: dict[str, Census], tally: Tally, times: list[float]) -> None:
    print(f"{'':20}" + "".join(f"{name:>12}" for name in counts))
    for number, field in enumerate(fields(Census)):
        print(f"{field.name:20}" + "".join(f"{astuple(count)[number]:12,}" for count in counts.values()))
    done = len(times) - 1
    part = min(1000, done // 3)
    first, last = part / (times[part] - times[0]), part / (times[-1] - times[-1 - part])
    print(f"{done} evaluations, {tally.hostile} hostile, {tally.wrong} wrong, in {times[-1] - times[0]:.0f} s")
    print(f"first {part}: {first:.1f}/s; last {part}: {last:.1f}/s ({100 * (last / first - 1):+.1f} %)")


def main() -> None:
    """Print a census at the start, at the end and after closing, and the speed of the first and last thousand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluations", type=int, default=10_000)
    parser.add_argument("--hostile", type=float, default=0.1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", choices=GROUPS, default=["cheat", "forge", "persist", "die", "exhaust"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak_") as name:
        folder = Path(name).resolve()
        os.environ["TMPDIR"] = tempfile.tempdir = os.fspath(folder)
        with EvaluationPool(task("maze"), workers=arguments.workers) as pool:
            for future in [pool.submit(program("maze")) for _ in range(20 * arguments.workers)]:
                future.result()
            counts = {"start": census(folder)}
            tally, times = run(pool, arguments)
            counts["end"] = census(folder)
        counts["closed"] = census(folder)
        tempfile.tempdir = None
        _report(counts, tally, times)
    sys.exit(1 if tally.wrong or counts["closed"].processes or counts["closed"].temporary_files else 0)


if __name__ == "__main__":
    main()
