"""Programs without one of their parts."""

import pytest

from skdecide_elm.errors import ProgramError
from skdecide_elm.programs.markers import outside_evolve_blocks
from skdecide_elm.programs.omission import omissions

CONTROLLER = '''from typing import Any

LIMIT = 3


# EVOLVE-BLOCK-START
import math


class Planner:
    """Push."""

    TUNABLES = {
        "WINDOW": (0.0, 1.0),
        "NEAR_WEIGHT": (-1.0, 1.0),
        "FAR_WEIGHT": (-1.0, 1.0),
        "FAR_ANGLE_WEIGHT": (-1.0, 1.0),
    }
    WINDOW = 0.5
    NEAR_WEIGHT = 0.25  # gentle
    FAR_WEIGHT = -0.5
    FAR_ANGLE_WEIGHT = 0.75

    def __init__(self, domain):
        self.domain = domain

    def sample_action(self, observation):
        angle = math.atan2(observation[1], observation[0])
        spin = observation[2]
        if abs(spin) < self.WINDOW:
            # close to rest
            push = self.NEAR_WEIGHT * spin
        else:
            push = (
                self.FAR_WEIGHT * spin
                + self.FAR_ANGLE_WEIGHT * angle
            )
        return push if LIMIT > 2 and push < LIMIT else LIMIT
# EVOLVE-BLOCK-END
'''

ALWAYS_NEAR = '''from typing import Any

LIMIT = 3


# EVOLVE-BLOCK-START
class Planner:
    """Push."""

    TUNABLES = {
        "NEAR_WEIGHT": (-1.0, 1.0),
    }
    NEAR_WEIGHT = 0.25  # gentle

    def __init__(self, domain):
        self.domain = domain

    def sample_action(self, observation):
        spin = observation[2]
        # close to rest
        push = self.NEAR_WEIGHT * spin
        return push if LIMIT > 2 and push < LIMIT else LIMIT
# EVOLVE-BLOCK-END
'''

WITHOUT_THE_ANGLE = """        spin = observation[2]
        if abs(spin) < self.WINDOW:
            # close to rest
            push = self.NEAR_WEIGHT * spin
        else:
            push = self.FAR_WEIGHT * spin
        return push if LIMIT > 2 and push < LIMIT else LIMIT
"""


def without(code):
    return {omission.part: omission.code for omission in omissions(code)}


def body(*lines):
    """A program whose sample_action has these lines."""
    indented = [f"        {line}" for line in lines]
    return "\n".join(["class Planner:", "    def sample_action(self, observation):", *indented, ""])


def bodies(*lines):
    """By part, the lines that are left."""
    return {
        part: [line.removeprefix("        ") for line in code.rstrip("\n").split("\n")[2:]]
        for part, code in without(body(*lines)).items()
    }


def test_a_branch_goes_with_all_that_only_it_has_needed():
    assert without(CONTROLLER)["if abs(spin) < self.WINDOW: always"] == ALWAYS_NEAR


def test_a_term_goes_with_its_constant_and_its_feature():
    found = without(CONTROLLER)["self.FAR_ANGLE_WEIGHT * angle"]
    assert WITHOUT_THE_ANGLE in found
    assert "ANGLE" not in found and "math" not in found and '"FAR_WEIGHT": (-1.0, 1.0),\n    }' in found


def test_the_largest_part_comes_first():
    parts = list(without(CONTROLLER))
    assert parts[0] == "if abs(spin) < self.WINDOW: always"
    assert parts.index("self.FAR_ANGLE_WEIGHT * angle") < parts.index("self.FAR_WEIGHT * spin")


def test_what_stands_outside_the_block_stays():
    for code in without(CONTROLLER).values():
        assert outside_evolve_blocks(code) == outside_evolve_blocks(CONTROLLER)


CHAIN = ("if a:", "    x = 1", "elif b:  # so:", "    x = 2", "else:", "    x = 3", "return x")


@pytest.mark.parametrize(
    ("part", "left"),
    [
        ("if a: always", ["x = 1", "return x"]),
        ("if a: never", ["if b:  # so:", "    x = 2", "else:", "    x = 3", "return x"]),
        ("if b: always", ["if a:", "    x = 1", "else:", "    x = 2", "return x"]),
        ("if b: never", ["if a:", "    x = 1", "else:", "    x = 3", "return x"]),
    ],
)
def test_conditions_of_a_chain(part, left):
    assert bodies(*CHAIN)[part] == left


def test_a_method_goes_that_nobody_calls_any_more():
    helper = "\n\n    @staticmethod\n    def far(place):\n        return abs(place)\n"
    code = body("return observation + self.far(observation)").rstrip() + helper
    assert without(code)["self.far(observation)"] == body("return observation")


def test_what_is_not_reached_any_more_goes_as_well():
    found = bodies("if a:", "    x = 1", "    return x", "else:", "    x = 2", "return -x")
    assert found == {"if a: always": ["x = 1", "return x"], "if a: never": ["x = 2", "return -x"]}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a - (b + c)", {"a": "-(b + c)", "b + c": "a", "b": "a - c", "c": "a - b"}),
        ("d + (a if t else b) + c", {"d": "(a if t else b) + c", "c": "d + (a if t else b)"}),
        ("x * (a - b)", {"a": "x * (-b)", "b": "x * a"}),
        ("x[0](a.b + c)", {"c": "x[0](a.b)", "a.b": "x[0](c)"}),
        ("x * (a + b * c)", {"a": "x * (b * c)", "b * c": "x * a"}),
        ("a if t else b", {"t: b": "a", "t: a": "b"}),
    ],
)
def test_parts_of_expressions(expression, expected):
    found = {part: left[0].removeprefix("return ") for part, left in bodies(f"return {expression}").items()}
    assert {part: found[part] for part in expected} == expected


def test_branches_in_the_line_of_their_condition_stay():
    assert bodies("if a: x = 1", "else: x = 2", "if b:", "    x = 3", "else: x = 4", "return x") == {}


def test_guards_stay():
    guards = ["if not plan:", "    return None", "while queue and len(seen) < 9:", "    seen.add(queue.pop())"]
    assert bodies(*guards, "self.count[observation] = 1", "return x") == {}


def test_nothing_of_a_text():
    assert bodies('name = "a" + observation', 'return f"{name + observation}"') == {}


def test_bounds_in_one_line():
    code = body("return self.A * observation + self.B").replace(
        "Planner:\n", 'Planner:\n    TUNABLES = {"A": (0, 1), "B": (0, 2)}\n    A, B = 0.5, 1.0\n'
    )
    assert without(code)["self.B"] == code.replace(', "B": (0, 2)', "").replace(" + self.B", "")


def test_what_was_not_needed_before_stays():
    other = "\n    def other(self, spare):\n        return spare\n"
    code = body("spare = self.act()", "return observation + 1") + other
    assert without(code)["1"] == body("spare = self.act()", "return observation") + other


def test_a_text_that_is_not_python_is_refused():
    with pytest.raises(ProgramError):
        omissions("class Planner(:")
