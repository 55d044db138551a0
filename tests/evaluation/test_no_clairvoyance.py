"""A planner knows no more of an episode's future than its observations tell, whatever it does to its own copy."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from corridor import MOVES, Corridor, program
from skdecide import Value

from skdecide_elm.bridges import Integrated
from skdecide_elm.environments import OnlineBinPacking
from skdecide_elm.evaluation import EvaluationPool, RolloutTask

ITEMS = tuple(random.Random(7).choices(range(20, 80), k=60))
BRIDGE = Integrated()


def packer(init: str = "pass", top: str = "", choose: str = "applicable_actions.get_elements()[0]") -> str:
    lines = [top, "class Planner:", "    def __init__(self, domain):", "        self.domain = domain"]
    lines += [f"        {line}" for line in init.splitlines()]
    lines += ["    def sample_action(self, observation, applicable_actions):", f"        return {choose}"]
    return "\n".join(lines)


def hidden_instance() -> OnlineBinPacking:
    return OnlineBinPacking(100, ITEMS)


def packing_task(hide: bool) -> RolloutTask:
    specification = (lambda domain: domain.specification()) if hide else None
    return RolloutTask(
        (hidden_instance,), BRIDGE, specification, num_episodes=1, max_steps=len(ITEMS), timeout=20, isolation="process"
    )


# plays its copy to its end and says what it saw of the items to come
PROPHET = packer("""\
observation = domain.reset()
seen = []
while observation.item:
    seen.append(int(observation.item))
    observation = domain.step(len(observation.residual) - 1).observation
print(seen)""")

# looks for a sequence that begins with the items seen so far in all of its own memory
SEARCHER = packer(
    top='''\
import gc, sys

def every_object():
    found, pending = {}, [*gc.get_objects(), *sys.modules.values()]
    while pending:
        value = pending.pop()
        if id(value) not in found:
            found[id(value)] = value
            pending += gc.get_referents(value)
    return found.values()

def look(seen):
    for value in every_object():
        if type(value) in (list, tuple) and value is not seen and len(value) > 30 and list(value[:3]) == seen:
            print("found", len(value))
''',
    init="self.seen = []",
    choose="(self.seen.append(int(observation.item)), len(self.seen) == 3 and look(self.seen)) and "
    "applicable_actions.get_elements()[0]",
)  # fmt: skip


READ = "import os, sys\nprint(sys.orig_argv, sorted(os.environ))"


@pytest.fixture(scope="module")
def packings():
    """By whether the items are hidden from the planner, and the program's name: its evaluation."""
    codes = {"prophet": PROPHET, "searcher": SEARCHER, "first fit": packer(), "reader": packer(READ)}
    found = {}
    for hide in (True, False):
        with EvaluationPool(packing_task(hide), workers=1) as pool:
            found.update({(hide, name): pool.evaluate(code) for name, code in codes.items()})
    return found


def test_a_specification_cannot_be_played(packings):
    assert "is a specification without items and cannot run" in packings[True, "prophet"].artifacts["error"]


def test_the_hidden_items_are_nowhere_in_the_memory_of_the_planners_process(packings):
    assert packings[True, "searcher"].is_valid, packings[True, "searcher"].artifacts
    assert "found" not in packings[True, "searcher"].artifacts.get("output", "")


def test_both_would_find_the_items_if_they_were_there(packings):
    assert packings[False, "prophet"].artifacts["output"] == f"{list(ITEMS)}\n"
    assert f"found {len(ITEMS)}" in packings[False, "searcher"].artifacts["output"]


def test_both_pack_as_an_honest_program(packings):
    assert packings[True, "searcher"].metrics == packings[True, "first fit"].metrics


def test_no_argument_or_variable_tells_of_the_rollout(packings):
    """What the planner's process was started with and what it inherits names no seed and no instance."""
    output = packings[True, "reader"].artifacts["output"]
    assert re.search(r"skdecide_elm\.evaluation\.worker', 'forkserver', '\d+', 'rollouts'\]", output)
    assert "SEED" not in output.replace("PYTHONHASHSEED", "")


# --- drawn futures


class Coins(Corridor):
    """To guess a coin costs nothing, to miss it costs 1; the coins come from a generator that nobody seeds."""

    def __init__(self) -> None:
        super().__init__(length=10**6)
        self._luck = self.make_luck()

    def make_luck(self):
        return random.Random()

    def toss(self) -> str:
        return str(self._luck.choice(MOVES))

    def _get_transition_value(self, memory: int, action: str, next_state: int | None = None) -> Value:
        return Value(cost=float(action != self.toss()))


class CoinsOfNumpy(Coins):
    def make_luck(self):
        return np.random.default_rng()


class CommonCoins(Coins):
    """From the generators that a planner shares, if it is in the same process."""

    def toss(self) -> str:
        return MOVES[(random.random() < 0.5) ^ (np.random.random() < 0.5)]


class SeededCoins(Coins):
    def seed(self, seed: int) -> None:
        self._luck.seed(seed)


DOMAINS = (Coins, CoinsOfNumpy, CommonCoins, SeededCoins)
N = 400
TOP = "import random\nimport numpy as np\nMOVES = ['left', 'right']\nSEEDS = [random.getrandbits(32) for _ in range(9)]"
GUESSERS = {
    "its own copy": program("return self.domain.toss()", TOP),
    "a new copy": program("return self.domain.toss()", TOP, "self.domain = type(domain)()"),
    "a copy of its copy": program(
        "return self.domain.toss()", f"import copy\n{TOP}", "self.domain = copy.deepcopy(domain)"
    ),
    "a copy that it seeds": program(
        "return self.domain.toss()", TOP, "getattr(domain, 'seed', int)(SEEDS.pop())\nrandom.seed(SEEDS.pop())"
    ),
    "the common generators": program("return MOVES[(random.random() < 0.5) ^ (np.random.random() < 0.5)]", TOP),
    "a generator that nobody seeds": program("return self.luck.choice(MOVES)", TOP, "self.luck = random.Random()"),
}  # fmt: skip


@pytest.fixture(scope="module")
def missed():
    """How many coins a program misses."""
    task = RolloutTask(DOMAINS, BRIDGE, num_episodes=1, max_steps=N, seed=5, timeout=20)
    with EvaluationPool(task, workers=1) as pool:
        yield lambda code: pool.evaluate(code).metrics["cost"]


def test_to_play_ahead_gains_nothing(missed):
    found = {name: missed(code) for name, code in GUESSERS.items()}
    # by chance half of them, with a standard deviation of 20; who knew a single domain's coins would be 200 off
    assert {name: cost for name, cost in found.items() if not abs(cost - len(DOMAINS) * N / 2) < 100} == {}


def test_all_planners_meet_the_same_luck(missed):
    """What one misses by always saying ``left`` the other misses by ``right``, though it draws at every step."""
    left = program("return 'left'")
    right = program("random.random(), np.random.random(), self.domain.toss()\nreturn 'right'", TOP)
    assert missed(left) + missed(right) == len(DOMAINS) * N


def test_who_knew_the_seed_would_be_a_prophet(missed):
    """Else the tests above would show nothing; and why a seed that can be guessed is none for a stranger's program."""
    know = "from skdecide_elm.evaluation.randomness import derive_seed\nLUCK = [derive_seed(5, i, 0) for i in range(4)]"
    init = "MADE.append(1)\nif len(MADE) == 4: domain.seed(LUCK[3])"
    code = program("return self.domain.toss()", f"{know}\nMADE = []", init)
    assert abs(missed(code) - 3 * N / 2) < 100


def test_who_knows_the_planners_seeds_knows_nothing_of_the_domains(missed):
    """Nor does a program that derives seeds from those it finds in its own process."""
    init = """
        frame = sys._getframe()
        while "setup" not in frame.f_locals: frame = frame.f_back
        MADE.append(1)
        if len(MADE) == 4: domain.seed(derive_seed(frame.f_locals["setup"].seed, 3, 0))
    """
    top = "import sys\nfrom skdecide_elm.evaluation.randomness import derive_seed\nMADE = []"
    assert abs(missed(program("return self.domain.toss()", top, init)) - 2 * N) < 100
