from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal, Optional, Union

import domains
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from skdecide import D, Domain, StrDict
from skdecide.hub.domain.maze.maze import Action, Maze, State
from skdecide.hub.domain.rock_paper_scissors import RockPaperScissors

from skdecide_elm.domain_api.annotations import (
    classes_in,
    describe_type,
    is_unspecified,
    resolve,
    runtime_type,
    type_text,
)

NAMES = {"D": D, "Optional": Optional}


@pytest.mark.parametrize(
    ("domain_cls", "annotation", "text"),
    [
        (Maze, "D.T_agent[D.T_concurrency[D.T_event]]", "Action"),
        (Maze, "Optional[D.T_memory[D.T_state]]", "State | None"),
        (RockPaperScissors, "D.T_agent[D.T_concurrency[D.T_event]]", "dict[str, Move]"),
        (domains.Lamps, "D.T_agent[D.T_concurrency[D.T_event]]", "list[T_event]"),
        (domains.Duel, "D.T_agent[D.T_concurrency[D.T_event]]", "dict[str, list[int]]"),
        (Maze, "D.T_info", "None"),
        (Maze, "Unknown[int]", "Unknown[int]"),
        (Maze, "not an annotation", "not an annotation"),
    ],
)
def test_annotation_for_a_domain(domain_cls, annotation, text):
    assert type_text(resolve(annotation, NAMES, domain_cls)) == text


def test_a_class_called_d_that_is_no_domain_stays_itself():
    class D:
        T_state = int

    assert resolve("D", {"D": D}, Maze) is D


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (int, "int"),
        (None, "None"),
        (Any, "Any"),
        (Union[int, Union[str, None]], "int | str | None"),  # noqa: UP007
        (int | str, "int | str"),
        (Callable[[int, str], bool], "Callable[[int, str], bool]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Annotated[int, "metres"], "int"),
        (NDArray[np.float64], "ndarray"),
        (StrDict[State], "dict[str, State]"),
        ("later", "later"),
    ],
)
def test_type_text(type_, text):
    assert type_text(type_) == text


def test_classes_in_nested_type():
    found = set(classes_in(dict[str, Callable[[list[State]], Action | None]]))
    assert {dict, str, list, State, Action} <= found


def test_unspecified_types_are_those_of_the_base_class():
    assert is_unspecified(Domain.T_state)
    assert not is_unspecified(Maze.T_state)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "int"),
        ({}, "dict"),
        ({1: [2, 3], 2: []}, "dict[int, list[int]]"),
        ([1, "a"], "list[Any]"),
        ((1, 2), "tuple[int, ...]"),
        ([[[[1]]]], "list[list[list[list]]]"),
        (deque([1]), "deque"),
        (domains.Step.north, "Step"),
        ({"f": lambda x: x}, "dict[str, function]"),
    ],
)
def test_runtime_type(value, text):
    assert type_text(runtime_type(value)) == text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(), inner, max_size=3),
)


@given(values)
def test_runtime_type_starts_with_the_type_of_the_value(value):
    assert type_text(runtime_type(value)).startswith("None" if value is None else type(value).__name__)


def test_description_of_types():
    assert describe_type(State) == "State, a named tuple (x: int, y: int)"
    assert describe_type(Action) == "Action, an enum (up, down, left, right)"
    assert describe_type(float) == "float"
    assert describe_type(Domain.T_event) == "any object (the domain does not say)"


def test_description_of_a_long_enum_is_cut():
    many = Enum("many", [f"m{i}" for i in range(25)])
    assert describe_type(many).endswith("m19, 5 more)")
