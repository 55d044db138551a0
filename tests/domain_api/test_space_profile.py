"""Profiles of spaces and of values."""

from dataclasses import dataclass

import numpy as np
import pytest
from gymnasium import spaces
from skdecide.hub.space.gym import BoxSpace, GymSpace, ListSpace, MultiDiscreteSpace

from skdecide_elm.domain_api.space_profile import profile_space, profile_value


def test_a_box_of_actions_and_its_bounds():
    profile = profile_space(BoxSpace(low=-2, high=2, shape=(3,)))
    assert (profile.kind, profile.shape, profile.low, profile.high) == ("box", (3,), (-2,) * 3, (2,) * 3)


@pytest.mark.parametrize(
    ("dtype", "narrow"), [(np.uint8, True), (np.int32, True), (np.uint64, True), (np.int64, False), (np.float32, False)]
)
def test_a_box_whose_arithmetic_may_overflow(dtype, narrow):
    assert profile_space(BoxSpace(low=0, high=100, shape=(3,), dtype=dtype)).narrow is narrow


def test_consecutive_integers_need_not_start_at_zero():
    profile = profile_space(ListSpace([3, 4, 5]))
    assert (profile.kind, profile.start, profile.size) == ("discrete", 3, 3)


def test_integers_with_gaps_are_listed_objects():
    profile = profile_space(ListSpace([1, 2, 4, 8]))
    assert (profile.kind, profile.size, profile.hashable, profile.listed) == ("enumerable", 4, True, True)


def test_integer_vectors_have_bounds_and_entries_only_where_they_can_be_reached():
    vectors = profile_space(GymSpace(spaces.MultiDiscrete([3, 4], start=[-1, 2])))
    assert (vectors.size, vectors.vector, vectors.low, vectors.high) == (12, 2, (-1, 2), (1, 5))
    parts = spaces.Discrete(3, start=-1), spaces.Discrete(4, start=2)
    assert profile_space(GymSpace(spaces.Tuple(parts))) == vectors
    assert profile_space(GymSpace(spaces.Tuple((*parts, spaces.Box(0, 1))))).kind == "other"

    @dataclass(frozen=True)
    class Cell:
        x: int
        y: int

    named = profile_space(MultiDiscreteSpace([3, 4], element_class=lambda cell: Cell(*cell)), Cell(0, 0))
    assert named.kind == "multi_discrete" and named.vector is None and named.high == (2, 3)
    assert [field.access for field in named.fields] == [".x", ".y"]


def test_a_hash_by_identity_does_not_count():
    class Identity:
        pass

    assert not profile_value(Identity()).hashable
    assert not profile_value((1, [2])).hashable
    assert not profile_value(np.zeros(2)).hashable
    assert profile_value((1, "a")).hashable
