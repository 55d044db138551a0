import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.errors import ProgramError
from skdecide_elm.programs.tunables import Tunable, read_tunables, rounded, structure_of, tunables_by_place, with_values

PROGRAM = '''from typing import Annotated

OUTSIDE = 3.0
TUNABLES = {"OUTSIDE": (0.0, 9.0), "LIMIT": (1, 20, "int")}

# EVOLVE-BLOCK-START
LIMIT = 7  # how often, größer is slower


class Planner:
    """Ümlauts before: 0.5."""

    TUNABLES = {"GAIN": (0.1, 10.0, "log"), "WEIGHTS": (-2.0, 2.0), "WIDE": (0.0, 1.0), "MISSING": (0, 1)}
    GAIN = 0.5; WEIGHTS = (  # two of them
        -0.25,  # ä
        1,
    )
    WIDE: float = 3.5
    DEPTH: Annotated[int, 1, 4, "int"] = 2
    FREE = 12

    def sample_action(self, observation):
        return 0.5 * self.GAIN
# EVOLVE-BLOCK-END
'''

EXPECTED = (
    Tunable("LIMIT", 1, 20, "int", 7),
    Tunable("Planner.GAIN", 0.1, 10.0, "log", 0.5),
    Tunable("Planner.WEIGHTS[0]", -2.0, 2.0, "linear", -0.25),
    Tunable("Planner.WEIGHTS[1]", -2.0, 2.0, "linear", 1),
    Tunable("Planner.WIDE", 0.0, 3.5, "linear", 3.5),
    Tunable("Planner.DEPTH", 1, 4, "int", 2),
)


def test_tunables_are_read_where_they_are_declared_inside_the_block():
    assert read_tunables(PROGRAM) == EXPECTED


def test_tunables_stand_where_their_numbers_begin():
    lines = [line.encode() for line in PROGRAM.splitlines()]
    places = tunables_by_place(PROGRAM)
    assert tuple(places.values()) == EXPECTED
    for (line, column), tunable in places.items():
        assert lines[line - 1][column:].startswith(f"{tunable.value}".encode())


def test_only_the_literals_change():
    changed = with_values(PROGRAM, {"Planner.WEIGHTS[0]": 1.23456, "LIMIT": 3.4, "Planner.GAIN": 99.0})
    assert changed == PROGRAM.replace("-0.25", "1.235").replace("LIMIT = 7", "LIMIT = 3").replace("= 0.5;", "= 10.0;")


@given(st.lists(st.floats(-50, 50), min_size=len(EXPECTED), max_size=len(EXPECTED)))
def test_what_is_put_in_is_read_again(numbers):
    values = {tunable.name: number for tunable, number in zip(EXPECTED, numbers, strict=True)}
    program = with_values(PROGRAM, values)
    read = {tunable.name: tunable.value for tunable in read_tunables(program)}
    wide = next(tunable for tunable in EXPECTED if tunable.name == "Planner.WIDE")
    assert read == {tunable.name: rounded(tunable, values[tunable.name]) for tunable in EXPECTED}
    assert with_values(program, read) == program
    back = with_values(with_values(program, {wide.name: 1.0}), {t.name: t.value for t in EXPECTED if t != wide})
    assert structure_of(back) == structure_of(with_values(PROGRAM, {wide.name: 1.0}))


bounds = st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(bounds, st.floats(-1e7, 1e7))
def test_rounding_stays_within_the_bounds_and_near(interval, value):
    tunable = Tunable("x", *interval, "linear", interval[0])
    short = rounded(tunable, value)
    nearest = min(max(value, interval[0]), interval[1])
    assert interval[0] <= short <= interval[1]
    assert abs(short - nearest) <= (interval[1] - interval[0]) / 1000
    assert rounded(tunable, short) == short


@pytest.mark.parametrize(
    "declaration",
    [
        "TUNABLES = {'X': (2, 1)}",
        "TUNABLES = {'X': (0, 1, 'log')}",
        "TUNABLES = {'X': (0, 1, 'cubic')}",
        "TUNABLES = {'X': (0.0, 1.5, 'int')}",
        "TUNABLES = {'X': (0.0, 1.5, 'choice')}",
        "TUNABLES = {'X': (0, 100, 'choice')}",
        "TUNABLES = {'X': 1, 3: (0, 1), **OTHER}",
        "TUNABLES = {'X': (0, float('inf'))}",
        "TUNABLES = 7",
        "",
    ],
)
def test_a_declaration_that_cannot_be_meant_is_passed_over(declaration):
    assert read_tunables(f"class Planner:\n    {declaration}\n    X = 1\n") == ()


def test_choices_are_whole_numbers_within_their_bounds():
    code = "TUNABLES = {'X': (0, 99, 'choice')}\nX = (3, 7)\n"
    assert read_tunables(code) == tuple(Tunable(f"X[{i}]", 0, 99, "choice", x) for i, x in enumerate((3, 7)))
    assert with_values(code, {"X[0]": 120.0, "X[1]": 4.4}) == code.replace("(3, 7)", "(99, 4)")


def test_a_value_that_is_no_number_is_no_tunable():
    assert read_tunables("TUNABLES = {'X': (0, 1), 'Y': (0, 1)}\nX = True\nY = 0.5 + 0.1\n") == ()


def test_unknown_names_and_texts_that_are_not_python_are_errors():
    with pytest.raises(ProgramError, match=r"declare them in TUNABLES"):
        with_values(PROGRAM, {"Planner.FREE": 1.0})
    with pytest.raises(ProgramError, match="line 1"):
        read_tunables("class")


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_other_line_ends_are_kept(newline):
    program = "é = 1\nTUNABLES = {'X': (0, 1)}\nX = 0.5\n".replace("\n", newline)
    assert with_values(program, {"X": 0.25}) == program.replace("0.5", "0.25")
