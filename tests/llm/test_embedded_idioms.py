"""Each idiom, as text, on the real domains that it is meant for."""

import ast
import random
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from chance import Climb, Pace, SimulatedClimb
from domains import Orchard
from gymnasium import spaces
from numbers_observed import random_numbers, warehouse
from skdecide.hub.domain.mastermind import MasterMind
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.maze.maze import DEFAULT_MAZE
from skdecide.hub.domain.rock_paper_scissors import RockPaperScissors

from skdecide_elm.domain_api.characteristics import has_restricted_actions
from skdecide_elm.domain_api.initial_program import initial_program
from skdecide_elm.domain_api.profile import profile_domain, profile_proxy
from skdecide_elm.environments.gymnasium_domain import GymnasiumDomain
from skdecide_elm.environments.online_bin_packing import OnlineBinPacking
from skdecide_elm.llm.embedded.edits import perturb_numbers
from skdecide_elm.llm.embedded.idioms import IDIOMS, Draft
from skdecide_elm.llm.embedded.planner_swap import headline, setting_of, with_planner
from skdecide_elm.llm.embedded.source import parse
from skdecide_elm.programs.markers import outside_evolve_blocks
from skdecide_elm.programs.omission import omissions
from skdecide_elm.programs.tunables import read_tunables, with_values
from skdecide_elm.search.tuning import search_for_constants

DOMAINS = {
    "maze": Maze,
    "mastermind": MasterMind,
    "rock_paper_scissors": RockPaperScissors,
    "bin_packing": lambda: OnlineBinPacking(100, distribution="weibull", n_items=60, seed=1),
    "cartpole": lambda: GymnasiumDomain("CartPole-v1", seed=0),
    "mountain_car_continuous": lambda: GymnasiumDomain("MountainCarContinuous-v0", seed=0),
    "frozen_lake": lambda: GymnasiumDomain("FrozenLake-v1", seed=0),
    "climb": Climb,
    "simulated_climb": SimulatedClimb,
    "orchard": Orchard,
    "warehouse": warehouse,
    "integers": lambda: random_numbers(spaces.MultiDiscrete([20, 1, 5]), spaces.Discrete(2)),
    "bits": lambda: random_numbers(spaces.MultiBinary(5), spaces.Discrete(4)),
    "large_number": lambda: random_numbers(spaces.Discrete(500), spaces.Discrete(6)),
    "reals": lambda: random_numbers(spaces.Box(-np.inf, np.inf, (5,)), spaces.Discrete(7)),
    "several_pushes": lambda: random_numbers(spaces.Box(-np.inf, np.inf, (5,)), spaces.Box(-2, 2, (3,))),
}

FITTING = {
    "maze": 15,
    "mastermind": 7,
    "rock_paper_scissors": 2,
    "bin_packing": 2,
    "cartpole": 3,
    "mountain_car_continuous": 0,
    "frozen_lake": 6,
    "climb": 8,
    "simulated_climb": 7,
    "orchard": 13,
    "warehouse": 4,
    "integers": 3,
    "bits": 4,
    "large_number": 7,
    "reals": 4,
    "several_pushes": 4,
}
"""Idioms that suit each.

For the first: 5 searches, 3 explorations, 1 of memory, 1 tabu list, 2 look-aheads, 1 tree, 2
plain orders. Two of the searches need a distance, which nobody knows in the orchard.
"""


def _steps_to_the_exit(text):
    """Length of a shortest way from o to x through the free cells, by a flood of the map's text."""
    cells = {(x, y): c for y, line in enumerate(text.strip().split("\n")) for x, c in enumerate(line)}
    reached, steps = {cell for cell, c in cells.items() if c == "o"}, 0
    while not any(cells[cell] == "x" for cell in reached):
        moves = {(x + dx, y + dy) for x, y in reached for dx, dy in ((0, 1), (0, -1), (1, 0), (-1, 0))}
        reached |= {cell for cell in moves if cells.get(cell, "#") in " ox"}
        steps += 1
    return steps


def _programs(name, draws=3, **known):
    domain = DOMAINS[name]()
    source = parse(initial_program(domain))
    setting = setting_of(replace(profile_domain(domain), **known), source)
    for idiom in IDIOMS:
        for draw in range(draws if idiom.fits(setting) else 0):
            yield idiom, with_planner(source, idiom.write(setting, random.Random(draw)))


def _planner(program, **kwargs):
    namespace = {"__name__": "program"}
    exec(compile(program, "program", "exec"), namespace)
    return namespace["Planner"](**kwargs)


def _cost(program, name, max_steps=120):
    """(total cost, whether the episode reached a goal) of one episode."""
    random.seed(0)
    np.random.seed(0)
    domain = DOMAINS[name]()
    planner, observation, total = _planner(program, domain=DOMAINS[name]()), domain.reset(), 0.0
    for _ in range(max_steps):
        arguments = [domain.get_applicable_actions()] if has_restricted_actions(domain) else []
        outcome = domain.step(planner.sample_action(observation, *arguments))
        observation = outcome.observation
        several = isinstance(outcome.value, dict)
        total += sum(value.cost for value in outcome.value.values()) if several else outcome.value.cost
        if all(outcome.termination.values()) if several else outcome.termination:
            break
    return total, hasattr(domain, "is_goal") and bool(domain.is_goal(observation))


@pytest.mark.parametrize("name", DOMAINS)
def test_every_fitting_idiom_runs_to_the_end(name):
    seen = set()
    for idiom, program in _programs(name):
        seen.add(idiom.headline)
        assert headline(parse(program)) == idiom.headline
        _cost(program, name)
    assert len(seen) == FITTING[name]


def test_no_two_idioms_are_called_alike():
    assert len({idiom.headline for idiom in IDIOMS}) == len(IDIOMS)


def _searches(draws):
    searches = [(idiom, program) for idiom, program in _programs("maze", draws) if "search" in idiom.headline]
    assert len(searches) == 5 * draws
    return searches


def test_search_reaches_the_goal_at_the_least_cost():
    searches = _searches(draws=6)
    optimum = _steps_to_the_exit(DEFAULT_MAZE)
    for idiom, program in searches:
        wide = re.sub(r"BEAM_WIDTH = \d+", "BEAM_WIDTH = 1000", program)  # so that it leaves nothing out
        cost, reached = _cost(re.sub(r"NODE_LIMIT = \d+", "NODE_LIMIT = 1000", wide), "maze", 300)
        assert reached
        assert cost == optimum or "greedy" in idiom.headline or "DISTANCE_WEIGHT = 2" in program


@pytest.mark.parametrize("limit", [1, 5, 25])
def test_search_that_runs_out_of_nodes_does_not_walk_in_circles(limit):
    for idiom, program in _searches(draws=1):
        short_of_nodes = re.sub(r"NODE_LIMIT = \d+", f"NODE_LIMIT = {limit}", program)
        assert _cost(short_of_nodes, "maze", 20_000)[1], idiom.headline


def test_search_ends_where_going_in_circles_pays():
    searches = [(idiom, program) for idiom, program in _programs("orchard") if "search" in idiom.headline]
    assert len(searches) >= 3 * 3
    for idiom, program in searches:
        steps = _planner(program, domain=Orchard()).search(1)
        assert steps[-1][1] == Orchard.gate, idiom.headline


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("listed_goals", [True, False])
def test_a_narrow_beam_that_loses_the_way_finds_it_in_the_end(width, listed_goals):
    source = parse(initial_program(Maze()))
    profile = replace(profile_domain(Maze()), listed_goals=listed_goals)
    idiom = next(idiom for idiom in IDIOMS if "beam search" in idiom.headline)
    program = with_planner(source, idiom.write(setting_of(profile, source), random.Random(0)))
    assert ("distance" in program) == listed_goals
    assert _cost(re.sub(r"BEAM_WIDTH = \d+", f"BEAM_WIDTH = {width}", program), "maze", 20_000)[1]


def _expanded(program):
    """The states of which a search from the start asks where actions lead, in their order."""
    domain, states = Maze(), {}
    planner, start, next_state = _planner(program, domain=domain), domain.reset(), domain.get_next_state

    def noted(state, action):
        states[state] = None
        return next_state(state, action)

    domain.get_next_state = noted
    planner.search(start)
    return list(states)


def test_the_narrowest_beam_is_a_single_way():
    [program] = [program for idiom, program in _programs("maze", 1) if "beam search" in idiom.headline]
    single, double = (_expanded(re.sub(r"WIDTH = \d+", f"WIDTH = {width}", program)) for width in (1, 2))
    assert len(single) > 5
    assert all(abs(a.x - b.x) + abs(a.y - b.y) == 1 for a, b in pairwise(single))
    assert not all(abs(a.x - b.x) + abs(a.y - b.y) == 1 for a, b in pairwise(double))


def test_exploration_with_the_model_reaches_the_goal():
    explorations = [
        program
        for idiom, program in _programs("maze")
        if "depth first" in idiom.headline or "visited state." in idiom.headline
    ]
    assert explorations and all(_cost(program, "maze", 3000)[1] for program in explorations)


def _of_climb(name, words):
    return [program for idiom, program in _programs(name, draws=12) if words in idiom.headline]


def test_chances_are_weighed():
    for program in _of_climb("climb", "by the model's distributions"):
        program = re.sub(r"GOAL_BONUS = .*", "GOAL_BONUS = 100.0", program)
        planner = _planner(program, domain=Climb())
        # a step that reaches the top counts for the bonus alone
        assert planner.expected_cost(2, Pace.walk, 1) == -100
        assert planner.expected_cost(2, Pace.run, 1) == 0.5 * -100 + 0.5 * 1
        assert planner.expected_cost(1, Pace.walk, 2) == 2 - 100
        assert planner.expected_cost(1, Pace.run, 2) == 0.5 * (1 - 100) + 0.5 * (1 + 1)
        assert planner.sample_action(2) is Pace.walk


@pytest.mark.parametrize("name", ["climb", "simulated_climb"])
def test_who_looks_ahead_where_chance_rules_does_better_than_who_runs(name):
    """Running costs 14 on average, walking 6; that many walks and steps tell the difference."""
    [*programs] = _of_climb(name, "in simulated random walks")
    assert len(programs) == 12
    program = re.sub(r"WALKS = .*", "WALKS = 200", re.sub(r"STEPS = .*", "STEPS = 15", programs[0]))
    program = re.sub(r"GOAL_BONUS = .*", "GOAL_BONUS = 100.0", program)
    planner = _planner(program, domain=DOMAINS[name]())
    random.seed(1)
    assert [planner.sample_action(2) for _ in range(20)] == [Pace.walk] * 20
    assert planner.walk_cost(2, Pace.walk) == 2 - 100


def _values_and_bounds(program):
    """The constants of the Planner's class, each with its numbers, and what it declares of them."""
    statements = [node for node in parse(program).planner.body if isinstance(node, ast.Assign)]
    values = {statement.targets[0].id: ast.literal_eval(statement.value) for statement in statements}
    bounds = values.pop("TUNABLES", {})
    return {name: _flat(value) for name, value in values.items()}, bounds


def _flat(value):
    return [number for entry in value for number in _flat(entry)] if isinstance(value, tuple) else [value]


def _assert_constants_are_declared(program):
    values, bounds = _values_and_bounds(program)
    assert values.keys() == bounds.keys()
    for name, (low, high, *scale) in bounds.items():
        assert all(low <= number <= high for number in values[name]), name
        is_whole = scale in (["int"], ["choice"])
        assert all(isinstance(number, int) == is_whole for number in (low, high, *values[name])), name
    assert len(read_tunables(program)) == sum(map(len, values.values()))


@pytest.mark.parametrize("name", DOMAINS)
def test_every_constant_is_declared_and_within_its_bounds(name):
    for _, program in _programs(name, draws=12):
        _assert_constants_are_declared(program)


@pytest.mark.parametrize("name", DOMAINS)
def test_numbers_are_moved_within_their_bounds_and_bounds_never(name):
    for _, program in _programs(name, draws=1):
        values, bounds = _values_and_bounds(program)
        moved, seen = program, [values]
        for draw in range(12):
            source = parse(moved)
            moved = source.splice(perturb_numbers(source, random.Random(draw)))
            _assert_constants_are_declared(moved)
            assert _values_and_bounds(moved)[1] == bounds
            seen.append(_values_and_bounds(moved)[0])
        assert any(other != values for other in seen) == bool(bounds)


@pytest.mark.parametrize("name", DOMAINS)
def test_constants_can_be_tuned(name):
    for _, program in _programs(name, draws=1):
        tunables = read_tunables(program)
        if tunables:
            search = search_for_constants(program, seed=1)
            for _ in range(3):
                tuned = with_values(program, search.ask()[1])
                _assert_constants_are_declared(tuned)
                _cost(tuned, name, 10)


def test_what_was_done_last_is_not_done_again():
    programs = [program for idiom, program in _programs("mastermind", 6) if "not on the tabu list" in idiom.headline]
    domain = MasterMind()
    n_actions = len(domain.get_action_space().get_elements())
    for program in programs:
        planner, observation = _planner(program, domain=domain), domain.reset()
        actions = [planner.sample_action(observation) for _ in range(40)]
        assert 0 < planner.TENURE < n_actions
        windows = [actions[at : at + planner.TENURE + 1] for at in range(40 - planner.TENURE)]
        assert all(len(set(window)) == len(window) for window in windows)
        assert len(set(actions)) > 1


@pytest.mark.parametrize("listed_goals", [True, False])
def test_where_one_was_last_one_does_not_return_to_unless_there_is_no_other_way(listed_goals):
    source = parse(initial_program(Maze()))
    profile = replace(profile_domain(Maze()), listed_goals=listed_goals)
    idiom = next(idiom for idiom in IDIOMS if "no state on the tabu list" in idiom.headline)
    program = with_planner(source, idiom.write(setting_of(profile, source), random.Random(0)))
    assert ("distance" in program, "GOAL_BONUS" in program) == (listed_goals, not listed_goals)
    domain, tenure, returned = Maze(), 8, 0
    planner, states = _planner(re.sub(r"TENURE = .*", f"TENURE = {tenure}", program), domain=domain), [domain.reset()]
    actions = domain.get_action_space().get_elements()
    for _ in range(200):
        following = domain.get_next_state(states[-1], planner.sample_action(states[-1]))
        ways = {domain.get_next_state(states[-1], action) for action in actions}
        if following in states[-tenure:]:
            assert ways <= set(states[-tenure:])
            returned += 1
        states.append(following)
    assert 0 < returned < 100


def test_walks_in_a_model_without_chance_see_the_end_that_is_near():
    """In a maze that says nothing of its goal but that an episode ends there; where it does, searches are proposed."""
    domain = Maze()
    [breadth_first] = [program for idiom, program in _programs("maze", 1) if "breadth-first" in idiom.headline]
    plan = _planner(re.sub(r"LIMIT = .*", "LIMIT = 4000", breadth_first), domain=domain).search(domain.reset())
    source, profile = parse(initial_program(domain)), profile_domain(domain)
    [walks] = [idiom for idiom in IDIOMS if "random walks" in idiom.headline]
    assert not walks.fits(setting_of(profile, source))
    setting = setting_of(replace(profile, goals=False, listed_goals=False), source)
    assert walks.fits(setting)
    program = with_planner(source, walks.write(setting, random.Random(0)))
    program = re.sub(r"WALKS = .*", "WALKS = 300", re.sub(r"STEPS = .*", "STEPS = 3", program))
    planner = _planner(program, domain=domain)
    random.seed(0)
    for steps_away in (1, 2):
        state, (action, _) = plan[-steps_away - 1][1], plan[-steps_away]
        assert planner.sample_action(state) is action
    last_but_one, (last_action, goal) = plan[-2][1], plan[-1]
    assert (
        planner.walk_cost(last_but_one, last_action)
        == domain.get_transition_value(last_but_one, last_action, goal).cost
    )


def test_an_index_over_actions_gives_best_fit():
    drawn = _programs("bin_packing", 40, choices=())  # else it is for a priority rule to say
    programs = [program for idiom, program in drawn if "observed entry" in idiom.headline]
    costs = {_cost(program, "bin_packing")[0] for program in programs}
    best_fit = _planner(
        "class Planner:\n    def sample_action(self, observation, applicable_actions):\n"
        "        return min(applicable_actions.get_elements(), key=lambda a: observation.residual[a])\n"
    )
    domain = DOMAINS["bin_packing"]()
    observation, bins = domain.reset(), 0.0
    for _ in range(60):
        outcome = domain.step(best_fit.sample_action(observation, domain.get_applicable_actions()))
        observation, bins = outcome.observation, bins + outcome.value.cost
    assert min(costs) <= bins < max(costs)


def test_an_idiom_reads_like_a_person_wrote_it():
    source = parse(initial_program(MasterMind(), include_rollout=False))
    setting = setting_of(profile_domain(MasterMind()), source)
    idiom = next(idiom for idiom in IDIOMS if "in turn" in idiom.headline)
    program = with_planner(source, idiom.write(setting, random.Random(0)))
    drawn = program[program.index("# EVOLVE-BLOCK-START") :]
    assert re.sub(r"HOLD = \d", "HOLD = 2", drawn) == (
        '''# EVOLVE-BLOCK-START
class Planner:
    """Take the actions in turn, each for some steps."""

    TUNABLES = {
        "HOLD": (1, 20, "int"),
    }
    HOLD = 2

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.actions = list(domain.get_action_space().get_elements())
        self.steps = 0

    def sample_action(self, observation: Score) -> tuple[int]:
        actions = list(self.actions)
        turn = self.steps // self.HOLD
        self.steps += 1
        return actions[turn % len(actions)]
# EVOLVE-BLOCK-END
'''
    )


def _of_memory(setting, source, draws):
    idiom = next(idiom for idiom in IDIOMS if "least is remembered" in idiom.headline)
    return [with_planner(source, idiom.write(setting, random.Random(draw))) for draw in range(draws)]


def test_memory_with_and_without_the_model_finds_the_exit():
    source = parse(initial_program(Maze()))
    of_maze = setting_of(profile_domain(Maze()), source)
    for setting in (of_maze, replace(of_maze, profile=replace(of_maze.profile, deterministic_model=False))):
        programs = _of_memory(setting, source, 30)
        assert any("get_next_state" in program for program in programs) == setting.profile.has_model
        assert sum(_cost(program, "maze", 1000)[1] for program in programs if "VISITED =" in program) >= 5


def test_what_is_remembered_is_used_and_every_weight_may_be_tuned():
    source = parse(PROXY.format(arguments="", more="", answer="random.choice(['n', 's'])"))
    setting = setting_of(profile_proxy({}, (0, 0)), source)
    programs = _of_memory(setting, source, 50)
    for program in programs:
        weights = set(re.findall(r"^    ([A-Z]+) = ", program, re.MULTILINE)) - {"TUNABLES"}
        assert {
            tunable.name.removeprefix("Planner.").partition("[")[0] for tunable in read_tunables(program)
        } == weights
        for name in re.findall(r"self\.(\w+) = ", program):
            assert len(re.findall(rf"self\.{name}\b", program)) > program.count(f"self.{name} = "), name
    assert any("PREFERENCE" in program for program in programs)
    shortest = min(programs, key=len)
    assert re.sub(r"TRIED = .*", "TRIED = 0.5", shortest) == MEMORY


MEMORY = '''# EVOLVE-BLOCK-START
from collections import Counter


class Planner:
    """Take the action against which least is remembered: a weighted sum."""

    TUNABLES = {
        "TRIED": (-3.0, 3.0),
    }
    TRIED = 0.5

    def __init__(self):
        self.actions = ['n', 's']
        self.tries = Counter()

    def sample_action(self, observation):
        action = min(self.actions, key=lambda action: self.reluctance(observation, action))
        self.tries[observation, action] += 1
        return action

    def reluctance(self, observation, action):
        return self.TRIED * self.tries[observation, action]
# EVOLVE-BLOCK-END
'''


def test_imports_come_and_go_with_the_idiom():
    programs = {idiom.headline: program for idiom, program in _programs("maze", 1)}
    first, second = (
        next(program for line, program in programs.items() if word in line) for word in ("A* search", "fixed place")
    )
    assert "from collections import Counter\nimport heapq\nimport itertools\nimport random\n" in first
    source = parse(first)
    setting = setting_of(profile_domain(Maze()), source)
    idiom = next(idiom for idiom in IDIOMS if "fixed place" in idiom.headline)
    back = with_planner(source, idiom.write(setting, random.Random(0)))
    assert "heapq" not in back and "# EVOLVE-BLOCK-START\nclass Planner:" in back
    assert back.count("class Planner") == second.count("class Planner") == 1


@pytest.mark.parametrize(
    ("present", "wanted", "expected"),
    [
        (["numpy as np"], ("import math",), ["math", "numpy as np"]),
        (["math"], ("import math", "import numpy as np"), ["math", "numpy as np"]),
        (
            ["numpy as np", "random"],
            ("import math", "import heapq"),
            ["heapq", "math", "numpy as np", "random"],
        ),
    ],
)
def test_imports_stand_in_their_order(present, wanted, expected):
    lines = "\n".join(f"import {name}" for name in present)
    answer = ", ".join(name.split()[-1] for name in present)
    source = parse(PROXY.format(arguments="", more="", answer=answer).replace("import random", lines))
    body = f"class Planner:\n    def sample_action(self, observation):\n        return {', '.join(ALL_NAMES)}\n"
    program = with_planner(source, Draft(wanted, body))
    assert [line.removeprefix("import ") for line in program.splitlines() if line.startswith("import ")] == expected


ALL_NAMES = ("math", "np", "random", "heapq")


PROXY = """# EVOLVE-BLOCK-START
import random


class Planner:
    def __init__(self{arguments}):
        pass

    def sample_action(self, observation{more}):
        return {answer}
# EVOLVE-BLOCK-END
"""


@pytest.mark.parametrize(
    ("kwargs", "answer", "expected"),
    [
        ({}, "random.choice(['n', 's'])", {"n", "s"}),
        ({}, "random.randrange(3)", {0, 1, 2}),
        ({}, "random.randint(1, 2)", {1, 2}),
        ({"moves": ("a", "b")}, "None", {"a", "b"}),
    ],
)
def test_behind_converters_the_actions_come_from_the_program_or_its_arguments(kwargs, answer, expected):
    arguments = "".join(f", {name}" for name in kwargs)
    source = parse(PROXY.format(arguments=arguments, more="", answer=answer))
    setting = setting_of(profile_proxy(kwargs, (0, 0)), source)
    idioms = [idiom for idiom in IDIOMS if idiom.fits(setting)]
    assert any("not yet tried" in idiom.headline for idiom in idioms)
    for idiom in idioms:
        program = with_planner(source, idiom.write(setting, random.Random(0)))
        _assert_constants_are_declared(program)
        planner = _planner(program, **kwargs)
        assert {planner.sample_action((step % 2, 0)) for step in range(20)} <= expected


def test_behind_converters_applicable_actions_are_indexed():
    source = parse(PROXY.format(arguments="", more=", applicable_actions", answer="applicable_actions[0]"))
    observation = {"item": 3, "residual": np.array([10, 4])}
    profile = profile_proxy({}, observation, example_applicable_actions=[0, 1], restricted_actions=True)
    setting = setting_of(profile, source)
    idiom = next(idiom for idiom in IDIOMS if "observed entry" in idiom.headline)
    assert idiom.fits(setting)
    for draw in range(5):
        planner = _planner(with_planner(source, idiom.write(setting, random.Random(draw))))
        assert planner.sample_action(observation, [1]) == 1


def test_constants_of_control_are_declared_tunable():
    tables = [program for idiom, program in _programs("frozen_lake") if "table" in idiom.headline]
    assert tables and all(len(read_tunables(program)) == 16 for program in tables)
    assert {(t.low, t.high, t.scale) for t in read_tunables(tables[0])} == {(0, 3, "choice")}


@pytest.mark.parametrize("name", DOMAINS)
def test_parts_can_be_left_out(name):
    for idiom, program in _programs(name, draws=1):
        size = len(list(ast.walk(ast.parse(program))))
        for omission in omissions(program):
            assert outside_evolve_blocks(omission.code) == outside_evolve_blocks(program), idiom.name
            assert len(list(ast.walk(ast.parse(omission.code)))) < size, (idiom.name, omission.part)
