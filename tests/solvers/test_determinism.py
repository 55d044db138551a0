"""Equal seeds make equal runs."""

import json

import pytest
from processes import start
from tiny import FAST, IDLE, Line

from skdecide_elm import IntegratedOpenEvolve

# a program that ends must not be cut off on a busy machine
PATIENT = {**FAST, "evaluator_timeout": 60}


@pytest.fixture(scope="module")
def initial(tmp_path_factory):
    path = tmp_path_factory.mktemp("determinism") / "initial.py"
    path.write_text(IDLE)
    return path


def run(initial, *, iterations=25, runs=1, reload=None, **kwargs):
    """The programs of a run, in order, with their scores, and the prompt that would be next."""
    with IntegratedOpenEvolve(Line, initial, **{**PATIENT, **kwargs}, nb_iterations=iterations) as solver:
        for _ in range(runs):
            solver.solve()
            if reload is not None:
                solver.save(reload)
                solver.load(reload)
        programs = solver._backend._evolution.database.programs.values()
        found = [(p.code, p.metrics, p.generation, p.iteration_found, p.metadata["island"]) for p in programs]
        return found, solver.sample_prompt(), solver.statistics


# seeds whose programs all end: one that does not would be waited for in each of the runs
SETTINGS = [
    {"evaluator_parallel": 1, "migration_interval": 3, "num_islands": 3, "random_seed": 8},
    {"evaluator_parallel": 2, "migration_interval": 4, "num_islands": 2, "population_size": 12, "archive_size": 4},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["one worker", "two workers, a full population"])
def test_equal_seeds(initial, settings):
    first = run(initial, **settings)
    assert len(first[0]) > 10
    assert run(initial, **settings) == first


def test_the_number_of_workers_does_not_matter(initial):
    one, three = (run(initial, **{**SETTINGS[0], "evaluator_parallel": workers}) for workers in (1, 3))
    assert one == three


def test_other_seeds(initial):
    solvers = [IntegratedOpenEvolve(Line, initial, **PATIENT, random_seed=seed) for seed in (1, 2)]
    one, two = (solver._backend._evolution for solver in solvers)
    assert one.rng.random() != two.rng.random()
    assert one.arms.proposer.seed != two.arms.proposer.seed


def test_a_resumed_run(initial, tmp_path):
    """More programs than the diversity of a new one is measured by."""
    settings = {"runs": 2, "migration_interval": 3, "num_islands": 3, "random_seed": 7}
    assert run(initial, **settings, reload=tmp_path / "saved") == run(initial, **settings)


HASHES = """
    import json
    from tiny import FAST, Line
    from skdecide_elm import IntegratedOpenEvolve

    settings = {**FAST, "evaluator_timeout": 60, "migration_interval": 3, "num_islands": 3}
    with IntegratedOpenEvolve(Line, **settings, nb_iterations=15) as solver:
        solver.solve()
        programs = solver._backend._evolution.database.programs.values()
        print(json.dumps([[p.code for p in programs], solver.sample_prompt()]))
"""


def test_the_order_of_hashes_does_not_matter(tmp_path):
    found = []
    for seed in ("1", "2"):
        (tmp_path / seed).mkdir()
        process = start(tmp_path / seed, HASHES, PYTHONHASHSEED=seed)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        found.append(json.loads(output))
    assert found[0] == found[1]
    assert len(found[0][0]) > 8
