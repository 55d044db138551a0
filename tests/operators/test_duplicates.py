import pytest

from skdecide_elm.core import Evaluation
from skdecide_elm.operators.duplicates import same_behaviour


def evaluation(*scores, combined=None):
    return Evaluation({"combined_score": sum(scores) if combined is None else combined}, scores=scores)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (evaluation(-1.0, -2.0), evaluation(-1.0, -2.0), True),
        (evaluation(-1.0, -2.0), evaluation(-2.0, -1.0), False),
        (evaluation(-1.0, -2.0), evaluation(-1.0, -2.0 - 1e-12), True),
        (evaluation(-1.0), evaluation(-1.0, 0.0), False),
        (evaluation(combined=-3.0), evaluation(combined=-3.0), True),
        (evaluation(combined=-3.0), evaluation(combined=-3.1), False),
        (evaluation(-1.0), Evaluation.invalid("boom"), False),
        (Evaluation.invalid("boom"), Evaluation.invalid("boom"), True),
        (Evaluation.invalid("boom"), Evaluation.invalid("bang"), False),
    ],
)
def test_behaviour_by_scores(one, other, same):
    assert same_behaviour(one, other) is same
    assert same_behaviour(other, one) is same


@pytest.mark.parametrize(
    ("descriptors", "same"),
    [
        (({"speed": 1.0}, {"speed": 1.05}), True),
        (({"speed": 1.0}, {"speed": 1.5}), False),
        (({"speed": 1.0}, {}), False),
    ],
)
def test_behaviour_by_descriptors(descriptors, same):
    assert same_behaviour(evaluation(1.0), evaluation(1.0), 0.1, descriptors) is same
