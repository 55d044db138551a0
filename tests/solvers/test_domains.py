"""Every kind of domain: solved for a few iterations, then rolled out by scikit-decide."""

import math
from pathlib import Path

import pytest
from domains import (
    BlackBoxMaze,
    BlindMaze,
    Duel,
    Lamps,
    OpaqueMaze,
    Road,
    SampledBlackBoxMaze,
    gripper,
    small_rcpsp,
)
from factories import bin_packing, cart_pole, specification
from skdecide.hub.domain.mastermind import MasterMind
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.maze.maze import Action
from skdecide.hub.domain.rock_paper_scissors import RockPaperScissors
from skdecide.utils import rollout

from skdecide_elm import IntegratedOpenEvolve, ProxyOpenEvolve
from skdecide_elm.errors import MissingDomainError, UnsupportedDomainError

ROOT = Path(__file__).parents[2]


HIDDEN = {"planner_domain_factory": specification}
DOMAINS = [
    # factory, keywords, has goals
    pytest.param(Maze, {}, True, id="Maze"),
    pytest.param(BlindMaze, {}, True, id="BlindMaze"),
    pytest.param(BlackBoxMaze, {}, True, id="BlackBoxMaze"),
    pytest.param(SampledBlackBoxMaze, {}, True, id="SampledBlackBoxMaze"),
    pytest.param(cart_pole, {}, False, id="CartPole"),
    pytest.param(small_rcpsp, {}, True, id="RCPSP"),
    pytest.param(gripper, {}, True, id="gripper"),
    pytest.param(Road, {}, True, id="GraphDomain"),
    pytest.param(MasterMind, {}, True, id="MasterMind"),
    pytest.param(bin_packing, HIDDEN, False, id="OnlineBinPacking"),
    pytest.param(Lamps, {}, False, id="parallel"),
    pytest.param(RockPaperScissors, {}, False, id="RockPaperScissors"),
    pytest.param(Duel, {}, False, id="multi-agent, parallel, restricted"),
]


@pytest.mark.parametrize(("factory", "kwargs", "goals"), DOMAINS)
def test_solved_and_rolled_out(factory, kwargs, goals):
    with IntegratedOpenEvolve(
        factory,
        evaluator_rollout_num_episodes=1,
        evaluator_rollout_max_steps=30,
        evaluator_timeout=10,
        evaluator_parallel=1,
        nb_iterations=3,
        **kwargs,
    ) as solver:
        assert type(solver).check_domain(factory())
        roll(factory(), solver)
        solver.solve()
        assert solver.iteration == 3
        assert math.isfinite(solver.best_score)
        result = solver.evaluate_program_code(solver.get_best_program_code())
        assert result.metrics["combined_score"] == solver.best_score
        assert ("nb_reached_goals" in result.metrics) is goals
        roll(factory(), solver)


def roll(domain, solver):
    episodes = rollout(domain, solver, num_episodes=2, max_steps=5, render=False, verbose=False, return_episodes=True)
    assert len(episodes) == 2
    for observations, actions, values in episodes:
        assert 0 < len(actions) == len(values) == len(observations) - 1


def test_a_joint_planner_answers_for_all_agents():
    domain = RockPaperScissors()
    with IntegratedOpenEvolve(RockPaperScissors) as solver:
        actions = solver.sample_action(domain.reset(), domain=domain)
    assert set(actions) == set(domain.get_agents())


@pytest.mark.parametrize("factory", [BlindMaze, bin_packing, gripper, Duel])
def test_restricted_actions_without_the_domain(factory):
    solver = IntegratedOpenEvolve(factory)
    with pytest.raises(MissingDomainError, match=r"call sample_action\(observation, domain=domain\)"):
        solver.sample_action(factory().reset())


def test_actions_that_cannot_be_found_are_refused_unless_a_program_finds_them(tmp_path):
    with pytest.raises(UnsupportedDomainError, match="SamplableSpace or an EnumerableSpace"):
        IntegratedOpenEvolve(OpaqueMaze)
    program = tmp_path / "program.py"
    program.write_text(
        "from domains import Step\n# EVOLVE-BLOCK-START\nclass Planner:\n    def __init__(self, domain): pass\n"
        "    def sample_action(self, observation, applicable_actions):\n"
        "        return next(step for step in Step if step in applicable_actions)\n# EVOLVE-BLOCK-END\n"
    )
    with IntegratedOpenEvolve(OpaqueMaze, program, nb_iterations=2, evaluator_parallel=1) as solver:
        solver.solve()
        assert math.isfinite(solver.best_score)


def test_the_planner_of_a_hiding_domain_gets_the_specification(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "# EVOLVE-BLOCK-START\nclass Planner:\n    def __init__(self, domain):\n"
        "        try:\n            domain.reset()\n        except Exception as error:\n            print(error)\n"
        "        else:\n            raise AssertionError('the items to come are seen')\n"
        "    def sample_action(self, observation, applicable_actions):\n"
        "        return applicable_actions.get_elements()[0]\n# EVOLVE-BLOCK-END\n"
    )
    with IntegratedOpenEvolve(bin_packing, program, **HIDDEN, evaluator_parallel=1) as solver:
        assert solver.evaluate_program_code(program.read_text()).metrics["cost"] > 0
        assert rollout(bin_packing(), solver, render=False, verbose=False, return_episodes=True)
    with IntegratedOpenEvolve(bin_packing, program, evaluator_parallel=1) as solver:
        error = solver.evaluate_program_code(program.read_text()).artifacts["error"]
        assert error == "AssertionError: the items to come are seen"


def test_several_instances(tmp_path):
    with IntegratedOpenEvolve(
        Road,
        evaluator_domain_factories=[Road, Road, lambda: Road()],
        evaluator_rollout_num_episodes=2,
        evaluator_rollout_max_steps=lambda domain: 4,
        evaluator_rollout_normalize=False,
        evaluator_parallel=1,
    ) as solver:
        shortest = solver.get_best_program_code().replace(
            "return applicable_actions.sample()", "return {'a': 'ab', 'b': 'bc'}[observation]"
        )
        result = solver.evaluate_program_code(shortest)
        assert result.metrics["nb_episodes"] == result.metrics["nb_reached_goals"] == 6
        assert result.metrics["cost"] == -result.metrics["combined_score"] == 12


# --- behind converters

CONVERTERS = {
    "planner_kwargs_factory": lambda domain: dict(
        zip(("width", "height"), map(int, domain.get_observation_space().unwrapped().nvec), strict=True)
    ),
    "planner_obs_converter": lambda state: (state.x, state.y),
    "planner_action_converter": lambda name: Action[name],
}


@pytest.mark.parametrize("script", [None, ROOT / "evaluators" / "maze.py"])
def test_proxy(script):
    with ProxyOpenEvolve(
        Maze,
        ROOT / "initial_programs" / "maze.py",
        evaluator_path=script,
        config=ROOT / "configs" / "maze.yaml",
        evaluator_rollout_max_steps=50,
        evaluator_parallel=1,
        nb_iterations=3,
        **CONVERTERS,
    ) as solver:
        roll(Maze(), solver)
        solver.solve()
        assert solver.iteration == 3
        assert -6 <= solver.best_score < 0  # three episodes, or a mean; a bump costs 2
        assert solver.statistics.invalid < solver.statistics.evaluations
        roll(Maze(), solver)


def test_proxy_with_restricted_actions():
    with ProxyOpenEvolve(
        bin_packing,
        ROOT / "initial_programs" / "binpacking.py",
        planner_kwargs_factory=lambda domain: {"capacity": domain.capacity},
        planner_obs_converter=lambda observation: (observation.item, observation.residual),
        planner_applicable_actions_converter=lambda space: space.get_elements(),
        planner_domain_factory=specification,
        nb_iterations=3,
        evaluator_parallel=1,
        evaluator_rollout_normalize=False,
        evaluator_rollout_num_episodes=1,
    ) as solver:
        solver.solve()
        assert -6 <= solver.best_score <= -3  # the items fill three bins
        roll(bin_packing(), solver)
        with pytest.raises(MissingDomainError):
            solver.sample_action(bin_packing().reset())


# --- the public API only

NOSY = """\
# EVOLVE-BLOCK-START
class Planner:
    def __init__(self, domain):
        self.domain = domain

    def sample_action(self, observation):
        return self.domain._maze and self.domain.get_action_space().sample()
# EVOLVE-BLOCK-END
"""


STANDS_STILL = """# EVOLVE-BLOCK-START
class Planner:
    def sample_action(self, observation):
        return 0
# EVOLVE-BLOCK-END
"""


def test_behind_a_converter_a_pole_is_balanced_all_the_same(tmp_path):
    (tmp_path / "initial.py").write_text(STANDS_STILL)
    with ProxyOpenEvolve(
        cart_pole,
        tmp_path / "initial.py",
        planner_obs_converter=lambda observation: [float(number) for number in observation],
        evaluator_rollout_num_episodes=2,
        evaluator_rollout_max_steps=200,
        evaluator_rollout_normalize=False,
        evaluator_parallel=1,
        nb_iterations=60,
        random_seed=1,
    ) as solver:
        solver.solve()
        assert solver.best_score > 2 * 100, "standing still lasts for about 10 steps"


def test_public_api_enforced(tmp_path):
    (tmp_path / "nosy.py").write_text(NOSY)
    message = "Access to private member '_maze' is not allowed."
    with IntegratedOpenEvolve(
        Maze, tmp_path / "nosy.py", evaluator_enforce_using_public_api=True, evaluator_parallel=1
    ) as solver:
        result = solver.evaluate_program_code(NOSY)
        assert result.metrics == {"combined_score": -math.inf}
        assert result.artifacts["error"] == f"AttributeError: {message}"
        assert "sample_action" in result.artifacts["traceback"]
        assert message in solver.sample_prompt()["user"]
        assert math.isfinite(solver.evaluate_program_code(NOSY.replace("_maze and self.domain.", "")).metrics["cost"])
        with pytest.raises(AttributeError, match="_maze"):
            solver.sample_action(Maze().reset())  # the policy sees what the evaluation showed


def test_public_api_not_enforced(tmp_path):
    (tmp_path / "nosy.py").write_text(NOSY)
    with IntegratedOpenEvolve(Maze, tmp_path / "nosy.py", evaluator_parallel=1) as solver:
        assert math.isfinite(solver.evaluate_program_code(NOSY).metrics["combined_score"])
