"""The same program scores the same: twice, in another pool, in another mode, from another process."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from corridor import WALKER, Raffle, corridor_task, program
from local_actor import evaluate_here
from lucky import lucky_factory

from skdecide_elm.environments import GymnasiumDomain
from skdecide_elm.evaluation import EvaluationPool, RolloutTask
from skdecide_elm.evaluation.randomness import derive_seed, seed_everything

# each draws from another source of luck
GAMBLERS = {
    "random": program("return random.choice(['left', 'right'])", "import random"),
    "numpy": program("return str(np.random.choice(['left', 'right']))", "import numpy as np"),
    "space": program("return self.domain.get_action_space().sample()"),
    "generator of numpy": program(
        "return str(self.rng.choice(['left', 'right']))", "import numpy as np", "self.rng = np.random.default_rng()"
    ),
    "generator of its own": program(
        "return self.rng.choice(['left', 'right'])", "import random", "self.rng = random.Random()"
    ),
    "at the top": program("return MOVES.pop()", "import random\nMOVES = random.choices(['left', 'right'], k=1000)"),
    "order of a set": program("return next(iter({'left', 'right', str(observation)} - {str(observation)}))"),
    "own copy": program("return 'right' if self.domain.reset() > 3 else 'left'"),
}


def gamblers_task(seed: int = 0) -> RolloutTask:
    return RolloutTask(
        (Raffle, lucky_factory), corridor_task().bridge, num_episodes=2, max_steps=40, seed=seed, timeout=20
    )


def scores(seed: int = 0, mode: str = "forkserver", names: Sequence[str] = tuple(GAMBLERS)) -> dict[str, float]:
    with EvaluationPool(gamblers_task(seed), workers=1, mode=mode) as pool:
        evaluations = {name: pool.evaluate(GAMBLERS[name]) for name in names}
    assert all(evaluation.is_valid for evaluation in evaluations.values()), evaluations
    return {name: evaluation.combined_score for name, evaluation in evaluations.items()}


@pytest.fixture(scope="module")
def first():
    return scores()


def test_another_pool_with_two_workers(first):
    with EvaluationPool(gamblers_task(), workers=2) as pool:
        futures = [pool.submit(code) for code in GAMBLERS.values()]
        found = [future.result().combined_score for future in futures]
    assert found == list(first.values())


def test_another_mode(first):
    names = ["generator of its own", "space", "order of a set"]
    assert scores(mode="single", names=names) == {name: first[name] for name in names}


def test_another_process_with_other_hashes(first):
    script = "import json, test_repeatability; print(json.dumps(test_repeatability.scores()))"
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ["PYTHONPATH"]])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "12345"}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == first


def test_the_same_worker_again(first):
    assert scores(names=[*GAMBLERS, *GAMBLERS]) == first


def test_another_seed_is_other_luck(first):
    other = scores(seed=1)
    assert [name for name in GAMBLERS if other[name] == first[name]] == []


def test_episodes_differ_from_each_other():
    code = program("return 'right'", init="print(self.domain.reset(), random.random())", top="import random")
    task = RolloutTask((Raffle,), corridor_task().bridge, num_episodes=5, timeout=20)
    with EvaluationPool(task, workers=1) as pool:
        lines = pool.evaluate(code).artifacts["output"].splitlines()
    assert len(set(lines)) == 5


def test_a_gymnasium_environment():
    code = program("return self.domain.get_action_space().sample()")
    task = RolloutTask((lambda: GymnasiumDomain("CartPole-v1"),), corridor_task().bridge, max_steps=500, timeout=20)
    metrics = []
    for _ in range(2):
        with EvaluationPool(task, workers=1) as pool:
            metrics.append(pool.evaluate(code).metrics)
    assert metrics[0] == metrics[1]
    assert 3 * 8 <= -metrics[0]["cost"] < 3 * 500  # a reward of 1 per step; a random player falls


def test_nothing_depends_on_what_was_drawn_before():
    code = GAMBLERS["at the top"]
    found = set()
    for _ in range(3):
        random.seed()
        np.random.seed()
        found.add(evaluate_here(gamblers_task(), code).combined_score)
    assert len(found) == 1


def test_instances_do_not_depend_on_the_program():
    task = RolloutTask((lucky_factory,), corridor_task().bridge)
    drawing = program("return 'right'", "import random\nrandom.random()", "random.random()")
    assert evaluate_here(task, drawing).metrics == evaluate_here(task, WALKER).metrics


def test_seeds_differ_along_the_path():
    seeds = {derive_seed(seed, instance, episode) for seed in range(5) for instance in range(5) for episode in range(5)}
    assert len(seeds) == 125
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_a_domain_whose_seed_is_a_number_is_left_alone():
    class Numbered:
        seed = 7

    seed_everything(3, Numbered())
    drawn = random.random(), np.random.random()
    seed_everything(3)
    assert (random.random(), np.random.random()) == drawn
