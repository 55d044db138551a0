"""Speed of evaluation beside scikit-decide's own evaluator: ``python benchmarks/evaluation.py [--quick] [--data DIR]``.

The peer is the evaluator that `skdecide.hub.solver.openevolve` generates; it runs a program in the caller's process,
and is called here as its users' OpenEvolve calls it, with logging silenced. Ours runs each program isolated
(``isolation="auto"``) in a pool of one and of two workers. The three take turns in the same run; figures are medians.

Columns: evaluations per second; milliseconds of fixed cost (an evaluation of one episode of one step); microseconds
per step beyond it; ours over the peer's speed; and the number of steps of an evaluation from which one isolated worker
is faster than the peer.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import runpy
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from skdecide import Domain
from skdecide.builders.domain import UnrestrictedActions
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.rcpsp.rcpsp_sk_parser import load_domain
from skdecide.hub.solver.openevolve import IntegratedOpenEvolve as Peer

from skdecide_elm.bridges import Integrated
from skdecide_elm.environments import GymnasiumDomain, OnlineBinPacking, draw_items
from skdecide_elm.evaluation import EvaluationPool, RolloutTask

RANDOM = """
import random
from skdecide.hub.domain.maze.maze import Action
class Planner:
    def __init__(self, domain):
        self.actions = list(Action)
    def sample_action(self, observation):
        return random.choice(self.actions)
"""

DEPTH_FIRST = """
from skdecide.hub.domain.maze.maze import Action
BACK = {Action.up: Action.down, Action.down: Action.up, Action.left: Action.right, Action.right: Action.left}
MOVES = {Action.down: (0, 1), Action.right: (1, 0), Action.left: (-1, 0), Action.up: (0, -1)}
class Planner:
    def __init__(self, domain):
        self.here = self.target = None
    def sample_action(self, observation):
        if observation not in (self.here, self.target):  # a new episode
            self.tried, self.trail = {observation}, []
        elif observation == self.target and self.way_back is not None:
            self.trail.append(self.way_back)
        self.here = observation
        for action in MOVES:
            there = self.beside(action)
            if there not in self.tried:
                self.tried.add(there)
                self.target, self.way_back = there, BACK[action]
                return action
        action = self.trail.pop()
        self.target, self.way_back = self.beside(action), None
        return action
    def beside(self, action):
        x, y = MOVES[action]
        return (self.here[0] + x, self.here[1] + y)
"""

LINEAR = """
class Planner:
    def __init__(self, domain):
        pass
    def sample_action(self, observation):
        x, v, a, w = observation
        return int(0.1 * x + 0.3 * v + 1.5 * a + 1.5 * w > 0)
"""

BEST_FIT = """
import numpy as np
class Planner:
    def __init__(self, domain):
        pass
    def sample_action(self, observation, applicable_actions):
        bins = applicable_actions.get_elements()
        return int(bins[np.argmin(observation.residual[bins])])
"""

PRIORITY_RULE = """
from skdecide.builders.domain.scheduling.scheduling_domains_modelling import SchedulingActionEnum
class Planner:
    def __init__(self, domain):
        self.followers = domain.get_successors()
    def sample_action(self, observation, applicable_actions):
        def priority(action):
            return len(self.followers.get(action.task, ())) if action.action == SchedulingActionEnum.START else -1
        return max(applicable_actions.get_elements(), key=priority)
"""


@dataclass(frozen=True)
class Row:
    """A domain, and a program for it."""

    domain_factory: Callable[[], Domain]
    code: str
    max_steps: int
    episodes: int = 3


def rows(data: Path | None, quick: bool) -> dict[str, Row]:
    """The rows; RCPSP needs PSPLIB files."""
    items = draw_items("weibull", 500 if quick else 5000, 100, np.random.default_rng(0))
    found = {
        "Maze, random": Row(Maze, RANDOM, 100),
        "Maze, depth first": Row(Maze, DEPTH_FIRST, 1000),
        "CartPole, linear": Row(partial(GymnasiumDomain, "CartPole-v1"), LINEAR, 500),
        f"bin packing, {len(items)} items": Row(partial(OnlineBinPacking, 100, items), BEST_FIT, len(items), 1),
    }
    instance = None if data is None else data / "rcpsp" / "j30" / "j301_1.sm"
    if instance is None or not instance.exists():
        print(f"RCPSP j30 is left out: no {instance or 'data'}; give the folder with rcpsp/j30/j301_1.sm as --data")
    else:
        found["RCPSP j30, most successors"] = Row(partial(load_domain, os.fspath(instance)), PRIORITY_RULE, 1000, 1)
    return found


def steps_of(row: Row) -> int:
    """How many steps an evaluation has; the programs here are trusted."""
    random.seed(0)
    return sum(_steps_of_episode(row.domain_factory(), row) for _ in range(row.episodes))


def _steps_of_episode(domain: Domain, row: Row) -> int:
    names: dict[str, Any] = {}
    exec(row.code, names)
    planner = names["Planner"](domain)
    observation, over, steps = domain.reset(), False, 0
    while not over and steps < row.max_steps:
        seen = () if isinstance(domain, UnrestrictedActions) else (domain.get_applicable_actions(),)
        outcome = domain.step(planner.sample_action(observation, *seen))
        observation, over, steps = outcome.observation, outcome.termination, steps + 1
    return steps


def program(code: str) -> str:
    """The text with its markers."""
    return f"# EVOLVE-BLOCK-START\n{code.strip()}\n# EVOLVE-BLOCK-END\n"


@dataclass
class Contestant:
    """One way to evaluate, and the seconds per evaluation that were measured."""

    evaluate: Callable[[int], None]
    seconds: list[float] = field(default_factory=list)

    def take_turn(self, times: int) -> None:
        """Measure so many evaluations together."""
        start = time.perf_counter()
        self.evaluate(times)
        self.seconds.append((time.perf_counter() - start) / times)

    @property
    def median(self) -> float:
        """Seconds per evaluation."""
        return statistics.median(self.seconds)


def peer_evaluator(row: Row, folder: Path) -> Callable[[int], None]:
    """The peer's generated evaluator, called with the path of the program."""
    solver = Peer(
        domain_factory=row.domain_factory,
        evaluator_rollout_num_episodes=row.episodes,
        evaluator_rollout_max_steps=row.max_steps,
        output_dir=os.fspath(folder),
    )
    solver.evaluate_program_code(program(row.code))  # writes the evaluator
    evaluate = runpy.run_path(os.fspath(folder / "generated_evaluator.py"))["evaluate"]
    path = folder / "program.py"
    path.write_text(program(row.code))
    _check(evaluate(os.fspath(path)).metrics)

    def run(times: int) -> None:
        for _ in range(times):
            evaluate(os.fspath(path))

    run.solver = solver  # type: ignore[attr-defined]  # its domain factories live as long as it does
    return run


def our_evaluator(row: Row, pool: EvaluationPool) -> Callable[[int], None]:
    """Ours, with as many evaluations at a time as the pool has workers."""
    code = program(row.code)
    for future in [pool.submit(code) for _ in range(4 * pool.workers)]:
        _check(future.result().metrics)

    def run(times: int) -> None:
        for future in [pool.submit(code) for _ in range(times)]:
            future.result()

    return run


def _check(metrics: Any) -> None:
    if not np.isfinite(metrics.get("combined_score", -np.inf)):
        raise RuntimeError(f"expected the program of this row to be valid; found {metrics}")


def measure(row: Row, turns: int, seconds: float) -> dict[str, Contestant]:
    """Let the three take turns, each turn about so many seconds long."""
    task = RolloutTask((row.domain_factory,), Integrated(), num_episodes=row.episodes, max_steps=row.max_steps)
    with (
        tempfile.TemporaryDirectory() as folder,
        EvaluationPool(task, workers=1) as one,
        EvaluationPool(task, workers=2) as two,
    ):
        contestants = {
            "peer": Contestant(peer_evaluator(row, Path(folder))),
            "one": Contestant(our_evaluator(row, one)),
            "two": Contestant(our_evaluator(row, two)),
        }
        times = {}
        for name, contestant in contestants.items():
            contestant.take_turn(2)
            times[name] = max(2, round(seconds / contestant.seconds.pop()))
        for _ in range(turns):
            for name, contestant in contestants.items():
                contestant.take_turn(times[name])
    return contestants


def _line(name: str, row: Row, turns: int, seconds: float) -> str:
    steps = steps_of(row)
    whole = {who: c.median for who, c in measure(row, turns, seconds).items()}
    short = {who: c.median for who, c in measure(Row(row.domain_factory, row.code, 1, 1), turns, seconds).items()}
    per_step = {who: (whole[who] - short[who]) / max(1, steps - 1) for who in whole}
    gain = per_step["peer"] - per_step["one"]
    crossover = f"{max(0.0, (short['one'] - short['peer']) / gain):,.0f}" if gain > 0 else "never"
    cells = [f"{name:28}{steps:6}"]
    cells += [f"{1 / whole[who]:9.1f}" for who in ("peer", "one", "two")]
    cells += [f"{1e3 * short[who]:8.2f}" for who in ("peer", "one")]
    cells += [f"{1e6 * per_step[who]:8.1f}" for who in ("peer", "one")]
    cells += [f"{whole['peer'] / whole[who]:7.2f}" for who in ("one", "two")]
    cells += [f"{whole['one'] / whole['two']:8.2f}", f"{crossover:>10}"]
    return "".join(cells)


def main() -> None:
    """Print a line per row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two short turns per row, and fewer items")
    parser.add_argument("--data", type=Path, default=os.environ.get("SKDECIDE_ELM_DATA"))
    arguments = parser.parse_args()
    turns, seconds = (2, 0.05) if arguments.quick else (7, 1.0)
    logging.disable(logging.CRITICAL)  # the peer logs each episode, which would slow it down
    print(f"{'':28}{'steps':>6}{'evaluations/s':>27}{'fixed ms':>16}{'us/step':>16}{'x peer':>14}")
    columns = ("peer", "one", "two", "peer", "one", "peer", "one", "one", "two", "two/one", "crossover")
    widths = (9, 9, 9, 8, 8, 8, 8, 7, 7, 8, 10)
    print(" " * 34 + "".join(f"{name:>{width}}" for name, width in zip(columns, widths, strict=True)))
    for name, row in rows(arguments.data, arguments.quick).items():
        print(_line(name, row, turns, seconds), flush=True)


if __name__ == "__main__":
    main()
