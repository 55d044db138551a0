"""What callbacks see of a search, and how they end it."""

import pytest
from mirrored import MirroredLine
from tiny import FAST, IDLE, Line

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve

SOLVERS = [IntegratedELM, IntegratedOpenEvolve]


@pytest.fixture
def make(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    solvers = []

    def make(solver_class, **settings):
        given = {"random_seed": 3, "nb_iterations": 8, **FAST, **settings}
        solvers.append(solver_class(Line, tmp_path / "initial.py", **given))
        return solvers[-1]

    yield make
    for solver in solvers:
        solver.close()


@pytest.mark.parametrize("solver_class", SOLVERS)
def test_a_callback_sees_each_iteration(make, solver_class):
    solver, seen = make(solver_class), []

    def look(given):
        assert given is solver
        evaluation = given.evaluate_program_code(given.get_best_program_code(), cached=True)
        assert given.best_score == evaluation.metrics["combined_score"]
        seen.append((given.iteration, given.best_score, given.statistics.evaluations, given.ledger.total.calls))

    solver.solve(callbacks=look)
    iterations, scores, evaluations, calls = zip(*seen, strict=True)
    assert iterations == tuple(range(1, solver.nb_iterations + 1))
    assert list(scores) == sorted(scores)
    assert list(evaluations) == sorted(evaluations)
    assert set(calls) == {0}, "the embedded proposer costs nothing"
    assert (scores[-1], evaluations[-1]) == (solver.best_score, solver.statistics.evaluations)


@pytest.mark.parametrize("solver_class", SOLVERS)
def test_any_callback_may_end_the_search_which_can_go_on(make, solver_class):
    solver, seen = make(solver_class, callback=lambda given: given.iteration == 5), []
    solver.solve(callbacks=[lambda given: given.iteration == 3, lambda given: seen.append(given.iteration)])
    assert (solver.iteration, seen) == (3, [1, 2, 3]), "all callbacks are called, and what returns None ends nothing"
    assert not solver.was_interrupted
    solver.solve()
    assert solver.iteration == 5


@pytest.mark.parametrize("solver_class", SOLVERS)
def test_a_search_that_was_ended_and_goes_on_is_the_one_that_was_not(make, solver_class):
    whole, parts = make(solver_class), make(solver_class)
    whole.solve()
    parts.solve(callbacks=lambda given: given.iteration == 3)
    parts.solve(callbacks=lambda given: given.iteration == 8)
    assert parts.get_best_program_code() == whole.get_best_program_code()
    assert parts.statistics.improvements == whole.statistics.improvements
    assert (parts.iteration, parts.coverage) == (8, whole.coverage)


BOUNDED = [{"name": "code_length", "bounds": (0, 5000)}, {"name": "mean_steps", "bounds": (0, 10)}]


@pytest.mark.parametrize(
    ("solver_class", "settings"), [(IntegratedOpenEvolve, {}), (IntegratedELM, {"elm": {"features": BOUNDED}})]
)
def test_validation_chooses_after_a_callback_has_ended_the_search(make, solver_class, settings):
    solver = make(solver_class, validation_domain_factories=[MirroredLine], **settings)
    solver.solve(callbacks=lambda given: True)
    assert solver.iteration == 1
    result = solver.get_result()
    assert result.code == solver.get_best_program_code()
    assert solver.held_out_score() == result.validation.score.mean
    assert solver.held_out_score() >= -0.4, "the initial program is among the candidates, and is good there"


@pytest.mark.parametrize("solver_class", SOLVERS)
def test_what_a_callback_raises_comes_out_of_solve(make, solver_class):
    solver = make(solver_class)

    def fail(given):
        if given.iteration == 2:
            raise LookupError("of mine")

    with pytest.raises(LookupError, match="of mine"):
        solver.solve(fail)
    assert solver.iteration == 2
    solver.solve(lambda given: given.iteration == 4)
    assert solver.iteration == 4


def test_coverage_counts_the_cells_of_all_islands(make):
    solver = make(
        IntegratedOpenEvolve, num_islands=2, feature_dimensions=["complexity"], feature_bins={"complexity": 4}
    )
    assert solver.coverage == 0.0
    solver.solve(callbacks=lambda given: True)
    database = solver._backend._evolution.database
    assert solver.coverage == sum(len(cells) for cells in database.island_feature_maps) / 8


def test_without_validation_the_held_out_score_is_that_of_the_search(make):
    solver = make(IntegratedELM)
    solver.solve()
    assert solver.held_out_score() == solver.best_score
