"""Time-outs are part of a recorded run."""

from concurrent.futures import Future

import pytest

from skdecide_elm.backends.repeatable import RepeatablePool
from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation.failure import timeout_error
from skdecide_elm.llm.recorded import Recorder

LATE = Evaluation.invalid(timeout_error(2.0), failed_at="step 3 of episode 1")
GOOD = Evaluation({"combined_score": 3.0})
CODE = "class Planner:\n    pass\n"


class Answering:
    """Stands in for the processes: gives one evaluation after the other."""

    workers = 2

    def __init__(self, *answers):
        self.answers = list(answers)

    def submit(self, code, bar=None):
        future = Future()
        future.set_result(self.answers.pop(0))
        return future


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.jsonl"


def test_what_timed_out_is_not_tried_again_where_the_run_is_recorded(path):
    pool = RepeatablePool(Answering(LATE, GOOD), "train", Recorder(path))
    assert [pool.evaluate(CODE), pool.evaluate(f"# again\n{CODE}"), pool.evaluate(f"x = 1\n{CODE}")] == [
        LATE,
        LATE,
        GOOD,
    ]
    pool = RepeatablePool(Answering(GOOD), "train", Recorder(path))
    assert pool.evaluate(CODE) == LATE, "after a crash"
    pool = RepeatablePool(Answering(GOOD), "replicate 1", Recorder(path))
    assert pool.evaluate(CODE) == GOOD, "on other episodes"


def test_else_it_is_tried_again():
    pool = RepeatablePool(Answering(LATE, GOOD), "train", None)
    assert [pool.evaluate(CODE), pool.evaluate(CODE)] == [LATE, GOOD]


def test_other_failures_are_not_recorded(path):
    failed = Evaluation.invalid("NameError: name 'x' is not defined")
    pool = RepeatablePool(Answering(failed, GOOD), "train", Recorder(path))
    assert [pool.evaluate(CODE), pool.evaluate(CODE)] == [failed, GOOD]
    assert not path.exists()
