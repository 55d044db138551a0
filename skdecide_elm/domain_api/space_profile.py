"""Profiles of spaces and of values: what the embedded proposer may know of observations and of actions."""

from __future__ import annotations

import copy
import dataclasses
import math
import numbers
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import gymnasium.spaces as gym_spaces
import numpy as np
from skdecide import EnumerableSpace

from skdecide_elm.llm.profile import FieldProfile, SpaceProfile

__all__ = ["fields_of", "is_listable", "is_number", "profile_space", "profile_value", "with_elements"]

_MAX_LISTED = 10_000
"""Spaces with more values than this are not listed."""


def profile_space(space: Any, example: Any = None) -> SpaceProfile:
    """The profile of a scikit-decide space; ``example``, one of its values, tells about parts and hashes."""
    seen = SpaceProfile() if example is None else profile_value(example)
    gym_space = space.unwrapped() if hasattr(space, "unwrapped") else None
    if isinstance(gym_space, gym_spaces.Box):
        low, high = (tuple(map(float, np.ravel(bound))) for bound in (gym_space.low, gym_space.high))
        entries = np.asarray(gym_space.low).dtype
        narrow = entries.kind in "biu" and entries != np.int64
        return dataclasses.replace(seen, kind="box", shape=gym_space.shape, low=low, high=high, narrow=narrow)
    if _has_integer_vectors(gym_space):
        profile = _profile_integer_vectors(gym_space)
        # values of another class, such as a dataclass, may have no entries by index
        shape = profile.shape if example is None or seen.shape == profile.shape else ()
        return dataclasses.replace(profile, shape=shape, hashable=seen.hashable, fields=seen.fields)
    if is_listable(space):
        elements = list(space.get_elements())
        return _without_gaps(with_elements(seen, elements, len(elements)), elements)
    if isinstance(gym_space, gym_spaces.Discrete):
        return SpaceProfile("discrete", int(gym_space.n), int(gym_space.start), hashable=True)
    return seen


def profile_value(value: Any) -> SpaceProfile:
    """What one value tells about the values like it."""
    profile = SpaceProfile(hashable=_is_hashable(value), fields=fields_of(value))
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return dataclasses.replace(profile, kind=_vector_kind(value), shape=value.shape)
    if isinstance(value, (tuple, list)) and value and all(is_number(entry) for entry in value):
        return dataclasses.replace(profile, kind=_vector_kind(value), shape=(len(value),))
    return profile


def with_elements(profile: SpaceProfile, elements: Sequence[Any], size: int | None) -> SpaceProfile:
    """``profile`` completed by what the listed ``elements``, perhaps a part of all, have in common."""
    integers = bool(elements) and all(_is_integer(element) for element in elements)
    example = profile_value(elements[0]) if elements else profile
    if integers and len(set(map(int, elements))) == len(elements):
        start = profile.start if profile.kind == "discrete" else min(map(int, elements))
        return SpaceProfile("discrete", size, start, hashable=True, listed=True)
    return SpaceProfile("enumerable", size, shape=example.shape, hashable=example.hashable, listed=True)


def is_listable(space: Any) -> bool:
    """Whether the values can be listed, and are not too many."""
    return isinstance(space, EnumerableSpace) and len(space.get_elements()) <= _MAX_LISTED


def fields_of(value: Any) -> tuple[FieldProfile, ...]:
    """The numbers and one-dimensional arrays that ``value`` holds under a name or an index."""
    if isinstance(value, Mapping):
        parts = [(str(key), f"[{key!r}]", part) for key, part in value.items() if isinstance(key, str)]
    elif dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        parts = [(name, f".{name}", getattr(value, name)) for name in names]
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        parts = [(name, f".{name}", part) for name, part in zip(value._fields, value, strict=True)]
    elif isinstance(value, tuple):
        parts = [(f"part_{index}", f"[{index}]", part) for index, part in enumerate(value)]
    else:
        parts = []
    return tuple(field for name, access, part in parts for field in _field(name, access, part))


def is_number(value: Any) -> bool:
    """Whether a value is a real number, and no truth value."""
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _without_gaps(profile: SpaceProfile, elements: Sequence[Any]) -> SpaceProfile:
    """``profile`` of all elements; integers between which others are left out are listed objects."""
    if profile.kind != "discrete" or max(map(int, elements)) - profile.start == len(elements) - 1:
        return profile
    return dataclasses.replace(profile, kind="enumerable", start=0)


def _has_integer_vectors(space: Any) -> bool:
    """Whether the values are arrays of integers, or tuples of them."""
    is_tuple = isinstance(space, gym_spaces.Tuple) and len(space) > 0
    if is_tuple and all(isinstance(part, gym_spaces.Discrete) for part in space):
        return True
    return isinstance(space, (gym_spaces.MultiDiscrete, gym_spaces.MultiBinary))


def _profile_integer_vectors(space: Any) -> SpaceProfile:
    shape = space.shape
    if isinstance(space, gym_spaces.Tuple):
        shape, sizes, starts = (len(space),), [part.n for part in space], [part.start for part in space]
    elif isinstance(space, gym_spaces.MultiBinary):
        sizes, starts = [2] * math.prod(shape), [0] * math.prod(shape)
    else:
        sizes, starts = list(space.nvec.flat), list(space.start.flat)
    return SpaceProfile(
        kind="multi_discrete",
        size=math.prod(int(size) for size in sizes),
        shape=shape,
        low=tuple(map(float, starts)),
        high=tuple(float(start + size - 1) for start, size in zip(starts, sizes, strict=True)),
    )


def _is_integer(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _vector_kind(value: Sequence[Any] | np.ndarray[Any, Any]) -> Any:
    return "multi_discrete" if all(_is_integer(entry) for entry in np.asarray(value).flat) else "box"


def _is_hashable(value: Any) -> bool:
    """Whether equal values have equal hashes, which a class without ``__eq__`` does not give."""
    if not isinstance(value, Hashable):
        return False
    try:
        twin = copy.deepcopy(value)
        return hash(twin) == hash(value) and bool(twin == value)
    except (TypeError, ValueError):  # a tuple that holds a list, or an array
        return False


def _field(name: str, access: str, part: Any) -> list[FieldProfile]:
    if not name.isidentifier():
        return []
    if is_number(part) or (isinstance(part, np.ndarray) and part.shape == () and part.dtype.kind in "iuf"):
        return [FieldProfile(name, access)]
    length = profile_value(part).vector if isinstance(part, (np.ndarray, list, tuple)) else None
    return [] if length is None else [FieldProfile(name, access, length)]
