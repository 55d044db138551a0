import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.programs.lifting import lifted
from skdecide_elm.programs.tunables import read_tunables, with_values

PROGRAM = '''# EVOLVE-BLOCK-START
import math


class Planner:
    """Leans against the fall."""

    def __init__(self, domain, depth=3):
        self.momentum = 0.25

    def sample_action(self, observation):
        angle, speed = observation[1], observation[2]
        lean = 1.5 * angle + math.sin(speed) * -0.5 + angle**2
        if lean > 0.75 and angle * 4 < 12 and speed != 7:
            return 1
        return round(lean * 0.5) + 1
# EVOLVE-BLOCK-END
'''

LIFTED = '''# EVOLVE-BLOCK-START
import math


class Planner:
    """Leans against the fall."""

    TUNABLES = {
        "MOMENTUM": (-0.25, 0.75),
        "ANGLE_WEIGHT": (-1.5, 4.5),
        "SIN_WEIGHT": (-1.5, 0.5),
        "LEAN_THRESHOLD": (-0.75, 2.25),
        "ANGLE_WEIGHT_2": (1, 16, "int"),
        "ANGLE_THRESHOLD": (1, 48, "int"),
        "LEAN_WEIGHT": (-0.5, 1.5),
    }
    MOMENTUM = 0.25
    ANGLE_WEIGHT = 1.5
    SIN_WEIGHT = -0.5
    LEAN_THRESHOLD = 0.75
    ANGLE_WEIGHT_2 = 4
    ANGLE_THRESHOLD = 12
    LEAN_WEIGHT = 0.5

    def __init__(self, domain, depth=3):
        self.momentum = self.MOMENTUM

    def sample_action(self, observation):
        angle, speed = observation[1], observation[2]
        lean = self.ANGLE_WEIGHT * angle + math.sin(speed) * self.SIN_WEIGHT + angle**2
        if lean > self.LEAN_THRESHOLD and angle * self.ANGLE_WEIGHT_2 < self.ANGLE_THRESHOLD and speed != 7:
            return 1
        return round(lean * self.LEAN_WEIGHT) + 1
# EVOLVE-BLOCK-END
'''


def _actions(program, observations):
    namespace = {}
    exec(program, namespace)
    planner = namespace["Planner"](None)
    return [planner.sample_action(observation) for observation in observations]


OBSERVATION = st.lists(st.floats(-10, 10), min_size=3, max_size=3)


def test_quantities_become_constants_named_after_their_use():
    assert lifted(PROGRAM) == LIFTED


@given(st.lists(OBSERVATION, min_size=1, max_size=5))
def test_a_lifted_program_acts_as_before(observations):
    assert _actions(lifted(PROGRAM), observations) == _actions(PROGRAM, observations)


NAMED = """# EVOLVE-BLOCK-START
class Planner:
    GAIN = 0.5
    LIMIT = 20
    ENTRY = 3
    UNIT = 1
    MOVED = 2.0
    UNUSED = 4.0

    def __init__(self, domain):
        self.MOVED = domain

    def sample_action(self, observation):
        if observation[self.ENTRY] > self.LIMIT + self.UNIT:
            return self.GAIN * self.MOVED + 2.5
        return self.GAIN
# EVOLVE-BLOCK-END
"""


def test_constants_of_the_class_keep_their_names_and_become_tunable():
    declared = """    TUNABLES = {
        "LIMIT": (1, 80, "int"),
        "GAIN": (-0.5, 1.5),
        "GAIN_OFFSET": (-2.5, 7.5),
    }
    GAIN_OFFSET = 2.5
"""
    expected = NAMED.replace("class Planner:\n", f"class Planner:\n{declared}").replace("+ 2.5", "+ self.GAIN_OFFSET")
    assert lifted(NAMED) == expected
    assert {t.name for t in read_tunables(expected)} == {f"Planner.{n}" for n in ("LIMIT", "GAIN", "GAIN_OFFSET")}
    assert lifted(expected) == expected


def test_lifted_numbers_can_be_tuned():
    program = lifted(PROGRAM)
    assert len(read_tunables(program)) == 7
    assert "ANGLE_WEIGHT = 2.0" in with_values(program, {"Planner.ANGLE_WEIGHT": 2.0})
    assert lifted(program) == program


@pytest.mark.parametrize(
    "program",
    [
        "x = 1.5\n",
        "class Planner: x = 1.5\n",
        "class Planner:\n    def sample_action(self, observation):\n        return observation[3]\n",
        "class Planner:\n    @staticmethod\n    def sample_action(observation):\n        return 1.5 * observation\n",
        PROGRAM.replace("    def __init__", "    TUNABLES = {}\n\n    def __init__"),
    ],
)
def test_where_nothing_can_be_lifted_the_program_stays(program):
    assert lifted(program) == program
