"""What comes over a pipe from a process that ran a stranger's program."""

from __future__ import annotations

import io
import itertools
import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skdecide_elm.core import Evaluation
from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation.frames import FrameReader, read_frame, write_frame
from skdecide_elm.evaluation.messages import Failure, decode_answer, encode_evaluation, encode_failure

MALFORMED = Failure("malformed")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
FINITE = st.floats(allow_nan=False, allow_infinity=False)

# --- frames


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_frames_come_out_as_they_went_in(contents):
    stream = io.BytesIO()
    for content in contents:
        write_frame(stream, content)
    stream.seek(0)
    assert [read_frame(stream) for _ in contents] == contents
    assert read_frame(stream) is None


@given(st.binary(min_size=1, max_size=50), st.data())
def test_a_stream_that_ends_in_a_frame(content, data):
    stream = io.BytesIO()
    write_frame(stream, content)
    cut = data.draw(st.integers(0, len(stream.getvalue()) - 1))
    assert read_frame(io.BytesIO(stream.getvalue()[:cut])) is None


@given(st.binary(max_size=50), st.lists(st.integers(0, 58)))
def test_a_frame_in_pieces(content, cuts):
    stream = io.BytesIO()
    write_frame(stream, content)
    whole, reader = stream.getvalue(), FrameReader()
    borders = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[a:b] for a, b in itertools.pairwise(borders)]
    assert [reader.feed(piece) for piece in pieces] == [None] * (len(pieces) - 1) + [content]


def test_a_frame_that_is_too_long_is_not_waited_for():
    header = (11).to_bytes(8, "big")
    with pytest.raises(EvaluationError, match="at most 10 bytes; found one of 11"):
        FrameReader(max_bytes=10).feed(header)
    with pytest.raises(EvaluationError, match="at most 10 bytes; found one of 11"):
        read_frame(io.BytesIO(header), max_bytes=10)
    assert FrameReader(max_bytes=11).feed(header + 11 * b"x") == 11 * b"x"


# --- answers


@given(FINITE, st.dictionaries(TEXTS, FINITE, max_size=3), st.dictionaries(TEXTS, TEXTS, max_size=3))
def test_an_evaluation_comes_out_as_it_went_in(score, metrics, artifacts):
    evaluation = Evaluation({**metrics, "combined_score": score}, artifacts)
    assert decode_answer(encode_evaluation(evaluation)) == evaluation


def test_an_invalid_evaluation_comes_out_as_it_went_in():
    evaluation = Evaluation.invalid("NameError: x", traceback="line 1")
    assert decode_answer(encode_evaluation(evaluation)) == evaluation


@pytest.mark.parametrize("failure", [Failure("timeout"), Failure("died", -9), Failure("malformed")])
def test_a_failure_comes_out_as_it_went_in(failure):
    assert decode_answer(encode_failure(failure)) == failure


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_cannot_be_ranked_is_the_worst(score):
    evaluation = decode_answer(encode_evaluation(Evaluation({"combined_score": score, "cost": 3.0})))
    assert evaluation.metrics == {"combined_score": -math.inf, "cost": 3.0}
    assert evaluation.artifacts == {"error": f"expected a finite combined_score; found {score}"}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"metrics": {}, "artifacts": {}},
        {"metrics": {"cost": 1}, "artifacts": {}},
        {"metrics": {"combined_score": 1}},
        {"metrics": {"combined_score": "high"}, "artifacts": {}},
        {"metrics": {"combined_score": None}, "artifacts": {}},
        {"metrics": {"combined_score": [1]}, "artifacts": {}},
        {"metrics": {"combined_score": 10**400}, "artifacts": {}},
        {"metrics": [["combined_score", 1]], "artifacts": {}},
        {"metrics": {"combined_score": 1}, "artifacts": {"error": 7}},
        {"metrics": {"combined_score": 1}, "artifacts": [1]},
        {"failure": "died"},
        {"failure": ["died"], "exit_code": 0},
        {"failure": "won", "exit_code": 0},
        {"failure": "died", "exit_code": "x"},
        [1],
        "failure",
        7,
        None,
    ],
)
def test_json_that_is_no_answer(answer):
    assert decode_answer(json.dumps(answer).encode()) == MALFORMED


@given(st.binary(max_size=200))
@example(b"")
@example(b"[" * 100_000)
@example(b'{"failure": ' * 50_000)
@example(b"9" * 5000)
@example(b"\xff\xfe")
def test_bytes_that_are_no_answer(content):
    assert decode_answer(content) == MALFORMED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["metrics", "artifacts", "failure", "exit_code", "combined_score"]), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_whatever_json_comes_it_is_an_evaluation_or_a_failure(value):
    answer = decode_answer(json.dumps(value).encode())
    assert isinstance(answer, (Evaluation, Failure))
    if isinstance(answer, Evaluation):
        assert answer.combined_score < math.inf


def test_texts_are_cut_and_can_be_encoded():
    answer = {"metrics": {"combined_score": 1}, "artifacts": {"\ud800": "\udfff" + 10**6 * "x"}}
    ((name, text),) = decode_answer(json.dumps(answer).encode()).artifacts.items()
    assert (name, text[:7], len(text)) == ("\\ud800", "\\udfffx", 20_005)
