"""What is known of programs is not computed again; what may have changed is."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import replace

import pytest
from corridor import WALKER, Corridor, corridor_task, program
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.core import Evaluation
from skdecide_elm.errors import ConfigError
from skdecide_elm.evaluation import EvaluationPool, ScriptTask
from skdecide_elm.evaluation.cache import CachedPool, EvaluationCache, task_digest
from skdecide_elm.evaluation.evaluator import Evaluator
from skdecide_elm.evaluation.racing import set_bar

GOOD = Evaluation({"combined_score": 3.0}, {"output": "hello"}, (1.0, 2.0))
STOPPED = Evaluation({"combined_score": -9.0, "stopped_early": 1.0})
BAR, OTHER_BAR = set_bar([1.0] * 6, 0.05), set_bar([2.0] * 6, 0.05)
RESTYLED = WALKER.replace("class Planner:", 'class Planner:\n    """Walks."""  # always').replace(
    "    def", "\n    def"
)


class CountingPool:
    """Stands in for the processes: says when it is asked, answers when it is told to."""

    workers = 2

    def __init__(self) -> None:
        self.asked: list[tuple[str, Future[Evaluation]]] = []

    def submit(self, code, bar=None):
        future = Future()
        self.asked.append((code, future))
        return future


@pytest.fixture
def pool():
    return CountingPool()


@pytest.fixture
def cached(pool):
    return CachedPool(pool, EvaluationCache("task"))


# --- programs


def test_the_same_program_is_run_once(pool, cached):
    first = cached.submit(WALKER)
    pool.asked[0][1].set_result(GOOD)
    assert first.result() == cached.submit(WALKER).result() == cached.submit(RESTYLED).result() == GOOD
    assert len(pool.asked) == 1
    assert cached._cache.hits == 2


def test_another_program_is_another(pool, cached):
    cached.submit(WALKER)
    cached.submit(program("return 'left'"))
    assert len(pool.asked) == 2


def test_the_same_program_twice_at_a_time(pool, cached):
    futures = [cached.submit(code) for code in (WALKER, RESTYLED, WALKER)]
    assert len(pool.asked) == 1
    futures[1].cancel()
    pool.asked[0][1].set_result(GOOD)
    assert futures[0].result() == futures[2].result() == GOOD


def test_an_error_of_the_machinery_is_told_to_all_and_not_remembered(pool, cached):
    futures = [cached.submit(WALKER) for _ in range(2)]
    pool.asked[0][1].set_exception(RuntimeError("no worker"))
    for future in futures:
        with pytest.raises(RuntimeError, match="no worker"):
            future.result()
    cached.submit(WALKER)
    assert len(pool.asked) == 2


def test_a_cancelled_evaluation_is_not_remembered(pool, cached):
    first, second = cached.submit(WALKER), cached.submit(WALKER)
    assert first.cancel()
    assert second.cancelled()
    cached.submit(WALKER)
    assert len(pool.asked) == 2


def test_a_failure_is_tried_again_after_some_time():
    cache = EvaluationCache("task")
    cache.put(WALKER, Evaluation.invalid("TimeoutError: the evaluation took longer than 1 s"))
    answers = [cache.get(WALKER) for _ in range(10)]
    assert answers[0] is not None
    assert answers[-1] is None


def test_a_success_is_kept():
    cache = EvaluationCache("task")
    cache.put(WALKER, GOOD)
    assert [cache.get(WALKER) for _ in range(100)] == [GOOD] * 100


def test_a_lost_race_is_no_answer_but_for_the_same_bar():
    cache = EvaluationCache("task")
    cache.put(WALKER, STOPPED, BAR)
    assert cache.get(WALKER) is None
    assert cache.get(WALKER, OTHER_BAR) is None
    assert cache.get(WALKER, BAR) == STOPPED


def test_a_race_that_was_not_lost_is_an_answer_for_all():
    cache = EvaluationCache("task")
    cache.put(WALKER, GOOD, BAR)
    assert cache.get(WALKER) == cache.get(WALKER, BAR) == cache.get(WALKER, OTHER_BAR) == GOOD


FLOATS = st.floats(allow_nan=False)
EVALUATIONS = st.builds(
    lambda score, metrics, artifacts, scores: Evaluation(
        {**metrics, "combined_score": score}, artifacts, tuple(scores)
    ),
    FLOATS,
    st.dictionaries(st.text(max_size=5), FLOATS, max_size=3),
    st.dictionaries(st.text(max_size=5), st.text(st.characters(codec="utf-8")), max_size=3),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4),
)


@given(st.dictionaries(st.sampled_from([f"x = {n}" for n in range(9)]), EVALUATIONS))
def test_a_cache_is_saved_as_strict_json_and_loaded(evaluations):
    cache, loaded = EvaluationCache("task"), EvaluationCache("task")
    for code, evaluation in evaluations.items():
        cache.put(code, evaluation)
    loaded.restore(json.loads(json.dumps(cache.to_json(), allow_nan=False)))
    assert {code: loaded.get(code) for code in evaluations} == evaluations


def test_what_was_saved_for_another_task_is_not_taken():
    cache, other = EvaluationCache("task"), EvaluationCache("another task")
    cache.put(WALKER, GOOD)
    other.put("x = 1", GOOD)
    other.restore(cache.to_json())
    assert len(other) == 0


# --- tasks


def test_equal_tasks_have_equal_digests():
    assert task_digest(corridor_task()) == task_digest(corridor_task())


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"num_episodes": 2},
        {"max_steps": 19},
        {"max_steps": lambda domain: 20},
        {"timeout": 2.0},
        {"normalize": False},
        {"descriptors": ("mean_steps",)},
        {"domain_factories": (lambda: Corridor(length=9),)},
        {"domain_factories": (Corridor, Corridor)},
    ],
)
def test_other_tasks_have_others(change):
    assert task_digest(replace(corridor_task(), **change)) != task_digest(corridor_task())


def test_the_closure_of_a_factory_counts():
    def task(length):
        return replace(corridor_task(), domain_factories=(lambda: Corridor(length=length),))

    assert task_digest(task(3)) == task_digest(task(3)) != task_digest(task(4))


def test_the_text_of_a_script_counts(tmp_path):
    script = tmp_path / "evaluator.py"
    digests = set()
    for score in (1, 1, 2):
        script.write_text(f"def evaluate(path):\n    return {{'combined_score': {score}}}\n")
        digests.add(task_digest(ScriptTask(str(script))))
    assert len(digests) == 2


def test_the_source_of_a_domain_counts(tmp_path, monkeypatch):
    import importlib

    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "some_domain.py").write_text("from corridor import Corridor\nclass Mine(Corridor): pass\n")
    module = importlib.import_module("some_domain")
    task = replace(corridor_task(), domain_factories=(module.Mine,))
    before = task_digest(task)
    (tmp_path / "some_domain.py").write_text("from corridor import Corridor\nclass Mine(Corridor): price = 2\n")
    assert task_digest(task) != before


def test_a_version_counts(monkeypatch):
    before = task_digest(corridor_task())
    monkeypatch.setattr("skdecide_elm.evaluation.cache.version", lambda name: f"{name} 99")
    assert task_digest(corridor_task()) != before


def test_a_task_that_cannot_be_carried():
    with pytest.raises(ConfigError, match="that cloudpickle can carry"):
        task_digest(replace(corridor_task(), max_steps=(n for n in range(3)).__next__))


# --- with processes


def test_processes_run_a_program_once():
    with EvaluationPool(corridor_task(timeout=20), workers=1) as pool:
        cached = CachedPool(pool, EvaluationCache("task"))
        first, again = cached.evaluate_all([WALKER, RESTYLED])
        assert first == again == pool.evaluate(WALKER)
        assert cached._cache.hits == 1


def test_an_evaluator_starts_no_process_for_what_is_known():
    evaluator, other = (Evaluator(corridor_task(timeout=20), workers=1) for _ in range(2))
    [found] = evaluator.evaluate_all([WALKER])
    assert evaluator.is_open
    evaluator.close()
    assert not evaluator.is_open
    other.restore(evaluator.to_json())
    assert other.evaluate_all([RESTYLED]) == [found]
    assert not other.is_open


def test_another_seed_forgets():
    evaluator = Evaluator(corridor_task(timeout=20), workers=1)
    evaluator.cache.put(WALKER, GOOD)
    evaluator.reseed(0)
    assert len(evaluator.cache) == 1
    evaluator.reseed(1)
    assert len(evaluator.cache) == 0
