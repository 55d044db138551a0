import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.backends.openevolve.jobs import Job, jobs_from_json, jobs_to_json
from skdecide_elm.core import Context, Evaluation, Program
from skdecide_elm.llm.model import Prompt

NUMBERS = st.floats(allow_nan=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["inf", "-inf", "nan"])
EVALUATIONS = st.builds(
    Evaluation,
    st.dictionaries(TEXTS, NUMBERS, max_size=2).map(lambda metrics: {"combined_score": -math.inf, **metrics}),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
    st.lists(NUMBERS, max_size=2).map(tuple),
)
PROGRAMS = st.builds(Program, TEXTS, TEXTS, EVALUATIONS, st.lists(TEXTS, max_size=2).map(tuple), TEXTS)
JOBS = st.builds(
    Job,
    iteration=st.integers(1),
    island=st.integers(0, 9),
    arm=TEXTS,
    parents=st.tuples(PROGRAMS),
    context=st.builds(Context, st.integers(1), st.integers(0), examples=st.tuples(PROGRAMS), duplicates=st.integers(0)),
    generation=st.integers(0),
    prompt=st.none() | st.builds(Prompt, TEXTS, TEXTS, stop=st.tuples(TEXTS)),
)


@given(st.lists(JOBS, max_size=2))
def test_jobs_as_json_and_back(jobs):
    assert jobs_from_json(json.loads(json.dumps(jobs_to_json(jobs), allow_nan=False))) == jobs


@pytest.mark.parametrize("plain", [[{"iteration": 3}], [3], "jobs"])
def test_what_is_no_job(plain):
    with pytest.raises(ValueError, match=r"\d+ wrong fields in the proposals under way"):
        jobs_from_json(plain)
