"""What a user's own evaluate() may return, and what becomes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest

from skdecide_elm.evaluation.score import evaluation_from_report


@dataclass
class Report:
    metrics: dict = field(default_factory=dict)
    artifacts: object = field(default_factory=dict)


@pytest.mark.parametrize("report", [None, 3.5, "good", (1, 2), [("combined_score", 1)], object()])
def test_what_has_no_metrics(report):
    evaluation = evaluation_from_report(report)
    assert evaluation.metrics == {"combined_score": -math.inf}
    assert evaluation.artifacts["error"] == (
        f"expected evaluate() to return metrics by name (a dict or an EvaluationResult); found {type(report).__name__}"
    )


@pytest.mark.parametrize("number", [2, 2.0, np.float32(2), np.int8(2), Fraction(4, 2)])
def test_all_kinds_of_numbers(number):
    metrics = evaluation_from_report({"combined_score": number}).metrics
    assert metrics == {"combined_score": 2.0}
    assert type(metrics["combined_score"]) is float


@pytest.mark.parametrize("nonsense", ["high", None, True, [1.0], np.array([1.0, 2.0])])
def test_a_score_that_is_no_number(nonsense):
    evaluation = evaluation_from_report({"combined_score": nonsense, "cost": 1.0})
    assert evaluation.metrics == {"combined_score": -math.inf}
    assert evaluation.artifacts["error"] == (
        f"expected evaluate() to return a number as combined_score; found {type(nonsense).__name__}"
    )


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_not_finite(score):
    evaluation = evaluation_from_report({"combined_score": score, "cost": 1.0})
    assert evaluation.metrics == {"combined_score": -math.inf, "cost": 1.0}
    assert evaluation.artifacts["error"] == f"expected a finite combined_score; found {score}"


def test_the_scripts_own_word_on_the_error_counts():
    report = Report({"combined_score": -math.inf}, {"error": "no such file"})
    assert evaluation_from_report(report).artifacts == {"error": "no such file"}


def test_the_mean_stands_in_for_a_missing_score():
    assert evaluation_from_report({"a": 1, "b": 4.0, "c": "text"}).metrics == {
        "a": 1.0,
        "b": 4.0,
        "combined_score": 2.5,
    }
    assert evaluation_from_report({"c": "text"}).combined_score == -math.inf
    assert evaluation_from_report({"a": math.nan}).combined_score == -math.inf
    assert evaluation_from_report({"a": math.inf, "b": -math.inf}).combined_score == -math.inf


def test_artifacts_are_texts():
    report = Report({"combined_score": 1}, {"raw": b"a\xff", 7: 8, "long": 30_000 * "x"})
    assert evaluation_from_report(report).artifacts == {"raw": "a\ufffd", "7": "8", "long": 20_000 * "x"}


@pytest.mark.parametrize("artifacts", [None, [], "text", 7])
def test_artifacts_that_are_none(artifacts):
    assert evaluation_from_report(Report({"combined_score": 1}, artifacts)).artifacts == {}
