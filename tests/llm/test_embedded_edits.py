"""Typed edits change what they say and nothing else."""

import ast
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.llm.embedded.edits import (
    change_arithmetic,
    change_comparison,
    delete_statement,
    duplicate_statement,
    edited,
    perturb_numbers,
    swap_branches,
)
from skdecide_elm.llm.embedded.source import is_usable, parse

PROGRAM = '''import random

LIMIT = 7  # outside the block

# EVOLVE-BLOCK-START
class Planner:
    """Umlauts ä ö ü and the number 42."""

    WEIGHTS = (0.5, -1.5)  # two of them
    DEPTH = 3

    def __init__(self, domain):
        self.domain = domain
        self.count = 0

    def sample_action(self, observation):
        # count the steps
        self.count += 1
        label = f"ä{self.count + 1}"
        score = self.WEIGHTS[0] * observation[0] - (observation[1] + 2)
        if score < 0 and label != "ü":  # left
            choice = 0
        else:
            choice = 1
        return choice if self.count > self.DEPTH else 1 - choice
# EVOLVE-BLOCK-END
'''


def _results(edit, program=PROGRAM, tries=60):
    source = parse(program)
    return {source.splice(edit(source, random.Random(seed))) for seed in range(tries)} - {program}


def _changed_lines(new):
    old = PROGRAM.splitlines()
    return {line for line in new.splitlines() if line not in old}


def test_comparisons_change_in_place():
    lines = set().union(*map(_changed_lines, _results(change_comparison)))
    assert lines == {
        *(f'        if score {op} 0 and label != "ü":  # left' for op in ("<=", ">", ">=")),
        '        if score < 0 and label == "ü":  # left',
        *(f"        return choice if self.count {op} self.DEPTH else 1 - choice" for op in (">=", "<", "<=")),
    }


def test_arithmetic_swaps_operators_and_negates_operands():
    lines = set().union(*map(_changed_lines, _results(change_arithmetic)))
    assert "        score = self.WEIGHTS[0] / observation[0] - (observation[1] + 2)" in lines
    assert "        score = self.WEIGHTS[0] * observation[0] + (observation[1] + 2)" in lines
    assert "        score = self.WEIGHTS[0] * observation[0] - (-observation[1] + 2)" in lines
    assert "        return choice if self.count > self.DEPTH else 1 + choice" in lines
    assert not any('f"' in line for line in lines)


def test_branches_swap():
    swapped = PROGRAM.replace("choice = 0", "choice = #").replace("choice = 1\n", "choice = 0\n")
    assert _results(swap_branches) == {
        swapped.replace("choice = #", "choice = 1"),
        PROGRAM.replace(
            "choice if self.count > self.DEPTH else 1 - choice",
            "1 - choice if self.count > self.DEPTH else choice",
        ),
    }


def test_statements_go_and_come_twice_as_whole_lines():
    without = _results(delete_statement)
    assert PROGRAM.replace("        self.count += 1\n", "") in without
    assert all("return choice" in program and "Umlauts" in program for program in without)
    assert all("self.count = 0" in program and "score = self" in program for program in without)
    twice = _results(duplicate_statement)
    assert twice == {PROGRAM.replace("        self.count += 1\n", "        self.count += 1\n" * 2)}, "all else is idle"


def test_numbers_move_and_keep_their_type():
    for program in _results(perturb_numbers):
        planner = parse(program).planner
        values = {
            statement.targets[0].id: ast.literal_eval(statement.value)
            for statement in planner.body
            if isinstance(statement, ast.Assign)
        }
        assert all(isinstance(value, float) for value in values["WEIGHTS"])
        assert isinstance(values["DEPTH"], int) and values["DEPTH"] > 0
        assert '"""Umlauts ä ö ü and the number 42."""' in program and "LIMIT = 7" in program


TUNABLE = PROGRAM.replace(
    "    DEPTH = 3\n",
    """    DEPTH = 1
    RATE = 0.2
    TUNABLES = {"DEPTH": (0, 2, "int"), "RATE": (0.1, 10.0, "log"), "WEIGHTS": (-2.0, 1.0)}
""",
)


def test_tunables_move_within_their_bounds_which_stay():
    moved = {"DEPTH": set(), "RATE": set(), "WEIGHTS": set()}
    for program in _results(perturb_numbers, TUNABLE, tries=400):
        assert '{"DEPTH": (0, 2, "int"), "RATE": (0.1, 10.0, "log"), "WEIGHTS": (-2.0, 1.0)}' in program
        for name, values in moved.items():
            text = re.search(rf"^    {name} = ([^#\n]*)", program, re.MULTILINE)[1]
            values.update(ast.literal_eval(text) if name == "WEIGHTS" else [ast.literal_eval(text)])
    assert moved["DEPTH"] == {0, 1, 2}
    assert all(0.1 <= rate <= 10.0 for rate in moved["RATE"]) and len(moved["RATE"]) > 10
    assert all(-2.0 <= weight <= 1.0 for weight in moved["WEIGHTS"]) and {-2.0, 1.0} <= moved["WEIGHTS"]


def test_few_choices_change_at_once():
    table = "CHOICES = (0, 1, 2, 0, 1, 2, 0, 1, 2, 0)"
    bounds = 'TUNABLES = {"CHOICES": (0, 2, "choice")}'
    original, changed = PROGRAM.replace("DEPTH = 3", f"DEPTH = 3\n    {bounds}\n    {table}"), []
    for program in _results(perturb_numbers, original, tries=600):
        assert bounds in program
        found = re.search(r"CHOICES = (\(.*\))", program)[1]
        pairs = zip(ast.literal_eval(found), (0, 1, 2, 0, 1, 2, 0, 1, 2, 0), strict=True)
        changed.append(sum(one != other for one, other in pairs))
    assert set(changed) >= {0, 1, 2, 3} and max(changed) < 10
    assert changed.count(1) > sum(map(changed.count, range(2, 11)))


def test_several_weights_move_at_once():
    assert any("(0.5," not in program and "-1.5)" not in program for program in _results(perturb_numbers, tries=200))


@given(st.integers(0, 2**32))
def test_every_edit_leaves_a_usable_program_and_the_rest_alone(seed):
    _, program = edited(parse(PROGRAM), random.Random(seed))
    assert program != PROGRAM and is_usable(program)
    assert program.startswith(PROGRAM[: PROGRAM.index("class Planner")])
    assert program.endswith("# EVOLVE-BLOCK-END\n")
    assert "# two of them" in program


@pytest.mark.parametrize(
    "program", ["", "x = 1\n", "class Planner:\n    pass", "class Planner:\n  def sample_action(self"]
)
def test_unusable_programs_are_recognised(program):
    assert not is_usable(program)


def test_code_outside_the_block_stays():
    program = PROGRAM.replace("# EVOLVE-BLOCK-END\n", "").replace("class Planner", "# EVOLVE-BLOCK-END\nclass Planner")
    assert parse(program).block_lines() == (
        0,
        len(program),
    )  # markers that do not enclose the class: no block
