"""Steps per second of our ELM loop and of OpenEvolve's own loop, with an instant LLM and a cheap task.

    python benchmarks/loop.py [--programs 200 1000 3000] [--workers 2] [--alone 10000]

Three loops, one after the other in this process, on the same program of 40 lines:

* ours: the operator `rewrite`, `EvaluationPool` with the script below, MAP-Elites on a grid of 10 × 10;
* OpenEvolve's: its controller, full rewrites, the same script, a population that holds all programs;
* our loop alone: evaluations answer at once, so that what is left is selection, insertion and bookkeeping. Its cost per
  step around 10,000 programs over that around 100 is the flatness; every program is kept (``save_history``).

The last lines are memory and checkpoint size per program kept.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import tempfile
import time
import tracemalloc
from concurrent.futures import Future
from pathlib import Path
from statistics import median
from typing import Any

from openevolve.config import Config, DatabaseConfig, EvaluatorConfig, LLMConfig, LLMModelConfig, PromptConfig
from openevolve.controller import OpenEvolve
from openevolve.llm.base import LLMInterface

from skdecide_elm.backends.elm.checkpoint import Checkpoint, save_checkpoint
from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation import EvaluationPool, ScriptTask
from skdecide_elm.llm.model import Prompt, Reply
from skdecide_elm.operators import PromptSettings, Rewrite
from skdecide_elm.search.archives import GridProgramArchive
from skdecide_elm.search.loop import Search
from skdecide_elm.search.map_elites import MapElites
from skdecide_elm.search.measures import Feature
from skdecide_elm.search.proposers import OneOperator
from skdecide_elm.search.settings import SearchSettings
from skdecide_elm.search.space import Descriptor

_LINES = "\n".join(f"        if observation == {n}:\n            return {n % 4}" for n in range(16))
PROGRAM = f'''# EVOLVE-BLOCK-START
class Planner:
    """Answers from a table."""

    VALUE = 0.5

    def sample_action(self, observation):
{_LINES}
        return 0
# EVOLVE-BLOCK-END
'''

SCRIPT = """
import re

def evaluate(program_path):
    value = float(re.search(r"VALUE = ([0-9.]+)", open(program_path).read())[1])
    return {"combined_score": -abs(value - 0.7), "x": value, "y": value * 7 % 1}
"""


def answer(prompt: str) -> str:
    """A rewrite of the program with another number, which depends on the prompt only."""
    value = hash(prompt) % 10**9 / 10**9
    return f"```python\n{re.sub('VALUE = [0-9.]+', f'VALUE = {value:.9f}', PROGRAM)}```"


class InstantClient(LLMInterface):  # type: ignore[misc]
    """OpenEvolve's client: answers at once."""

    def __init__(self, config: LLMModelConfig) -> None:
        self.model = config.name
        self._asked = 0

    async def generate(self, prompt: str, **_: Any) -> str:
        """Another program with each call."""
        self._asked += 1
        return answer(f"{prompt}/{self._asked}")

    async def generate_with_context(self, system_message: str, messages: list[dict[str, str]], **_: Any) -> str:
        """As `generate`, for the last message."""
        return await self.generate(messages[-1]["content"])


class InstantModel:
    """Our model: answers at once."""

    name = "instant"

    async def ask(self, prompt: Prompt) -> Reply:
        """A program that depends on the prompt and its seed."""
        return Reply(answer(f"{prompt.user}/{prompt.seed}"))


def score(code: str) -> Evaluation:
    """What the script says, at once."""
    found = re.search(r"VALUE = ([0-9.]+)", code)
    assert found is not None
    value = float(found[1])
    return Evaluation({"combined_score": -abs(value - 0.7), "x": value, "y": value * 7 % 1})


def search(**settings: Any) -> Search:
    """MAP-Elites on a grid of 10 × 10."""
    descriptor = Descriptor([Feature("x", (0.0, 1.0)), Feature("y", (0.0, 1.0))])
    return Search(MapElites(GridProgramArchive, descriptor), [PROGRAM], SearchSettings(init_steps=20, **settings))


def ours(programs: int, workers: int, script: Path) -> list[float]:
    """When each step was done, in seconds since the beginning."""
    running = search(window=4 * workers)
    times: list[float] = []
    with EvaluationPool(ScriptTask(str(script), timeout=60), workers) as pool:
        pool.evaluate(PROGRAM)
        begin = time.perf_counter()

        def submit(code: str, replicate: int) -> Future[Evaluation]:
            return pool.submit(code)

        operator = OneOperator(Rewrite(InstantModel(), PromptSettings()))
        asyncio.run(
            running.run(programs, operator, submit, on_step=lambda _: times.append(time.perf_counter() - begin))
        )
    return times


def openevolves(programs: int, workers: int, script: Path, folder: Path) -> list[float]:
    """When each program was made, in seconds since the first."""
    initial = folder / "initial.py"
    initial.write_text(PROGRAM)
    config = Config(
        max_iterations=programs,
        checkpoint_interval=10 * programs,
        diff_based_evolution=False,
        random_seed=1,
        llm=LLMConfig(models=[LLMModelConfig(name="instant", init_client=InstantClient)]),
        database=DatabaseConfig(population_size=2 * programs, archive_size=100),
        evaluator=EvaluatorConfig(parallel_evaluations=workers, cascade_evaluation=False),
        prompt=PromptConfig(),
        log_level="ERROR",
    )
    controller = OpenEvolve(str(initial), str(script), config, str(folder / "out"))
    asyncio.run(controller.run(programs))
    stamps = sorted(program.timestamp for program in controller.database.programs.values())
    return [stamp - stamps[1] for stamp in stamps[1:]]


def alone(programs: int) -> tuple[list[float], Search]:
    """When each step was done, in seconds since the beginning, and the search."""
    running = search(save_history=True)
    times: list[float] = []
    begin = time.perf_counter()

    async def at_once(code: str, replicate: int) -> Evaluation:
        return score(code)

    operator = OneOperator(Rewrite(InstantModel(), PromptSettings()))
    asyncio.run(running.run(programs, operator, at_once, on_step=lambda _: times.append(time.perf_counter() - begin)))
    return times, running


def report_flatness(programs: int) -> None:
    """Cost per step early and late, memory and checkpoint size per program."""
    alone(500)  # so that nothing is imported or compiled while time is taken
    early = median([_step(alone(200)[0][50:150]) for _ in range(9)])
    times, running = alone(programs)
    late = median([_step(times[-100 * part : -100 * part + 99]) for part in range(1, 10)])
    print(f"our loop alone: {len(times) / times[-1]:8.0f} steps/s over {programs} programs")
    print(f"  per step around 100: {early * 1e6:.0f} µs, around {programs}: {late * 1e6:.0f} µs, × {late / early:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint"
        save_checkpoint(path, Checkpoint(running.snapshot(), {}), {}, running.best)
        size = sum(file.stat().st_size for file in path.iterdir())
    print(f"  checkpoint: {size / programs:.0f} bytes per program of {len(PROGRAM)} characters")
    tracemalloc.start()
    _, kept = alone(programs // 10)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"  memory: {used / len(kept.history):.0f} bytes per program kept")


def _step(times: list[float]) -> float:
    """Mean time from one step to the next, in seconds."""
    return (times[-1] - times[0]) / (len(times) - 1)


def _rates(times: list[float], milestones: list[int]) -> str:
    return "  ".join(f"{count}: {count / times[min(count, len(times)) - 1]:7.1f}" for count in milestones)


def main() -> None:
    """Run all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, nargs="+", default=[200, 1000, 3000], help="milestones")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--alone", type=int, default=10_000, help="programs of our loop alone")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "evaluator.py"
        script.write_text(SCRIPT)
        most = max(arguments.programs)
        print(f"steps/s on average to so many programs, {arguments.workers} workers")
        print(f"ours:        {_rates(ours(most, arguments.workers, script), arguments.programs)}", flush=True)
        theirs = openevolves(most, arguments.workers, script, folder)
        print(f"OpenEvolve:  {_rates(theirs, arguments.programs)}", flush=True)
    report_flatness(arguments.alone)


if __name__ == "__main__":
    main()
