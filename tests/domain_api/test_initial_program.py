import functools
import importlib.util
import subprocess
import sys

import domains
import pytest
from skdecide.hub.domain.mastermind import MasterMind
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.rcpsp.rcpsp_sk import RCPSP
from skdecide.hub.domain.rock_paper_scissors import RockPaperScissors
from skdecide.hub.domain.simple_grid_world import SimpleGridWorld

from skdecide_elm.domain_api import has_restricted_actions, initial_program, public_proxy
from skdecide_elm.errors import UnsupportedDomainError
from skdecide_elm.programs.loader import load_planner_class
from skdecide_elm.programs.markers import split_blocks

FACTORIES = [
    Maze,
    RockPaperScissors,
    MasterMind,
    SimpleGridWorld,
    domains.BlindMaze,
    domains.BlackBoxMaze,
    domains.SampledBlackBoxMaze,
    domains.Duel,
    domains.Lamps,
    domains.Road,
    domains.small_rcpsp,
    domains.gripper,
]

BLIND_MAZE = '''\
"""A planner for the domain BlindMaze of domains.

A new planner is made for every episode. It gets its own copy of the domain, a scikit-decide domain
whose public methods it may call. At each step `sample_action` gets the observation and the
applicable actions, and answers with the action to take.

Only the part between the two markers evolves.
"""

from __future__ import annotations

import random

from domains import BlindMaze, Sight, Step
from skdecide import Domain, Space


# EVOLVE-BLOCK-START
class Planner:
    """Takes random actions."""

    def __init__(self, domain: Domain) -> None:
        """Keep the planner's own copy of the domain: playing it does not touch the episode."""
        self.domain = domain

    def sample_action(self, observation: Sight, applicable_actions: Space[Step]) -> Step:
        """Choose the action to take now.

        Args:
            observation: Sight, a named tuple (free: tuple[Step, ...], at_exit: bool).
            applicable_actions: the scikit-decide space of actions that are possible now.

        Returns:
            The action: Step, an enum (north, south, west, east).
        """
        return random.choice(list(applicable_actions.get_elements()))
# EVOLVE-BLOCK-END


if __name__ == "__main__":
    from skdecide.utils import rollout

    class Policy:
        """What `rollout` needs of a solver."""

        def __init__(self, planner):
            self.planner = planner

        def sample_action(self, observation, domain=None):
            return self.planner.sample_action(observation, domain.get_applicable_actions())

    def make_domain():
        return BlindMaze()

    [(_, actions, values)] = rollout(
        make_domain(),
        Policy(Planner(make_domain())),
        max_steps=100,
        render=False,
        verbose=False,
        return_episodes=True,
    )
    print(f"{len(actions)} actions, total cost {sum(v.cost for v in values)}")
'''


def body(text):
    """The statements of `sample_action`: what stands between its docstring and the end of the block."""
    [block] = split_blocks(text).inside
    return [line.strip() for line in block.rpartition('"""')[2].strip().splitlines()]


def test_whole_text():
    assert initial_program(domains.BlindMaze()) == BLIND_MAZE


@pytest.mark.parametrize(
    ("factory", "statements"),
    [
        (Maze, ["action_space = self.domain.get_action_space()", "return action_space.sample()"]),
        (
            RockPaperScissors,
            [
                "action_space = self.domain.get_action_space()",
                "return {agent: space.sample() for agent, space in action_space.items()}",
            ],
        ),
        (domains.Lamps, ["action_space = self.domain.get_action_space()", "return [action_space.sample()]"]),
        (domains.gripper, ["return applicable_actions.sample()"]),
        (
            domains.BlackBoxMaze,
            [
                "action_space = self.domain.get_action_space()",
                "return random.choice([action for action in action_space.get_elements() "
                "if action in applicable_actions])",
            ],
        ),
        (
            domains.Duel,
            [
                "return {",
                "'left': [applicable_actions['left'].sample()],",
                "'right': [random.choice(list(applicable_actions['right'].get_elements()))],",
                "}",
            ],
        ),
    ],
)
def test_parts_per_characteristic(factory, statements):
    assert body(initial_program(factory())) == statements


@pytest.mark.parametrize("wrap", [lambda domain: domain, public_proxy])
@pytest.mark.parametrize("factory", FACTORIES)
def test_one_episode(factory, wrap):
    planner = load_planner_class(initial_program(factory(), domain_factory=factory))(domain=wrap(factory()))
    domain = factory()
    observation = domain.reset()
    for _ in range(50):
        arguments = [domain.get_applicable_actions()] if has_restricted_actions(domain) else []
        action = planner.sample_action(observation, *arguments)
        outcome = domain.step(action)
        observation, ended = outcome.observation, outcome.termination
        if all(ended.values()) if isinstance(ended, dict) else ended:
            break


@pytest.mark.parametrize(
    "factory", [Maze, domains.gripper, domains.Duel, functools.partial(MasterMind, 3, n_positions=2)]
)
def test_program_runs_as_a_script(factory, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(initial_program(factory(), domain_factory=factory))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "actions, total cost" in done.stdout


def test_importing_the_program_plays_nothing(tmp_path, capsys):
    script = tmp_path / "imported_program.py"
    script.write_text(initial_program(Maze()))
    spec = importlib.util.spec_from_file_location("imported_program", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert hasattr(module, "Planner")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("domain", "factory", "reason"),
    [
        (
            Maze(),
            lambda: Maze(),
            "# No script rollout here: the domain factory <lambda> cannot be imported by name.",
        ),
        (
            domains.small_rcpsp(),
            None,
            "# No script rollout here: RCPSP needs arguments that are not known here.",
        ),
        (
            domains.BlindMaze(),
            functools.partial(domains.BlindMaze, domains.Cell(1, 1)),
            "# No script rollout here: the arguments of BlindMaze cannot be written as short literals.",
        ),
    ],
)
def test_rollout_that_cannot_be_written_is_explained(domain, factory, reason):
    text = initial_program(domain, domain_factory=factory)
    assert text.endswith(f"# EVOLVE-BLOCK-END\n\n\n{reason}\n")
    load_planner_class(text)


def test_rollout_can_be_left_out():
    assert initial_program(Maze(), include_rollout=False).endswith("# EVOLVE-BLOCK-END\n")


def test_domain_factory_is_not_called():
    def factory():
        raise AssertionError("called")

    initial_program(Maze(), domain_factory=factory)


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        (domains.Unresettable(), "Unresettable lacks Initializable"),
        (domains.Unstarted(), "Unstarted declares Initializable and Events without implementing both"),
        (domains.OpaqueMaze(), "OpaqueMaze gives a ImplicitSpace"),
    ],
)
def test_unsupported_domain_is_refused(domain, message):
    with pytest.raises(UnsupportedDomainError, match=message):
        initial_program(domain)


def test_multi_agent_domain_without_a_space_per_agent_is_refused():
    class Muddled(domains.Duel):
        def _get_applicable_actions_from(self, memory):
            return domains.OnlySamplable([1])

    with pytest.raises(UnsupportedDomainError, match=r"Muddled gives the contrary.*MultiAgent"):
        initial_program(Muddled())


def test_action_space_is_not_needed_where_actions_are_restricted():
    class Spaceless(domains.BlindMaze):
        def _get_action_space_(self):
            raise NotImplementedError

    assert body(initial_program(Spaceless())) == ["return random.choice(list(applicable_actions.get_elements()))"]


def test_space_is_described_where_the_type_is_not_given():
    text = initial_program(domains.Lamps())
    assert "observation: an element of {0, 1, 2, 3}." in text
    assert "each an element of {Lamp.off, Lamp.on}." in " ".join(text.split())


def test_rcpsp_with_literal_arguments_can_be_written():
    modes = {1: {1: {"duration": 0}}, 2: {1: {"duration": 1}}}
    factory = functools.partial(RCPSP, modes, 5, successors={1: [2], 2: []})
    text = initial_program(factory(), domain_factory=factory)
    assert f"return RCPSP({modes!r}, 5, successors={{1: [2], 2: []}})" in text
