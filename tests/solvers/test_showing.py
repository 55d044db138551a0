"""What solvers show in a notebook: plots and a card, of both searches."""

import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from tiny import FAST, IDLE, Line

from skdecide_elm import IntegratedELM, IntegratedOpenEvolve
from skdecide_elm.errors import ConfigError

SEARCHES = {
    "elm": (IntegratedELM, {"elm": {"features": ["code_length", "mean_steps"], "init_steps": 6}}),
    "cvt": (IntegratedELM, {"elm": {"archive": "cvt", "archive_options": {"cells": 10}, "init_steps": 6}}),
    "islands": (IntegratedOpenEvolve, {"num_islands": 2}),
}


@pytest.fixture
def make(tmp_path):
    (tmp_path / "initial.py").write_text(IDLE)
    solvers = []

    def make(name, steps=12):
        solver_class, settings = SEARCHES[name]
        given = {"random_seed": 3, "nb_iterations": steps, **FAST, **settings}
        solvers.append(solver_class(Line, tmp_path / "initial.py", **given))
        return solvers[-1]

    yield make
    for solver in solvers:
        solver.close()


@pytest.mark.parametrize("name", SEARCHES)
def test_a_solved_search_is_drawn_and_described(make, name):
    solver = make(name)
    solver.solve()
    ax, other = Figure().subplots(1, 2)
    assert solver.plot_archive(ax) is ax
    scores = (ax.images or ax.collections)[0].get_array()
    assert scores.max() == pytest.approx(solver.best_score)
    assert solver.plot_history(other) is other
    assert other.lines[0].get_ydata()[-1] == solver.best_score
    assert f"best score −{-solver.best_score:.6g}, {solver.iteration} steps" in solver._repr_html_()


@pytest.mark.parametrize("name", ["elm", "islands"])
def test_before_a_search_there_is_a_card_but_nothing_to_draw(make, name):
    solver = make(name)
    assert "not solved yet" in solver._repr_html_()
    for plot in (solver.plot_archive, solver.plot_history):
        with pytest.raises(ConfigError, match=r"call solve\(\)"):
            plot()


def test_without_axes_the_current_ones_are_taken(make):
    solver = make("elm", steps=7)
    solver.solve()
    figure = pyplot.figure()
    try:
        current = figure.subplots()
        assert solver.plot_history() is current
    finally:
        pyplot.close(figure)
