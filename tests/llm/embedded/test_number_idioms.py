"""Idioms for numbers that are observed: trees, tables, and pushes of several parts."""

import itertools
import random
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
from gymnasium import spaces
from numbers_observed import STOCK, random_numbers, warehouse

from skdecide_elm.domain_api.initial_program import initial_program
from skdecide_elm.domain_api.profile import profile_domain, profile_proxy
from skdecide_elm.domain_api.space_profile import profile_value
from skdecide_elm.environments.gymnasium_domain import GymnasiumDomain
from skdecide_elm.llm.embedded.idioms import IDIOMS
from skdecide_elm.llm.embedded.planner_swap import setting_of, with_planner
from skdecide_elm.llm.embedded.proposals import propose
from skdecide_elm.llm.embedded.source import parse
from skdecide_elm.llm.profile import SpaceProfile
from skdecide_elm.programs.tunables import read_tunables

TREE, GRID, RANGES = "conditions on the observed numbers", "table gives for the observed numbers", "gives for the range"
QUADRATIC, SWITCHED = "quadratic function", "one of two linear functions"
NEW = (TREE, GRID, RANGES)


def _vectors(*sizes):
    return random_numbers(spaces.MultiDiscrete(sizes), spaces.Discrete(3))


def _numbers(size, start=0):
    return random_numbers(spaces.Discrete(size, start=start), spaces.Discrete(3))


def _pushes(entries=3):
    return random_numbers(spaces.Box(-2, 2, (entries,)), spaces.Box(-1, 1, (2,)))


def _written(domain, words, draws):
    source = parse(initial_program(domain))
    setting = setting_of(profile_domain(domain), source)
    return _drawn(setting, source, words, draws)


def _drawn(setting, source, words, draws):
    [idiom] = [idiom for idiom in IDIOMS if words in idiom.headline]
    if not idiom.fits(setting):
        return []
    return [with_planner(source, idiom.write(setting, random.Random(draw))) for draw in range(draws)]


def _planner(program, **kwargs):
    namespace = {"__name__": "program"}
    exec(compile(program, "program", "exec"), namespace)
    return namespace["Planner"](**kwargs)


def _place_taken(program, domain):
    """A function: the place in CHOICES from which the action for an observation is taken."""
    planner = _planner(program, domain=domain)
    choices = np.array(planner.CHOICES)
    planner.actions = range(choices.size)
    planner.CHOICES = np.arange(choices.size).reshape(choices.shape).tolist()
    return choices.size, planner.sample_action


@pytest.mark.parametrize("sizes", [(3, 4), (12, 1, 7), (2, 2, 2), (5,)])
def test_each_leaf_of_a_tree_is_reached_by_some_observation(sizes):
    domain = _vectors(*sizes)
    programs = _written(domain, TREE, 60)
    assert len(programs) == 60
    for program in programs:
        leaves, leaf = _place_taken(program, domain)
        assert {leaf(cell) for cell in itertools.product(*map(range, sizes))} == set(range(leaves)), program
    assert all(any(f"value_{index}" in program for program in programs) for index in range(1, 3) if len(sizes) == 2)


def test_a_tree_of_one_large_number_has_thresholds_within_its_range():
    domain = _numbers(100, start=5)
    for program in _written(domain, TREE, 60):
        leaves, leaf = _place_taken(program, domain)
        assert {leaf(number) for number in range(5, 105)} == set(range(leaves))
        levels = [tunable for tunable in read_tunables(program) if "THRESHOLD" in tunable.name]
        assert levels and all((level.low, level.high, level.scale) == (6, 104, "int") for level in levels)


def test_a_tree_of_real_numbers_asks_within_what_was_observed():
    domain = GymnasiumDomain("CartPole-v1", seed=0)
    entries = profile_domain(domain).entries
    scales = dict(
        zip(("POSITION_1", "VELOCITY_1", "POSITION_2", "VELOCITY_2"), (e.scale for e in entries), strict=True)
    )
    met = set()
    for program in _written(domain, TREE, 60):
        for name, level in re.findall(r"^    (\w+)_THRESHOLD\w* = (.*)$", program, re.MULTILINE):
            assert abs(float(level)) < scales[name]
            met.add(name)
    assert met == set(scales)


def test_siblings_differ_and_every_choice_is_an_action():
    for program in _written(_vectors(6, 6), TREE, 100):
        choices = _planner(program, domain=_vectors(6, 6)).CHOICES
        assert set(choices) <= {0, 1, 2} and len(set(choices)) > 1
        ends = r"choice = self\.CHOICES\[(\d)\]\n *else:\n *choice = self\.CHOICES\[(\d)\]"
        assert all(choices[int(one)] != choices[int(other)] for one, other in re.findall(ends, program))


def test_a_tree_reads_like_a_person_wrote_it():
    domain = warehouse()
    programs = [program for program in _written(domain, TREE, 200) if program.count("choice = ") == 3]
    drawn = next(program for program in programs if "if value_1 <" in program and "elif value_2" in program)
    shown = drawn[drawn.index("# EVOLVE-BLOCK-START") : drawn.index("# EVOLVE-BLOCK-END")]
    shown = re.sub(r"THRESHOLD = \d+", "THRESHOLD = 9", re.sub(r"CHOICES = .*", "CHOICES = (2, 1, 0)", shown))
    assert shown == WAREHOUSE


WAREHOUSE = '''# EVOLVE-BLOCK-START
class Planner:
    """Take the action to which conditions on the observed numbers lead."""

    TUNABLES = {
        "VALUE_1_THRESHOLD": (1, 20, "int"),
        "CHOICES": (0, 2, "int"),
    }
    VALUE_1_THRESHOLD = 9
    CHOICES = (2, 1, 0)

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.actions = list(domain.get_action_space().get_elements())

    def sample_action(self, observation: Any) -> Any:
        value_1, value_2 = observation
        if value_1 < self.VALUE_1_THRESHOLD:
            choice = self.CHOICES[0]
        elif value_2 == 0:
            choice = self.CHOICES[1]
        else:
            choice = self.CHOICES[2]
        return self.actions[choice]
'''


@dataclass(frozen=True)
class Load:
    stock: int
    choice: int


def test_parts_with_a_name_are_called_by_it():
    source = parse(PROXY)
    profile = replace(profile_proxy({}, (0, 0)), actions=SpaceProfile("discrete", 3))
    bounded = SpaceProfile(
        "multi_discrete", 6, low=(0.0, 0.0), high=(1.0, 2.0), fields=profile_value(Load(0, 0)).fields
    )
    setting = setting_of(replace(profile, observation=bounded), source)
    observations = [Load(stock, choice) for stock in range(2) for choice in range(3)]
    for words in (TREE, GRID):
        programs = _drawn(setting, source, words, 20)
        assert len(programs) == 20
        assert any("stock" in program for program in programs)
        for program in programs:
            assert {_planner(program).sample_action(observation) for observation in observations} <= {0, 1, 2}


PROXY = """# EVOLVE-BLOCK-START
class Planner:
    def sample_action(self, observation):
        return [0, 1, 2][0]
# EVOLVE-BLOCK-END
"""


@pytest.mark.parametrize("example", [(3, -1), (0.5, 2.5, 40.0), np.array([1.0])])
def test_behind_converters_trees_ask_for_numbers_without_bounds(example):
    source = parse(PROXY)
    setting = setting_of(replace(profile_proxy({}, example), actions=SpaceProfile("discrete", 3)), source)
    programs = _drawn(setting, source, TREE, 20)
    assert len(programs) == 20 and not _drawn(setting, source, GRID, 1)
    assert {_planner(program).sample_action(example) for program in programs} <= {0, 1, 2}


@pytest.mark.parametrize("sizes", [(3, 4), (2, 3, 1, 2), (2,) * 6, (40,)])
def test_a_table_has_a_place_for_each_observation(sizes):
    domain = _vectors(*sizes)
    cells = list(itertools.product(*map(range, sizes)))
    [program] = _written(domain, GRID, 1)
    places, place = _place_taken(program, domain)
    assert places == len(cells) == len({place(cell) for cell in cells})
    assert {(t.low, t.high, t.scale) for t in read_tunables(program)} == {(0, 2, "choice")}


def test_a_table_takes_choices_over_from_another_of_its_size():
    domain = _vectors(3, 4)
    profile = profile_domain(domain)
    first, second = _written(domain, GRID, 2)
    tree, other_size = _written(domain, TREE, 1)[0], _written(_vectors(4, 4), GRID, 1)[0]
    own, mates = ([t.value for t in read_tunables(text)] for text in (first, second))

    def children(*others):
        proposed = [propose(first, profile, random.Random(seed), others, number=99) for seed in range(300)]
        return [text for what, text in proposed if what == "Choices of another program."]

    taken = [[t.value for t in read_tunables(text)] for text in children(tree, "no program (", second, other_size)]
    assert len(taken) > 30 and own not in taken
    assert all(value in pair for values in taken for value, *pair in zip(values, own, mates, strict=True))
    share = sum(map(int.__ne__, map(int, itertools.chain(*taken)), map(int, own * len(taken)))) / len(taken)
    assert 0.4 < share / sum(map(int.__ne__, map(int, own), map(int, mates))) < 0.65
    assert not children(tree, first, other_size)


def test_other_tables_are_drawn_at_first_and_this_one_is_varied_later():
    domain = _vectors(3, 4)
    profile, [table] = profile_domain(domain), _written(domain, GRID, 1)

    def is_varied(seed, number):
        text = propose(table, profile, random.Random(seed), number=number)[1]
        values = [[t.value for t in read_tunables(code)] for code in (table, text)]
        return len(values[0]) == len(values[1]) and sum(map(float.__ne__, *(map(float, row) for row in values))) <= 4

    early, late = (sum(is_varied(seed, number) for seed in range(200)) for number in (0, 1000))
    assert early < 20 and late > 140


def test_a_large_table_is_left_out():
    assert _written(_vectors(8, 8), GRID, 1) and not _written(_vectors(8, 9), GRID, 1)
    shifted = random_numbers(spaces.MultiDiscrete([3, 4], start=[0, 1]), spaces.Discrete(3))
    assert not _written(shifted, GRID, 1) and _written(shifted, TREE, 1)


@pytest.mark.parametrize(("size", "start"), [(65, 0), (1000, 0), (100, -3)])
def test_ranges_of_a_large_number_are_about_equal_and_in_order(size, start):
    domain = _numbers(size, start)
    counts = set()
    for program in _written(domain, RANGES, 20):
        ranges, found = _place_taken(program, domain)
        places = [found(number) for number in range(start, start + size)]
        lengths = [places.count(place) for place in range(ranges)]
        assert places == sorted(places) and sum(lengths) == size and max(lengths) - min(lengths) <= 1
        counts.add(ranges)
    assert len(counts) > 1
    assert not _written(_numbers(64), RANGES, 1) and not _written(_numbers(64), TREE, 1)


def test_a_quadratic_law_is_of_the_second_degree():
    domain = _pushes()
    programs = _written(domain, QUADRATIC, 30)
    rng = np.random.default_rng(0)
    bent = 0
    for program in programs:
        planner = _planner(program, domain=domain)
        planner.low, planner.high = -np.inf, np.inf
        start, way = rng.uniform(-1, 1, (2, 3))
        pushes = np.array([planner.sample_action(start + step * way) for step in range(4)], dtype=np.float64)
        size = np.abs(pushes).max()
        assert np.allclose(np.diff(pushes, 3, axis=0), 0, atol=1e-4 * size)
        bent += not np.allclose(np.diff(pushes, 2, axis=0), 0, atol=1e-4 * size)
    assert len(programs) == 30 and bent == 30


def test_both_laws_hold_somewhere():
    domain = _pushes()
    observations = np.random.default_rng(0).uniform(-2, 2, (1000, 3))
    names = set()
    for program in _written(domain, SWITCHED, 40):
        planner = _planner(program, domain=domain)
        laws = re.findall(r"np\.dot\(self\.(\w+)_WEIGHTS", program)
        names.add(tuple(laws))
        for law, answer in zip(laws, (-1.0, 1.0), strict=True):
            setattr(planner, f"{law}_WEIGHTS", np.zeros((2, 3)))
            setattr(planner, f"{law}_BIAS", np.full(2, answer))
        assert {tuple(planner.sample_action(o)) for o in observations} == {(-1.0, -1.0), (1.0, 1.0)}, program
    assert names == {("NEAR", "FAR"), ("LOW", "HIGH")}


@pytest.mark.parametrize("words", [QUADRATIC, SWITCHED])
def test_a_push_stays_within_its_bounds_and_all_constants_are_tunable(words):
    domain = _pushes(5)
    for program in _written(domain, words, 20):
        planner = _planner(program, domain=domain)
        for observation in np.random.default_rng(0).uniform(-2, 2, (20, 5)):
            assert domain.get_action_space().contains(planner.sample_action(observation))
        constants = set(re.findall(r"^    ([A-Z_0-9]+) = ", program, re.MULTILINE)) - {"TUNABLES"}
        tuned = {tunable.name.removeprefix("Planner.").partition("[")[0] for tunable in read_tunables(program)}
        assert tuned == constants and all(program.count(f"self.{name}") == 1 for name in constants)


def _cost(program):
    domain = warehouse()
    planner, observation, total = _planner(program, domain=domain), domain.reset(), 0.0
    while True:
        outcome = domain.step(planner.sample_action(observation))
        observation, total = outcome.observation, total + outcome.value.cost
        if outcome.termination:
            return total


def test_trees_and_tables_run_a_warehouse_better_than_what_was_proposed_before():
    domain, proposals = warehouse(), 40
    source = parse(initial_program(domain))
    setting = setting_of(profile_domain(domain), source)
    fitting = [idiom for idiom in IDIOMS if idiom.fits(setting)]
    before = [idiom for idiom in fitting if not any(words in idiom.headline for words in NEW)]
    rng = random.Random(STOCK)

    def best_of(idioms):
        drawn = rng.choices(idioms, [idiom.weight for idiom in idioms], k=proposals)
        return min(_cost(with_planner(source, idiom.write(setting, rng))) for idiom in drawn)

    best_before = best_of(before)
    for words in (TREE, GRID):
        assert best_of([idiom for idiom in fitting if words in idiom.headline]) < 0.9 * best_before
