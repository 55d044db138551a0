"""What is tuned."""

import pytest

from skdecide_elm.search.trials import Candidate, better_half


def _no_base():
    raise AssertionError("nobody has taken it up")


@pytest.mark.parametrize(
    ("scores", "better"), [([1.0] * 9, []), ([1.0] * 10, []), ([1.0] * 6 + [3.0, 2.0] * 3, [3.0, 2.0])]
)
def test_the_better_half_of_what_is_known(scores, better):
    found = [one.score for one in better_half(Candidate(score, "", _no_base) for score in scores)]
    assert found == sorted(found, reverse=True)
    assert sorted(set(found), reverse=True) == better
