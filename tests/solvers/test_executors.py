"""A solver on an executor of the user's: the same run, whoever evaluates."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from skdecide.hub.domain.maze import Maze

from skdecide_elm import IntegratedOpenEvolve
from skdecide_elm.errors import ConfigError

SETTINGS = {"nb_iterations": 4, "random_seed": 3, "evaluator_rollout_num_episodes": 1}


def test_the_run_is_the_same_on_an_executor():
    found = []
    with ThreadPoolExecutor(2) as executor:
        for parallel in (2, executor):
            with IntegratedOpenEvolve(Maze, evaluator_parallel=parallel, **SETTINGS) as solver:
                solver.solve()
                found.append((solver.best_score, solver.get_best_program_code()))
        assert executor.submit(abs, -1).result() == 1, "it was shut down"
    assert found[0] == found[1]


def test_what_is_no_executor():
    solver = IntegratedOpenEvolve(Maze, evaluator_parallel=object(), **SETTINGS)
    with pytest.raises(ConfigError, match="a number of workers or an executor"):
        solver.solve()


def test_one_line_says_what_isolates_programs(caplog):
    caplog.set_level(logging.INFO, logger="skdecide_elm")
    IntegratedOpenEvolve(Maze, **SETTINGS).close()
    assert len([record for record in caplog.records if "isolated by" in record.message]) == 1
