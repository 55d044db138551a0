"""What a failed program is told, word for word."""

from __future__ import annotations

import math
import textwrap

import pytest
from corridor import Corridor, corridor_task, program
from hypothesis import given, settings
from hypothesis import strategies as st
from skdecide import ImplicitSpace

from skdecide_elm.evaluation import EvaluationPool, RolloutTask
from skdecide_elm.evaluation.failure import failed_evaluation, printable, traceback_from_dump


@pytest.fixture(scope="module")
def evaluate():
    task = corridor_task(num_episodes=2, timeout=0.5)
    with EvaluationPool(task, workers=1) as pool:
        yield pool.evaluate


def told(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


def walked(first: int, last: int) -> str:
    return "".join(f"step {n}: at {n - 1} took 'right', cost 1\n" for n in range(first, last + 1))


def test_the_programs_own_lines_and_nothing_else(evaluate):
    action = """
        def choose():
            return 'right' if observation < 5 else x
        return choose()
    """
    assert evaluate(program(action)).artifacts == {
        "error": "NameError: name 'x' is not defined",
        "traceback": told("""
            Traceback (most recent call last):
              File "<program>", line 10, in sample_action
                return choose()
              File "<program>", line 9, in choose
                return 'right' if observation < 5 else x
            NameError: name 'x' is not defined
        """),
        "failed_at": "step 6 of episode 1",
        "last_steps": walked(1, 5) + "step 6: at 5 it failed",
    }


def test_the_episode_and_the_step_of_an_invalid_action(evaluate):
    code = program(
        "return 'right' if len(EPISODES) < 2 or observation < 7 else 'up'", "EPISODES = []", "EPISODES.append(1)"
    )
    assert evaluate(code).artifacts == {
        "error": "ActionError: expected an applicable action; found up",
        "invalid_action": "step 8 of episode 2: expected an applicable action; found up",
        "failed_at": "step 8 of episode 2",
        "last_steps": walked(3, 7) + "step 8: at 7 it failed",
    }


class Touchy(Corridor):
    """Has a space that promises more than it keeps."""

    def _get_action_space_(self):
        return ImplicitSpace(lambda action: True)


def test_the_domains_own_lines_where_it_raises_at_an_action():
    with EvaluationPool(RolloutTask((Touchy,), corridor_task().bridge, timeout=5), workers=1) as pool:
        artifacts = pool.evaluate(program("return 'up'")).artifacts
    assert artifacts["error"] == "ValueError: not a move: 'up'"
    assert artifacts["failed_at"] == "step 1 of episode 1"
    assert '    raise ValueError(f"not a move: {action!r}")' in artifacts["traceback"].splitlines()
    assert "skdecide_elm/evaluation" not in artifacts["traceback"]


def test_the_instance_where_there_are_several():
    task = RolloutTask((Corridor, lambda: Corridor(length=3)), corridor_task().bridge, timeout=5)
    code = program("return 'right' if self.domain.length == 10 else None")
    with EvaluationPool(task, workers=1) as pool:
        assert pool.evaluate(code).artifacts["failed_at"] == "step 1 of episode 1 of instance 2"


def test_a_planner_that_cannot_be_made(evaluate):
    artifacts = evaluate(program("return 'right'", init="self.domain.fly()")).artifacts
    assert artifacts["error"] == "AttributeError: 'Corridor' object has no attribute 'fly'"
    assert artifacts["failed_at"] == "the start of episode 1"


def test_a_failure_in_the_domain_shows_the_line_of_the_program_that_caused_it(evaluate):
    artifacts = evaluate(program("return self.domain.get_next_state(0, 'up')")).artifacts
    assert artifacts["traceback"] == told("""
        Traceback (most recent call last):
          File "<program>", line 8, in sample_action
            return self.domain.get_next_state(0, 'up')
        ValueError: not a move: 'up'
    """)


def test_a_syntax_error_shows_the_line(evaluate):
    artifacts = evaluate("x = 1\nif x = 1:\n    pass\n").artifacts
    assert artifacts["error"].startswith("SyntaxError: ")
    assert artifacts["traceback"].splitlines()[:3] == [
        "Traceback (most recent call last):",
        '  File "<program>", line 2, in <module>',
        "    if x = 1:",
    ]


def test_what_is_not_a_program(evaluate):
    assert (
        evaluate("x = 1").artifacts["error"].startswith("PlannerError: expected the program to define a class Planner")
    )
    assert evaluate("x = '\ud800'").artifacts["error"].startswith("UnicodeEncodeError: ")
    assert not evaluate("x = '\0'").is_valid


def test_a_hang_shows_where(evaluate):
    action = """
        for n in range(10):
            while observation == 3:
                pass
        return 'right'
    """
    artifacts = evaluate(program(action)).artifacts
    header, place, line, error = artifacts["traceback"].splitlines()
    assert (header, error) == (
        "Traceback (most recent call last):",
        "TimeoutError: the evaluation took longer than 0.5 s",
    )
    assert (place, line) in {
        ('  File "<program>", line 9, in sample_action', "    while observation == 3:"),
        ('  File "<program>", line 10, in sample_action', "    pass"),
    }


def test_deep_recursion_is_short(evaluate):
    trace = evaluate(program("return self.sample_action(observation)")).artifacts["traceback"]
    assert trace.count("return self.sample_action(observation)") <= 3
    assert "[Previous line repeated 17 more times]" in trace  # of the last 20 frames, 3 are shown


def test_a_long_line_is_cut(evaluate):
    trace = evaluate(program(f"return x + {'1 + ' * 5000} 1")).artifacts["traceback"]
    assert len(trace) < 500


@given(st.text(st.characters(codec=None), max_size=50), st.integers(0, 60))
def test_printable_text_can_be_encoded_and_keeps_what_could_be(text, limit):
    shown = printable(text, limit)
    shown.encode()
    try:
        text.encode()
    except UnicodeEncodeError:
        assert "\\ud" in shown or shown == text[:limit]
    else:
        assert shown == text[:limit]


@settings(max_examples=30)
@given(st.text())
def test_any_exception_message_gives_an_invalid_evaluation(text):
    evaluation = failed_evaluation(ValueError(text))
    assert evaluation.metrics == {"combined_score": -math.inf}
    assert evaluation.artifacts["error"].startswith("ValueError")


def test_a_dump_of_several_threads_shows_the_main_thread():
    dump = told("""
        Timeout (0:00:00.950000)!
        Thread 0x00007f0000000001 (most recent call first):
          File "<program>", line 1 in helper
        Thread 0x00007f0000000002 (most recent call first):
          File "/usr/lib/python3.11/random.py", line 5 in choice
          File "<program>", line 2 in sample_action
          File "/x/skdecide_elm/evaluation/rollout.py", line 70 in run_episode
    """)
    assert traceback_from_dump(dump, "first\nsecond\n", "TimeoutError: late") == told("""
        Traceback (most recent call last):
          File "<program>", line 2, in sample_action
            second
        TimeoutError: late
    """)


def test_a_dump_of_a_crash_shows_the_thread_that_crashed():
    dump = told("""
        Fatal Python error: Segmentation fault

        Current thread 0x00007f0000000001 (most recent call first):
          File "<program>", line 1 in helper

        Thread 0x00007f0000000002 (most recent call first):
          File "<program>", line 2 in sample_action
    """)
    assert "helper" in traceback_from_dump(dump, "first\nsecond\n", "died")
    assert "sample_action" not in traceback_from_dump(dump, "first\nsecond\n", "died")


@given(st.text(), st.integers(-(10**9), 10**9))
def test_a_dump_that_the_program_has_written_does_no_harm(text, number):
    dump = f'{text}\n  File "<program>", line {number} in f\n  File "/etc/passwd", line 1 in g\n{text}'
    assert "root" not in traceback_from_dump(dump, "first", "late")
