"""Maps with and without history."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.elm import Map


def test_a_new_map_is_empty():
    fresh = Map((2, 3), -np.inf, float)
    assert (fresh.empty, fresh.shape, fresh.map_size, fresh.niches_filled, fresh.qd_score) == (True, (2, 3), 6, 0, 0.0)
    assert np.isnan([fresh.maximum, fresh.minimum, fresh.mean]).all()


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(-9, 9)), max_size=20))
def test_history_is_circular_and_statistics_are_of_the_latest(history_length, writes):
    written = Map((2, 3), -np.inf, float, history_length)
    latest = {}
    for row, column, value in writes:
        written[row, column] = value
        latest.setdefault((row, column), []).append(value)
    assert written.shape == ((2, 3) if history_length == 1 else (history_length, 2, 3))
    assert written.map_size == 6
    assert written.empty is (not writes)
    assert written.niches_filled == len(latest)
    assert written.qd_score == sum(values[-1] for values in latest.values())
    for niche, values in latest.items():
        assert written[niche] == values[-1] == written.latest[niche]
        kept = written.array[(slice(None), *niche)] if history_length > 1 else [written.array[niche]]
        assert sorted(value for value in kept if np.isfinite(value)) == sorted(values[-history_length:])
    if latest:
        last = [values[-1] for values in latest.values()]
        assert (written.maximum, written.minimum) == (max(last), min(last))
        assert written.mean == pytest.approx(sum(last) / len(last))


def test_genomes_are_objects():
    genomes = Map((2,), None, object, history_length=2)
    genomes[(1,)] = "a"
    genomes[(1,)] = "b"
    assert genomes.latest.tolist() == [None, "b"]


@pytest.mark.parametrize(("dims", "history_length"), [((), 1), ((0,), 1), ((2,), 0)])
def test_what_cannot_be(dims, history_length):
    with pytest.raises(ValueError, match="of at least 1"):
        Map(dims, 0.0, history_length=history_length)
