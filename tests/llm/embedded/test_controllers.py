"""Controllers: written as programs, read back from them, varied."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdecide_elm.llm.embedded.controllers import draft, read, suits, varied, written
from skdecide_elm.llm.embedded.controllers.behaviour import Situations
from skdecide_elm.llm.embedded.controllers.model import Controller, Sum, Switch, Term, leaves
from skdecide_elm.llm.embedded.controllers.simplification import simplified
from skdecide_elm.llm.embedded.features import features_of
from skdecide_elm.llm.embedded.idioms.base import Setting
from skdecide_elm.llm.embedded.planner_swap import with_planner
from skdecide_elm.llm.embedded.source import parse
from skdecide_elm.llm.profile import ArgumentProfile, DomainProfile, EntryProfile, SpaceProfile
from skdecide_elm.programs.loader import load_planner_class
from skdecide_elm.programs.tunables import read_tunables

START = """import math

# EVOLVE-BLOCK-START
class Planner:
    def __init__(self, domain):
        self.domain = domain

    def sample_action(self, observation):
        return None
# EVOLVE-BLOCK-END
"""
VECTOR = SpaceProfile("box", shape=(3,), low=(-1.0, -1.0, -8.0), high=(1.0, 1.0, 8.0))
SWING = DomainProfile(
    "integrated",
    (ArgumentProfile("domain", "domain"),),
    VECTOR,
    SpaceProfile("box", shape=(1,), low=(-2.0,), high=(2.0,)),
    entries=(EntryProfile(1.0, rate=2, sine=1), EntryProfile(1.0), EntryProfile(8.0)),
)
THREE = SpaceProfile("discrete", 3, hashable=True, listed=True)
SETTINGS = {
    "push": Setting(SWING),
    "choice": Setting(replace(SWING, actions=THREE)),
    "many choices": Setting(replace(SWING, actions=replace(THREE, size=6))),
    "unknown entries": Setting(replace(SWING, actions=THREE, entries=())),
}
BYTES = Setting(
    replace(
        SWING,
        observation=replace(VECTOR, low=(0.0,) * 3, high=(255.0,) * 3, narrow=True),
        actions=THREE,
        entries=(EntryProfile(255.0, rate=2), EntryProfile(255.0), EntryProfile(255.0)),
    )
)
SWING_UP = Controller(
    Switch(
        "angle",
        True,
        0.2,
        near=Sum((Term(("angle",), -5.0), Term(("spin",), -5.0))),
        far=Sum((Term(("spin",), 2.0), Term(("cosine", "spin"), -1.0), Term(("spin", "spin", "spin"), -0.6))),
    ),
    "clip",
)


def test_a_swing_up_reads_like_a_person_wrote_it():
    program = with_planner(parse(START), written(SETTINGS["push"], SWING_UP))
    assert (
        program
        == '''import math

# EVOLVE-BLOCK-START
import numpy as np


class Planner:
    """Push as much as a function of the observation says, within the bounds."""

    TUNABLES = {
        "ANGLE_WINDOW": (0.0, 3.1),
        "NEAR_ANGLE_WEIGHT": (-9.5, 9.5),
        "NEAR_SPIN_WEIGHT": (-3.8, 3.8),
        "FAR_SPIN_WEIGHT": (-1.5, 1.5),
        "FAR_COSINE_SPIN_WEIGHT": (-0.75, 0.75),
        "FAR_SPIN_CUBED_WEIGHT": (-0.007, 0.007),
    }
    ANGLE_WINDOW = 0.628
    NEAR_ANGLE_WEIGHT = -3.18
    NEAR_SPIN_WEIGHT = -1.25
    FAR_SPIN_WEIGHT = 0.5
    FAR_COSINE_SPIN_WEIGHT = -0.25
    FAR_SPIN_CUBED_WEIGHT = -0.00234

    def __init__(self, domain):
        self.domain = domain
        bounds = domain.get_action_space().unwrapped()
        self.low, self.high = bounds.low, bounds.high

    def sample_action(self, observation):
        cosine = observation[0]
        angle = math.atan2(observation[1], observation[0])
        spin = observation[2]
        if abs(angle) < self.ANGLE_WINDOW:
            push = self.NEAR_ANGLE_WEIGHT * angle + self.NEAR_SPIN_WEIGHT * spin
        else:
            push = spin * (
                self.FAR_SPIN_WEIGHT
                + self.FAR_COSINE_SPIN_WEIGHT * cosine
                + self.FAR_SPIN_CUBED_WEIGHT * spin**2
            )
        return np.clip([push], self.low, self.high).astype(np.float32)
# EVOLVE-BLOCK-END
'''
    )


@pytest.mark.parametrize("setting", [*SETTINGS.values(), BYTES], ids=[*SETTINGS, "bytes"])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=40)  # of six variations each
def test_what_is_written_is_read_and_written_again_alike(setting, seed):
    rng = random.Random(seed)
    controller = draft(setting, rng)
    for _ in range(6):
        program = with_planner(parse(START), written(setting, controller))
        found = read(setting, parse(program))
        assert found is not None and found.answer == controller.answer
        assert with_planner(parse(START), written(setting, found)) == program
        constants = {tunable.name for tunable in read_tunables(program)}
        assert all(program.count(f"self.{name.removeprefix('Planner.')}") == 1 for name in constants)
        _, controller = varied(setting, found, [draft(setting, rng)], rng)
        situations = Situations(features_of(setting.profile))
        assert (situations.answers(controller) != situations.answers(found)).any()
        assert len(leaves(controller.node)) <= 4


@pytest.mark.parametrize("seed", range(5))
def test_a_program_acts_as_its_controller_says(seed):
    controller = Controller(
        Sum((Term(("velocity",), 1.0), Term(("velocity", "position"), -2.0), Term((), 0.5))), "either"
    )
    profile = replace(
        SWING,
        observation=SpaceProfile("box", shape=(2,), low=(-2.0, -4.0), high=(2.0, 4.0)),
        actions=THREE,
        entries=(EntryProfile(2.0, rate=1), EntryProfile(4.0)),
    )
    rng = random.Random(seed)
    position, velocity = rng.uniform(-2, 2), rng.uniform(-4, 4)
    namespace = {}
    exec(with_planner(parse(START), written(Setting(profile), controller)), namespace)
    planner = namespace["Planner"].__new__(namespace["Planner"])
    planner.actions = ["left", "stay", "right"]
    push = velocity / 4 - 2 * (velocity / 4) * (position / 2) + 0.5
    assert planner.sample_action((position, velocity)) == ("right" if push > 0 else "left")


@given(seed=st.integers(0, 2**32), entries=st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_products_and_differences_of_bytes_do_not_overflow(seed, entries):
    program = with_planner(parse(START), written(BYTES, draft(BYTES, random.Random(seed))))
    planner = object.__new__(load_planner_class(program))
    planner.actions = ["left", "stay", "right"]
    assert planner.sample_action(np.uint8(entries)) == planner.sample_action(entries)


@pytest.mark.parametrize("name", SETTINGS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=20)
def test_a_program_answers_what_its_controller_is_said_to_answer(name, seed):
    setting, rng = SETTINGS[name], random.Random(seed)
    controller = draft(setting, rng)
    for _ in range(rng.randrange(4)):
        _, controller = varied(setting, controller, [draft(setting, rng)], rng)
    program = with_planner(parse(START), written(setting, controller))
    controller = read(setting, parse(program))
    planner = object.__new__(load_planner_class(program))
    planner.actions = [*range(setting.profile.actions.size or 0)]
    planner.low, planner.high = np.float32([-2]), np.float32([2])
    features = features_of(setting.profile)
    situations = Situations(features)
    entries = [f.scale * situations.values[f.name] for f in features if f.expression.startswith("observation[")]
    answered = [planner.sample_action(observation) for observation in np.transpose(entries)]
    told = situations.answers(controller)
    if name == "push":
        assert np.ravel(answered) == pytest.approx(2 * told, abs=1e-5)
    else:
        assert answered == [planner.actions[int(index)] for index in told]


def test_features_are_named_by_what_they_are():
    assert [(feature.name, feature.role, feature.rate) for feature in features_of(SWING)] == [
        ("cosine", "circle", ""),
        ("angle", "angle", "spin"),
        ("sine", "circle", ""),
        ("spin", "rate", ""),
    ]
    pairs = tuple(EntryProfile(1.0, rate=rate) for rate in (1, None, 3, None))
    names = [feature.name for feature in features_of(replace(SWING, entries=pairs))]
    assert names == ["position_1", "velocity_1", "position_2", "velocity_2"]


@pytest.mark.parametrize(
    "change",
    [
        {"observation": SpaceProfile("discrete", 9)},
        {"observation": SpaceProfile("box", shape=(3, 3))},
        {"actions": replace(SWING.actions, shape=(2,), low=(-1.0, -1.0), high=(1.0, 1.0))},
        {"actions": replace(SWING.actions, high=(float("inf"),))},
        {"agents": 2},
        {"sequential": False},
    ],
)
def test_where_one_push_is_no_answer_no_controller_suits(change):
    assert suits(Setting(SWING)) and not suits(Setting(replace(SWING, **change)))


@pytest.mark.parametrize(
    "body",
    [
        "return self.actions[0]",
        "push = observation[0]\n        return self.actions[-1] if push > 0 else self.actions[0]",
        "push = self.MISSING * spin\n        return self.actions[-1] if push > 0 else self.actions[0]",
        "spin = observation[1]\n        push = spin\n        return self.actions[-1] if push > 0 else self.actions[0]",
    ],
)
def test_other_programs_are_no_controllers(body):
    assert read(SETTINGS["choice"], parse(START.replace("return None", body))) is None


def test_any_polynomial_is_read():
    body = (
        "spin = observation[2]\n        push = self.A * spin - (self.A + self.B * spin) ** 2\n"
        "        return self.actions[-1] if push > 0 else self.actions[0]"
    )
    program = START.replace("return None", body).replace(
        "class Planner:\n", "class Planner:\n    A = 2.0\n    B = 0.5\n"
    )
    found = read(SETTINGS["choice"], parse(program))
    # 2 s − (2 + s/2)² = −4 + 0 s − s²/4, in units of 8
    assert found == Controller(
        Sum((Term(("spin",), 0.0), Term((), -4.0), Term(("spin", "spin"), -16.0))), "either", (0, 0, -1)
    )


@pytest.mark.parametrize("size", [2, 3, 6])
def test_of_many_actions_any_may_be_answered(size):
    setting = Setting(replace(SWING, actions=replace(THREE, size=size)))
    drafts = [draft(setting, random.Random(seed)) for seed in range(300)]
    pairs = {(c.actions[0] % size, c.actions[2] % size) for c in drafts if c.answer == "either"}
    triples = {tuple(action % size for action in c.actions) for c in drafts if c.answer == "rest"}
    assert (0, size - 1) in pairs and all(len(set(found)) == len(found) for found in pairs | triples)
    answered = {action for found in pairs | triples for action in found}
    assert answered == set(range(size))
    assert len(pairs) > 10 if size > 3 else pairs == {(0, size - 1)}


def test_a_variant_may_answer_other_ones_of_many_actions():
    setting = SETTINGS["many choices"]
    for answer in ("either", "rest"):
        start = Controller(Sum((Term(("spin",), 1.0),)), answer, (0, 3 if answer == "rest" else 0, -1), 0.2)
        variants = [varied(setting, start, [], random.Random(seed)) for seed in range(300)]
        found = {child.actions for what, child in variants if what == "Answer other actions."}
        kept = [child for what, child in variants if what == "Answer other actions."]
        assert len(found) > 5 and all(replace(child, actions=start.actions) == start for child in kept)


@pytest.mark.parametrize("response", [1, -1, 0])
def test_drafts_heed_which_way_a_push_moves_a_rate(response):
    entries = (*SWING.entries[:2], replace(SWING.entries[2], response=response))
    setting = Setting(replace(SWING, entries=entries))
    drafts = [draft(setting, random.Random(seed)).node for seed in range(600)]
    caught = [node for node in drafts if isinstance(node, Switch) and isinstance(node.near, Sum)]
    resists = [_weight(node.near, "spin") for node in caught if {t.factors for t in node.near.terms} == PAIR]
    drives = [_weight(node.far, "spin") for node in caught if isinstance(node.far, Sum)]
    assert len(resists) > 50
    for weights, sign in ((resists, -response), (drives, response)):
        known = [weight * sign > 0 for weight in weights if weight]
        assert (sum(known) > 0.7 * len(known)) == bool(response)


PAIR = {("angle",), ("spin",)}


def _weight(law, name):
    return next((term.weight for term in law.terms if term.factors == (name,)), 0.0)


LAWS = st.builds(lambda weight: Sum((Term(("spin",), weight),)), st.integers(1, 3).map(float))
LEVELS = st.sampled_from([0.1, 0.25, 0.5, 0.75])
NODES = st.recursive(
    LAWS,
    lambda nodes: st.builds(Switch, st.sampled_from(["angle", "spin"]), st.booleans(), LEVELS, nodes, nodes),
    max_leaves=8,
)


@given(NODES)
def test_a_simplified_controller_does_the_same_and_every_case_comes_up(node):
    shorter = simplified(Controller(node, "clip")).node
    values = [0, *(sign * value for value in (0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 1) for sign in (-1, 1))]
    met = set()
    for angle in values:
        for spin in values:
            law, _ = _law_at(node, angle=angle, spin=spin)
            same, way = _law_at(shorter, angle=angle, spin=spin)
            assert same == law
            met.add(way)
    assert met == {way for way, _ in leaves(shorter)}


def _law_at(node, way=(), **observed):
    """The law that holds there, and the way to it."""
    while isinstance(node, Switch):
        value = observed[node.feature]
        near = abs(value) < node.level if node.window else value > node.level
        node, way = (node.near if near else node.far), (*way, near)
    return node, way
