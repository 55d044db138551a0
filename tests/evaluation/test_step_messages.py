"""Messages to the planner's side: what is read is what was written, whatever its form."""

from __future__ import annotations

import math
from collections import namedtuple
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdecide_elm.evaluation.step_messages import EPISODE, STEP, MessageWriter, read_message


class Place(NamedTuple):
    x: Any
    y: Any


class Door(IntEnum):
    LEFT = 1


class Tagged(namedtuple("Tagged", "x")):
    """Has a dict of its own, which must not be lost."""


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
ODD = st.sampled_from([Door.LEFT, np.float64(0.5), np.int64(3), Place(1, 2), frozenset({1}), complex(1, 2)])


def types_in(value: Any) -> Any:
    """The types of a value's parts, which equality forgets: True == 1 == 1.0."""
    if isinstance(value, dict):
        return [types_in(part) for part in value.items()]
    return [type(value), *map(types_in, value)] if isinstance(value, (list, tuple)) else type(value)


@given(x=PLAIN | ODD, y=PLAIN | ODD)
def test_a_named_tuple_comes_back(x, y):
    kind, observation = read_message(MessageWriter().write_step(Place(x, y)))
    assert (kind, observation) == (STEP, Place(x, y))
    assert types_in(observation) == types_in(Place(x, y))


@given(
    dtype=hnp.scalar_dtypes() | st.just(np.dtype(object)),
    shape=hnp.array_shapes(min_dims=0, max_side=3),
    transposed=st.booleans(),
    writeable=st.booleans(),
)
def test_an_array_comes_back(dtype, shape, transposed, writeable):
    array = np.arange(math.prod(shape)).astype(dtype).reshape(shape)
    array = array.T if transposed else array
    array.flags.writeable = writeable
    writer = MessageWriter()
    for _ in range(2):
        kind, observation = read_message(writer.write_step(array))
        assert kind == STEP
        np.testing.assert_array_equal(observation, array)
    if array.dtype.kind in "biuf":  # what else there is, numpy writes, and sometimes changes
        assert (observation.dtype, observation.shape) == (array.dtype, array.shape)
        assert observation.flags.writeable == array.flags.writeable or not array.flags.c_contiguous


def test_what_is_written_is_a_copy():
    array = np.zeros(3)
    _, observation = read_message(MessageWriter().write_step(array))
    observation[0] = 1
    assert array[0] == 0


@given(observation=PLAIN, space=PLAIN)
def test_other_messages_come_back(observation, space):
    writer = MessageWriter()
    assert read_message(writer.write_step(observation)) == (STEP, observation)
    assert read_message(writer.write_step(Place(1, 2), space)) == (STEP, Place(1, 2), space)
    assert read_message(writer.write((EPISODE, 3, 4))) == (EPISODE, 3, 4)


def test_what_more_there_is_to_a_named_tuple_comes_back():
    tagged = Tagged(1)
    tagged.note = "seen"
    _, observation = read_message(MessageWriter().write_step(tagged))
    assert (observation, observation.note) == (Tagged(1), "seen")


@pytest.mark.parametrize("make", [lambda: Place("".join(["wo", "rd"]), 2.5), lambda: np.arange(3)])
def test_equal_observations_are_written_alike(make):
    """Descriptors count distinct observations by what was sent, whoever else holds their parts."""
    writer, held = MessageWriter(), make()
    parts = [*held]
    assert writer.write_step(held) == writer.write_step(make())
    assert len(parts) == len(held)


def test_a_local_class_is_carried_by_value():
    class Here(NamedTuple):
        x: int

    _, observation = read_message(MessageWriter().write_step(Here(3)))
    assert observation == (3,) and type(observation).__name__ == "Here"
