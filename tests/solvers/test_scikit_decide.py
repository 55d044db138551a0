"""The solvers as scikit-decide sees them: registered, matched, rolled out, closed."""

import random
from pathlib import Path

import pytest
from domains import BlindMaze, Road, Unresettable, Unstarted
from skdecide.builders.solver import Policies, Restorable
from skdecide.hub.domain.maze import Maze
from skdecide.utils import get_registered_solvers, load_registered_solver, match_solvers, rollout
from tiny import FAST, IDLE, STRAIGHT, Line, Move

import skdecide_elm
from skdecide_elm import IntegratedOpenEvolve, ProxyOpenEvolve
from skdecide_elm.errors import MarkerError, MissingDomainError, PlannerError, ProgramError, UnsupportedDomainError

NAMES = ["IntegratedELM", "IntegratedOpenEvolve", "ProxyELM", "ProxyOpenEvolve"]

PROXY_PROGRAM = """\
# EVOLVE-BLOCK-START
class Planner:
    def __init__(self, moves):
        self.moves = moves

    def sample_action(self, observation):
        return self.moves[0]
# EVOLVE-BLOCK-END
"""


def solver_for(kind, folder, **kwargs):
    """A solver for the line whose initial program never arrives."""
    path = Path(folder) / "initial.py"
    path.write_text(IDLE if kind is IntegratedOpenEvolve else PROXY_PROGRAM)
    if kind is ProxyOpenEvolve:
        kwargs = {
            "planner_kwargs_factory": lambda domain: {"moves": [move.name for move in Move]},
            "planner_obs_converter": lambda cell: (cell, 4),
            "planner_action_converter": lambda name: Move[name],
            **kwargs,
        }
    return kind(Line, initial_program_path=path, **{**FAST, **kwargs})


def play(solver, max_steps=10):
    [(observations, actions, values)] = rollout(
        Line(), solver, max_steps=max_steps, render=False, verbose=False, return_episodes=True
    )
    assert sum(value.cost for value in values) == len(actions)
    return observations, actions


@pytest.mark.parametrize("name", NAMES)
def test_registered_under_its_name(name):
    assert name in get_registered_solvers()
    assert load_registered_solver(name) is getattr(skdecide_elm, name)


@pytest.mark.parametrize("name", NAMES)
def test_matched_with_domains_that_can_be_reset(name):
    solver = getattr(skdecide_elm, name)
    for domain in (Line(), Maze(), BlindMaze(), Road()):
        assert solver.check_domain(domain)
    assert not solver.check_domain(Unresettable())
    assert issubclass(solver, Policies) and issubclass(solver, Restorable)


def test_match_solvers_finds_all():
    candidates = [load_registered_solver(name) for name in NAMES]
    assert match_solvers(Maze(), candidates) == candidates
    assert match_solvers(Unresettable(), candidates) == []


@pytest.mark.parametrize("solver", [IntegratedOpenEvolve, ProxyOpenEvolve])
def test_missing_characteristic_is_named(solver, tmp_path):
    (tmp_path / "program.py").write_text(IDLE)
    with pytest.raises(UnsupportedDomainError, match=r"Unresettable lacks Initializable"):
        solver(Unresettable, tmp_path / "program.py")


def test_declared_but_not_implemented_is_named():
    with pytest.raises(UnsupportedDomainError, match=r"Unstarted declares Initializable"):
        IntegratedOpenEvolve(Unstarted)


@pytest.mark.parametrize("kind", [IntegratedOpenEvolve, ProxyOpenEvolve])
def test_rollout_before_and_after_solve(kind, tmp_path):
    with solver_for(kind, tmp_path, nb_iterations=15) as solver:
        initial = solver.get_best_program_code()
        assert solver.best_score is None and solver.iteration == 0
        observations, actions = play(solver)
        assert set(observations) == {0} and len(actions) == 10
        assert solver.best_score is None, "a rollout evaluates nothing"

        solver.solve()
        assert solver.iteration == 15
        assert solver.best_score > -1.0
        assert solver.get_best_program_code() != initial
        for _ in range(5):
            observations, actions = play(solver, max_steps=50)
            assert observations[-1] == 4
        assert solver.is_policy_defined_for(0)


@pytest.mark.parametrize("kind", [IntegratedOpenEvolve, ProxyOpenEvolve])
def test_the_planner_is_the_same_within_an_episode_and_new_in_the_next(kind, tmp_path):
    path = tmp_path / "counting.py"
    path.write_text(
        "from tiny import Move\n# EVOLVE-BLOCK-START\nclass Planner:\n    def __init__(self, domain):\n"
        "        self.calls = 0\n    def sample_action(self, observation):\n        self.calls += 1\n"
        "        return Move.left if self.calls == 1 else Move.right\n# EVOLVE-BLOCK-END\n"
    )
    kwargs = {"planner_kwargs_factory": lambda domain: {"domain": None}} if kind is ProxyOpenEvolve else {}
    with kind(Line, initial_program_path=path, **FAST, **kwargs) as solver:
        for _ in range(2):
            assert play(solver) == ([0, 0, 1, 2, 3, 4], [Move.left] + [Move.right] * 4)


def test_policy_and_evaluation_agree(tmp_path):
    with solver_for(IntegratedOpenEvolve, tmp_path) as solver:
        assert solver.evaluate_program_code(STRAIGHT).metrics == {
            "combined_score": pytest.approx(-4 / 10),
            "cost": 4.0,
            "nb_reached_goals": 1.0,
            "nb_episodes": 1.0,
            "nb_cut_episodes": 0.0,
            "mean_steps": 4.0,
            "goal_rate": 1.0,
            "cost_spread": 0.0,
            "action_entropy": 0.0,
            "distinct_observations": 1.0,
        }
        assert solver.best_score is None, "the search does not hear of it"


def test_restricted_actions_need_the_domain():
    domain = BlindMaze()
    with IntegratedOpenEvolve(BlindMaze, **FAST) as solver:
        observation = domain.reset()
        with pytest.raises(MissingDomainError, match=r"sample_action\(observation, domain=domain\)"):
            solver.sample_action(observation)
        assert solver.sample_action(observation, domain=domain) in observation.free


def test_the_solver_may_be_used_after_it_was_closed(tmp_path):
    with solver_for(IntegratedOpenEvolve, tmp_path, nb_iterations=2) as solver:
        solver.solve()
    solver.solve()
    assert solver.iteration == 4
    solver._cleanup()
    solver._cleanup()
    assert play(solver)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (None, ProgramError, "expected the text of a program at .*give the path of a Python file"),
        ("class Planner: ...\n", MarkerError, "EVOLVE-BLOCK-START"),
        ("# EVOLVE-BLOCK-START\nclass Planner: ...\n", MarkerError, "never closed"),
    ],
)
def test_unusable_initial_program_is_refused_at_once(text, error, message, tmp_path):
    path = tmp_path / "program.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(error, match=message):
        IntegratedOpenEvolve(Line, path)


def test_program_without_planner_cannot_act(tmp_path):
    path = tmp_path / "program.py"
    path.write_text("# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\n")
    with IntegratedOpenEvolve(Line, path, **FAST, nb_iterations=1) as solver:
        with pytest.raises(PlannerError, match="class Planner"):
            solver.sample_action(0)
        assert solver.evaluate_program_code(path.read_text()).metrics == {"combined_score": float("-inf")}
        solver.solve()  # nothing to vary: the run says so and goes on
        assert solver.best_score == float("-inf")


def test_generated_initial_program_is_the_first_policy():
    random.seed(0)
    with IntegratedOpenEvolve(Maze, **FAST) as solver:
        domain = Maze()
        action = solver.sample_action(domain.reset(), domain=domain)
        assert domain.get_action_space().contains(action)
        compile(solver.get_best_program_code(), "initial", "exec")


def test_a_run_ends_early_at_its_target_or_when_patience_ends(tmp_path):
    (tmp_path / "best.py").write_text(STRAIGHT)
    with IntegratedOpenEvolve(
        Line, tmp_path / "best.py", **FAST, nb_iterations=1000, early_stopping_patience=4
    ) as solver:
        solver.solve()
        assert solver.iteration == 4
        solver.solve()
        assert solver.iteration == 8
    with solver_for(IntegratedOpenEvolve, tmp_path, nb_iterations=1000, target_score=-0.9) as solver:
        solver.solve()
        assert solver.best_score >= -0.9
        found = solver.iteration
        assert found < 1000
        solver.solve()
        assert solver.iteration == found
