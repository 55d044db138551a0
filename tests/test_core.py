"""What an evaluation says of another one."""

import math

import pytest

from skdecide_elm.core import Evaluation


def scored(score):
    return Evaluation({"combined_score": score})


@pytest.mark.parametrize(
    ("child", "parent", "expected"),
    [
        (-1.0, -3.0, 2.0),
        (-3.0, -1.0, 0.0),
        (-math.inf, -1.0, 0.0),
        (-1.0, -math.inf, math.inf),
        (-math.inf,) * 2 + (0,),
    ],
)
def test_gain(child, parent, expected):
    assert scored(child).gain_over(scored(parent)) == expected
