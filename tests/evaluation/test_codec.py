"""Actions on their way back: what goes in comes out, and no bytes build what the schema does not list."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skdecide_elm.evaluation.codec import ActionCodec, ActionError, classes_of_values


class Colour(Enum):
    red = "r"
    green = "g"


class Level(IntEnum):
    low = 1
    high = 2


class Point(NamedTuple):
    x: Any
    y: Any


@dataclass(frozen=True)
class Job:
    task: Any
    mode: Any = 1


class Slotted:
    __slots__ = ("speed",)

    def __init__(self, speed: Any) -> None:
        self.speed = speed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slotted) and other.speed == self.speed


class Guarded:
    """Its code must not run when an instance is read."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @property
    def trap(self) -> int:
        return 0

    @trap.setter
    def trap(self, value: Any) -> None:
        raise AssertionError("the setter has run")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Guarded) and vars(other) == vars(self)


class Count(int):
    pass


class Name(str):
    __slots__ = ()


class Route(list):  # type: ignore[type-arg]
    """Its code must not run when one is read, and it keeps attributes besides its items."""

    def __init__(self, *items: Any, cost: Any = 0) -> None:
        super().__init__(items)
        self.cost = cost

    def append(self, item: Any) -> None:
        raise AssertionError("append has run")

    extend = append  # type: ignore[assignment]


class Table(dict):  # type: ignore[type-arg]
    pass


class Unlisted:
    pass


CLASSES = (Colour, Level, Point, Job, Slotted, Guarded, Count, Name, Route, Table)
CODEC = ActionCodec(CLASSES)
BUILT = (type(None), bool, int, float, str, list, tuple, set, frozenset, dict, np.ndarray, *CLASSES)

KEYS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from([*Colour, *Level])
    | st.builds(Count, st.integers())
    | st.builds(Name, st.text())
)
KEYS |= st.builds(Count, st.integers()) | st.builds(Name, st.text())
SCALARS = KEYS | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.sets(KEYS, max_size=3)
        | st.frozensets(KEYS, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.builds(Point, inner, inner)
        | st.builds(Job, inner, inner)
        | st.builds(Slotted, inner)
        | st.builds(Guarded, inner)
        | st.builds(lambda items, cost: Route(*items, cost=cost), st.lists(inner, max_size=3), inner)
        | st.dictionaries(KEYS, inner, max_size=3).map(Table)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_what_goes_in_comes_out(value):
    found = CODEC.decode(CODEC.encode(value))
    assert found == value
    assert shape(found) == shape(value)  # 1 == 1.0 == True == Level.low


def shape(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and not isinstance(value, Route):
        return type(value), [shape(item) for item in value]
    if isinstance(value, Route):
        return Route, [shape(item) for item in value], shape(value.cost)
    if isinstance(value, dict):
        return type(value), [(shape(key), shape(item)) for key, item in value.items()]
    if isinstance(value, (set, frozenset)):
        return type(value), {shape(item) for item in value}
    if isinstance(value, Job):
        return Job, shape(value.task), shape(value.mode)
    return type(value)


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "<i4", ">i8", "f2", "f4", "f8"])
@pytest.mark.parametrize("dims", [(), (0,), (3,), (2, 3)])
def test_arrays(dtype, dims):
    array = np.arange(math.prod(dims)).reshape(dims).astype(dtype)
    found = CODEC.decode(CODEC.encode({"of": array}))["of"]
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert (found == array).all()


@pytest.mark.parametrize("number", [np.int64(3), np.float32(0.5), np.bool_(True), np.str_("x")])
def test_numbers_of_numpy_become_plain(number):
    found = CODEC.decode(CODEC.encode(number))
    assert found == number
    assert type(found) in (int, float, bool, str)


def test_floats_that_are_no_numbers():
    assert CODEC.decode(CODEC.encode(math.inf)) == math.inf
    assert math.isnan(CODEC.decode(CODEC.encode(math.nan)))


@pytest.mark.parametrize(
    "value",
    [Unlisted(), [Unlisted()], {1: Unlisted()}, b"bytes", 1j, range(3), print, Colour, lambda: 0, np.array(["a"])],
)
def test_what_no_action_is_made_of_cannot_be_written(value):
    with pytest.raises(ActionError, match=r"expected an action of plain values, arrays or \['Colour', "):
        CODEC.encode(value)


def test_a_long_double_cannot_be_written():
    with pytest.raises(ActionError):
        CODEC.encode([np.longdouble(1)])


def test_a_value_that_holds_itself_cannot_be_written():
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ActionError, match="at most 20 deep"):
        CODEC.encode(loop)


# --- hostile bytes

TAGS = st.sampled_from(
    ["list", "tuple", "set", "frozenset", "dict", "array", "enum", "named", "object", "red", "x", "task", "mode",
     "trap", "__class__", "__dict__", "speed", "<f8", "O", "V8", "(1 2)i4,i4", "(3,)i4", "datetime64"]
)  # fmt: skip
WRITTEN = st.recursive(
    TAGS | st.integers(-2, 10) | st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.integers(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=12,
)


@settings(max_examples=400)
@given(WRITTEN)
@example(["named", 2, 1])
@example(["named", 2, 1, 2, 3])
@example(["enum", 0, "blue"])
@example(["enum", 0, ["red"]])
@example(["enum", 2, "red"])
@example(["object", 0, ["name", "red"]])
@example(["object", 3])
@example(["object", 3, ["task", 1], ["mode", 2], ["more", 3]])
@example(["object", 5, ["__class__", 1]])
@example(["object", 5, ["trap", 1]])
@example(["object", 5, [7, 1]])
@example(["object", True])
@example(["object", 10**30])
@example(["set", ["list"]])
@example(["dict", [1]])
@example(["array", "O", [1], [1]])
@example(["array", "(1 2)i4,i4", [1], [1]])
@example(["array", "<f8", [-1, -1], [1]])
@example(["array", "<f8", [10**9, 10**9], [1]])
@example(["array", "<i8", [1], [math.nan]])
@example(["array", "<i8", [1], [10**30]])
@example(["array", "<f8", [1], ["1"]])
@example(["array", ["<f8"], [1], [1]])
@example([])
@example({})
def test_json_is_an_action_of_the_schema_or_an_action_error(written):
    check_decoding(json.dumps(written).encode())


@given(st.binary(max_size=100))
@example(b"")
@example(b"[" * 100_000)
@example(b'["list",' * 30 + b"1" + b"]" * 30)
@example(b"1" * 10_000)
@example(b'"\\ud800"')
@example(b"\x80\x04\x95.")
def test_bytes_are_an_action_of_the_schema_or_an_action_error(content):
    check_decoding(content)


def check_decoding(content: bytes) -> None:
    try:
        found = CODEC.decode(content)
    except ActionError as error:
        str(error)
        return
    pending = [found]
    while pending:
        value = pending.pop()
        assert type(value) in BUILT
        if isinstance(value, dict):
            pending += [*value, *value.values()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            pending += value
        elif isinstance(value, Slotted):
            pending += [value.speed] if hasattr(value, "speed") else []
        elif isinstance(value, (Job, Guarded)):
            pending += vars(value).values()


def test_no_code_of_a_class_runs_when_an_instance_is_read():
    assert vars(CODEC.decode(b'["object", 5, ["trap", 1]]')) == {"trap": 1}


def test_a_dataclass_has_all_its_fields_and_no_other():
    for parts in ("", ', ["task", 1]', ', ["task", 1], ["mode", 1], ["more", 1]'):
        with pytest.raises(ActionError, match=r"expected the fields \['mode', 'task'\] of a Job"):
            CODEC.decode(f'["object", 3{parts}]'.encode())


def test_classes_are_found_wherever_they_are():
    assert classes_of_values([1, [Point(Colour.red, {"k": Job(Level.low)})]]) == [Point, Colour, Job, Level]
    assert classes_of_values([Slotted(Guarded(np.int64(1)))]) == [Slotted, Guarded]
