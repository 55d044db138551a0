"""Searches that take no time: a program is two numbers, and its score is minus their distance to (3, 3)."""

import asyncio
import json
import math
import random
from functools import partial

from skdecide_elm.core import Evaluation, Program, Proposal
from skdecide_elm.search.archives import (
    CVTProgramArchive,
    DeepGridProgramArchive,
    GridProgramArchive,
    ProximityProgramArchive,
)
from skdecide_elm.search.baselines import BestOfN, OnePlusOne, RandomSearch
from skdecide_elm.search.genetic import GeneticAlgorithm
from skdecide_elm.search.loop import Search
from skdecide_elm.search.map_elites import MapElites
from skdecide_elm.search.measures import Feature
from skdecide_elm.search.proposers import OneOperator
from skdecide_elm.search.selection import SELECTIONS
from skdecide_elm.search.settings import SearchSettings
from skdecide_elm.search.sliding import SlidingProgramArchive
from skdecide_elm.search.snapshot import Snapshot, program_from_json, program_to_json
from skdecide_elm.search.space import Descriptor

START = "0.0 0.0"


def program(name, score=0.0, **metrics):
    return Program(str(name), f"# {name}\n", Evaluation({"combined_score": float(score), **metrics}))


def evaluation_of(code, noise=0.0):
    x, y = map(float, code.split())
    if abs(x) > 9:
        return Evaluation.invalid("too far")
    return Evaluation({"combined_score": noise - math.hypot(x - 3, y - 3), "x": x, "y": y})


class Step:
    """Moves a parent, or the middle of two, by a random step that depends on the context's seed only."""

    name = "step"

    def __init__(self, num_parents=1, fail_every=0, delay=None):
        self.num_parents = num_parents
        self.fail_every = fail_every
        self.delay = delay
        self.asked = []

    async def propose(self, parents, context):
        self.asked.append((context.iteration, [p.id for p in parents], [p.id for p in context.examples]))
        if self.delay is not None:
            await asyncio.sleep(self.delay(context.iteration))
        if self.fail_every and context.iteration % self.fail_every == 0:
            raise ConnectionError("no answer")
        rng = random.Random(context.seed)
        x, y = (
            sum(float(parent.code.split()[axis]) for parent in parents) / len(parents) + rng.gauss(0, 1)
            for axis in (0, 1)
        )
        return [Proposal(f"{x} {y}", self.name, tuple(parent.id for parent in parents))]


async def evaluate(code, replicate):
    return evaluation_of(code)


def jittery(seed):
    """An evaluation whose duration depends on the seed."""
    rng = random.Random(seed)

    async def evaluate(code, replicate):
        await asyncio.sleep(rng.choice([0, 0, 0.001, 0.002]))
        return evaluation_of(code)

    return evaluate


def descriptor(bounds=(-3.0, 9.0)):
    return Descriptor([Feature("x", bounds), Feature("y", bounds)])


def map_elites(make_archive=GridProgramArchive, bounds=(-3.0, 9.0), **settings):
    return MapElites(make_archive, descriptor(bounds), **settings)


def search_for(strategy, **settings):
    return Search(strategy, [START], SearchSettings(**{"init_steps": 5, "window": 4, **settings}))


def run(search, steps, operator=None, evaluate=evaluate, **arguments):
    asyncio.run(search.run(steps, OneOperator(operator or Step()), evaluate, **arguments))
    return search


STRATEGIES = {
    "grid": partial(map_elites, partial(GridProgramArchive, history_length=3)),
    "learned bounds": partial(map_elites, bounds=None),
    "cvt": partial(map_elites, partial(CVTProgramArchive, cells=20, samples=500)),
    "deep grid": partial(map_elites, partial(DeepGridProgramArchive, dims=(3, 3), depth=3)),
    "proximity": partial(map_elites, ProximityProgramArchive),
    "sliding": partial(map_elites, partial(SlidingProgramArchive, dims=(4, 4), remap_frequency=9, buffer_capacity=30)),
    "curiosity": partial(map_elites, selection=SELECTIONS["curiosity"]),
    "genetic": partial(GeneticAlgorithm, population_size=8),
    "(1+1)": OnePlusOne,
    "random": RandomSearch,
    "best of n": BestOfN,
}


def noisy(code, replicate):
    """Luck that depends on the program and the replicate."""
    luck = random.Random(f"{code}/{replicate}").gauss(0, 2)
    return _now(evaluation_of(code, noise=luck))


async def _now(value):
    return value


def plain(snapshot):
    """A snapshot as files would hold it: equal for equal searches."""
    arrays = {name: values.tolist() for name, values in sorted(snapshot.arrays.items())}
    programs = {found: program_to_json(program) for found, program in sorted(snapshot.programs.items())}
    return json.dumps([snapshot.state, programs, arrays], sort_keys=True)


def reread(snapshot):
    """A snapshot after a stay in files."""
    programs = {i: program_from_json(json.loads(json.dumps(program_to_json(p)))) for i, p in snapshot.programs.items()}
    arrays = {name: values.copy() for name, values in snapshot.arrays.items()}
    return Snapshot(json.loads(json.dumps(snapshot.state, allow_nan=False)), programs, arrays)
