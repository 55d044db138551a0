"""Whatever a program does: an honest answer in time, and the next program is scored right."""

from __future__ import annotations

import functools
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from corridor import WALKER, corridor_task
from hostile import FINE, PROGRAMS

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation import EvaluationPool

TIMEOUT = 0.7
WALKED = {"combined_score": -0.5, "cost": 10.0, "nb_reached_goals": 1.0, "nb_episodes": 1.0, "nb_cut_episodes": 0.0}


@dataclass
class Verdict:
    evaluation: Evaluation
    seconds: float
    allowed: float
    next_program: Evaluation | None


@pytest.fixture(scope="module")
def verdicts():
    """The verdicts of a room, found when they are first asked for: no test needs those of all."""
    return functools.cache(lambda room: judge_all(*room))


def judge_all(mode: str, isolation: str) -> dict[str, Verdict]:
    """Every program's evaluation, in two pools of one worker each: the next program meets the same worker."""
    pools = threading.local()
    opened = []
    task = corridor_task(timeout=TIMEOUT, isolation=isolation, threads=isolation == "process")

    def open_pool() -> None:
        start = time.monotonic()
        pools.mine = EvaluationPool(task, workers=1, mode=mode)
        opened.append(pools.mine)
        pools.mine.evaluate(WALKER)
        # in the mode `single` a process may have to start first
        pools.allowed = TIMEOUT + 2 + (time.monotonic() - start if mode == "single" else 0)

    def judge(code: str) -> Verdict:
        start = time.monotonic()
        evaluation = pools.mine.evaluate(code)
        seconds = time.monotonic() - start
        # in the mode `single` the next program has a process of its own: it is enough to look once, at the end
        following = pools.mine.evaluate(WALKER) if mode == "forkserver" else None
        return Verdict(evaluation, seconds, pools.allowed, following)

    with ThreadPoolExecutor(2, initializer=open_pool) as threads:
        programs = PROGRAMS[mode, isolation]
        found = dict(zip(programs, threads.map(judge, [code for code, _ in programs.values()]), strict=True))
    for pool in opened:
        assert pool.evaluate(WALKER).metrics == WALKED
        pool.close()
    return found


ROOMS = [pytest.param(room, id=" ".join(room)) for room in PROGRAMS]


@pytest.mark.parametrize(
    ("room", "name"),
    [pytest.param(room, name, id=f"{' '.join(room)}-{name}") for room in PROGRAMS for name in PROGRAMS[room]],
)
def test_an_answer_in_time_and_the_next_one_right(verdicts, room, name):
    verdict, (_, expected) = verdicts(room)[name], PROGRAMS[room][name]
    evaluation = verdict.evaluation
    assert verdict.seconds < verdict.allowed
    if expected == FINE:
        assert evaluation.metrics == WALKED, evaluation
    else:
        assert evaluation.metrics == {"combined_score": -math.inf}
        assert expected in evaluation.artifacts["error"]
        assert len(evaluation.artifacts["error"]) < 700
        assert len(evaluation.artifacts.get("traceback", "")) < 10_000
    for text in evaluation.artifacts.values():
        text.encode()
    assert verdict.next_program is None or verdict.next_program.metrics == WALKED


@pytest.mark.parametrize("mode", ["forkserver", "single"])
def test_what_a_link_leads_to_is_not_shown(verdicts, mode):
    assert "output" not in verdicts((mode, "process"))["link for output"].evaluation.artifacts


@pytest.mark.parametrize("room", ROOMS)
def test_a_crash_names_the_line(verdicts, room):
    assert verdicts(room)["segmentation fault"].evaluation.artifacts["traceback"].splitlines()[1:] == [
        '  File "<program>", line 6, in __init__',
        "    ctypes.string_at(0)",
        "the program ended its process before it was evaluated (killed by SIGSEGV)",
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_the_beginning_of_the_output_is_shown(verdicts, room):
    assert verdicts(room)["a lot of output"].evaluation.artifacts["output"] == 2000 * "x"
