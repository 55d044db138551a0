"""The loop: what overlaps, in which order outcomes count, when it ends, and how it goes on."""

import asyncio
import random
import threading
from collections import Counter
from concurrent.futures import Future

import pytest
from searches import (
    START,
    STRATEGIES,
    Step,
    evaluate,
    evaluation_of,
    jittery,
    map_elites,
    noisy,
    plain,
    reread,
    run,
    search_for,
)

from skdecide_elm.core import Evaluation, Proposal
from skdecide_elm.errors import ConfigError, EvaluationError, ReplyError
from skdecide_elm.programs.tunables import read_tunables, structure_of
from skdecide_elm.search.baselines import OnePlusOne
from skdecide_elm.search.constants import Tuning
from skdecide_elm.search.loop import Search
from skdecide_elm.search.replication import Replication
from skdecide_elm.search.settings import SearchSettings
from skdecide_elm.search.trials import TUNING

every_strategy = pytest.mark.parametrize("make", STRATEGIES.values(), ids=STRATEGIES)

LUCK = Replication(count=3)


# ---- every strategy


@every_strategy
def test_a_search_finds_something_better_and_counts_what_it_does(make):
    search = run(search_for(make()), 40)
    assert search.best.evaluation.combined_score > evaluation_of(START).combined_score
    statistics = search.statistics
    assert (statistics.steps, statistics.evaluations) == (40, 41)
    assert statistics.inserted == statistics.operators.total() > 1
    scores = [score for _, score in statistics.improvements]
    assert scores == sorted(scores)
    assert scores[-1] == search.best.evaluation.combined_score


@every_strategy
def test_equal_seeds_make_equal_runs_whatever_the_timing(make):
    first, second = (run(search_for(make(), seed=1), 30, Step(2), jittery(timing)) for timing in (1, 2))
    assert plain(first.snapshot()) == plain(second.snapshot())
    other = run(search_for(make(), seed=2), 30, Step(2))
    assert plain(other.snapshot()) != plain(first.snapshot())


@every_strategy
@pytest.mark.parametrize("replication", [None, LUCK], ids=["once", "replicated"])
def test_a_search_that_is_killed_goes_on_from_any_step_as_if_nothing_had_happened(make, replication):
    settings = {"replication": replication, "save_history": True}
    whole = search_for(make(), **settings)
    saved = {}
    run(whole, 30, Step(2, fail_every=7), noisy, on_step=lambda step: saved.update({step: reread(whole.snapshot())}))
    assert len(saved) == 30
    for step in (1, 4, 5, 6, 13, 29):
        resumed = search_for(make(), **settings)
        resumed.restore(saved[step])
        run(resumed, 30 - step, Step(2, fail_every=7), noisy)
        assert plain(resumed.snapshot()) == plain(whole.snapshot())


@every_strategy
def test_a_search_that_is_stopped_goes_on_as_if_nothing_had_happened(make):
    whole = run(search_for(make()), 30)
    stopped, stop = search_for(make()), threading.Event()
    run(stopped, 30, stop=stop, on_step=lambda step: stop.set() if step == 11 else None)
    assert stopped.statistics.steps == 11
    run(stopped, 19)
    assert plain(stopped.snapshot()) == plain(whole.snapshot())


@every_strategy
def test_without_a_valid_program_the_initial_one_is_varied(make):
    async def fails(code, replicate):
        return Evaluation.invalid("no")

    operator = Step()
    search = run(search_for(make()), 10, operator, fails)
    assert search.best is None
    assert search.statistics.invalid == 11
    assert {tuple(parents) for _, parents, _ in operator.asked} == {("0",)}


@every_strategy
def test_the_reported_best_is_no_lucky_draw(make):
    search = run(search_for(make(), replication=LUCK), 40, evaluate=noisy)
    assert search.best.evaluation.metrics["nb_replicates"] == 3
    assert search.statistics.replicates >= 2
    true = sum(
        evaluation_of(search.best.code, random.Random(f"{search.best.code}/{i}").gauss(0, 2)).combined_score
        for i in range(3)
    )
    assert search.best.evaluation.combined_score == pytest.approx(true / 3)


# ---- phases and order


def test_initial_programs_are_the_parents_of_the_initial_phase():
    operator = Step()
    search = Search(map_elites(), [START, "1.0 1.0"], SearchSettings(init_steps=6, window=2))
    run(search, 12, operator)
    parents = [asked[1] for asked in sorted(operator.asked)]
    assert parents[:6] == [["0"], ["0.1"]] * 3
    assert any(parent not in (["0"], ["0.1"]) for parent in parents[6:])
    assert [program.id for program in search.initial_programs] == ["0", "0.1"]


def test_in_order_a_step_knows_all_outcomes_but_the_last_window():
    operator, search = Step(), search_for(OnePlusOne(), window=3, init_steps=0)
    run(search, 20, operator, jittery(0))
    assert [asked[0] for asked in operator.asked] == list(range(1, 21))
    assert all(int(parent) <= step - 3 for step, (parent,), _ in operator.asked if parent != "0")


def test_out_of_order_a_stalled_request_holds_up_nothing():
    done = threading.Event()

    class StallsOnce(Step):
        async def propose(self, parents, context):
            while context.iteration == 1 and not done.is_set():
                await asyncio.sleep(0.001)
            return await super().propose(parents, context)

    search = search_for(map_elites(), in_order=False)
    run(search, 20, StallsOnce(), on_step=lambda step: done.set() if step == 19 else None)
    assert search.statistics.steps == 20
    assert search.statistics.evaluations == 21


@pytest.mark.parametrize("in_order", [True, False])
def test_requests_and_evaluations_overlap(in_order):
    inside = Counter()
    most = Counter()

    async def busy(what, then):
        inside[what] += 1
        most[what] = max(most[what], inside[what])
        most["both"] = max(most["both"], min(inside["propose"], inside["evaluate"]))
        await asyncio.sleep(0.002)
        inside[what] -= 1
        return await then

    class Busy(Step):
        async def propose(self, parents, context):
            return await busy("propose", super().propose(parents, context))

    search = search_for(map_elites(), window=6, concurrency=2, in_order=in_order)
    run(search, 30, Busy(), lambda code, replicate: busy("evaluate", evaluate(code, replicate)))
    assert most["propose"] == 2
    assert most["evaluate"] >= 2
    assert most["both"] >= 1


def test_evaluations_may_be_futures_of_another_thread():
    def submitted(code, replicate):
        future = Future()
        threading.Timer(0.001, future.set_result, [evaluation_of(code)]).start()
        return future

    assert plain(run(search_for(OnePlusOne()), 8, evaluate=submitted).snapshot()) == plain(
        run(search_for(OnePlusOne()), 8).snapshot()
    )


def test_an_operator_may_propose_several_children_or_none():
    class Several(Step):
        async def propose(self, parents, context):
            return [Proposal(f"{i} 0", "several", ("0",)) for i in range(context.iteration - 1)]

    search = run(search_for(map_elites(), save_history=True), 3, Several())
    assert [program.id for program in search.history] == ["0", "2", "3", "3.1"]
    assert (search.statistics.steps, search.statistics.evaluations) == (3, 4)


def test_examples_are_the_best_first_and_no_parents():
    operator = Step()
    search = run(search_for(map_elites(), num_examples=4, save_history=True), 30, operator)
    scores = {program.id: program.evaluation.combined_score for program in search.history}
    assert any(len(examples) > 1 for _, _, examples in operator.asked)
    for _, parents, examples in operator.asked:
        assert not set(parents) & set(examples)
        assert [scores[i] for i in examples] == sorted((scores[i] for i in examples), reverse=True)


# ---- failures and ends


def test_a_failed_step_is_counted_and_costs_nothing_else():
    class Moody(Step):
        async def propose(self, parents, context):
            if context.iteration % 3 == 0:
                raise ReplyError("prose", "expected code; found prose")
            return await super().propose(parents, context)

    search = run(search_for(map_elites()), 12, Moody(fail_every=4))
    assert search.statistics.steps == 12
    assert search.statistics.rejected_replies == {"prose": 4}
    assert search.statistics.failures == {"ConnectionError": 2}
    assert search.statistics.evaluations == 1 + 6


def test_machinery_that_fails_ends_the_run_with_its_error():
    async def broken(code, replicate):
        if code == START:
            return evaluation_of(code)
        raise EvaluationError("no worker can start")

    with pytest.raises(EvaluationError, match="no worker can start"):
        run(search_for(OnePlusOne()), 5, evaluate=broken)


def test_machinery_that_ends_because_of_a_stop_is_no_error():
    stop = threading.Event()

    async def closed(code, replicate):
        stop.set()
        raise EvaluationError("the pool is closed")

    search = run(search_for(OnePlusOne()), 5, evaluate=closed, stop=stop)
    assert search.statistics.steps == 0


def test_the_target_ends_a_run():
    near = run(search_for(map_elites(), target_score=0.0, atol=2.0), 500)
    assert near.best.evaluation.combined_score >= -2.0
    assert near.statistics.steps < 500


def test_a_target_that_was_reached_by_luck_is_not_reached():
    lucky = Counter()

    async def lucky_once(code, replicate):
        score = 1.0 if replicate == 0 and code != START else -1.0
        lucky[score] += 1
        return Evaluation({"combined_score": score, "x": 0.0, "y": 0.0})

    search = run(search_for(OnePlusOne(), target_score=1.0, replication=LUCK), 10, evaluate=lucky_once)
    assert lucky[1.0] > 0
    assert search.statistics.steps == 10
    assert search.best.evaluation.combined_score < 1.0


CONSTANTS = """# EVOLVE-BLOCK-START
class Planner:
    TUNABLES = {"X": (-9.0, 9.0), "Y": (-9.0, 9.0)}
    X = -6.0
    Y = -6.0
# EVOLVE-BLOCK-END
"""


class Annotated:
    """The parent with another note, which changes nothing."""

    name = "annotated"
    num_parents = 1

    async def propose(self, parents, context):
        return [Proposal(f"{parents[0].code}# {context.iteration}\n", self.name, (parents[0].id,))]


async def evaluate_constants(code, replicate):
    x, y = (tunable.value for tunable in read_tunables(code))
    return evaluation_of(f"{x} {y}", noise=1e-6 * len(code))


def tuning(share):
    chosen = SearchSettings(init_steps=5, window=4, tuning=Tuning(share), save_history=True)
    return Search(map_elites(bounds=(-9.0, 9.0)), [CONSTANTS], chosen)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_a_share_of_the_steps_tunes_constants(share):
    search = run(tuning(share), 105, Annotated(), evaluate_constants)
    tuned = [program for program in search.history if program.operator == TUNING]
    assert len(tuned) <= share * 100
    assert len(tuned) >= share * 100 - 30
    assert (search.best.evaluation.combined_score > -3) == (share > 0)
    assert all(structure_of(program.code) == structure_of(CONSTANTS) for program in tuned)


def test_a_search_that_is_killed_while_it_tunes_goes_on_as_if_nothing_had_happened():
    whole, saved = tuning(0.5), {}
    keep = {"on_step": lambda step: saved.update({step: reread(whole.snapshot())})}
    run(whole, 60, Annotated(), evaluate_constants, **keep)
    assert whole.statistics.operators[TUNING] > 0
    for step in (3, 17, 31, 58):
        resumed = tuning(0.5)
        resumed.restore(saved[step])
        run(resumed, 60 - step, Annotated(), evaluate_constants)
        assert plain(resumed.snapshot()) == plain(whole.snapshot())


def test_history_is_kept_on_request():
    assert len(run(search_for(OnePlusOne(), save_history=True), 9).history) == 10
    assert run(search_for(OnePlusOne()), 9).history == []


@pytest.mark.parametrize("wrong", [{"window": 0}, {"concurrency": 0}, {"init_steps": -1}, {"atol": -1.0}])
def test_settings_that_cannot_work(wrong):
    with pytest.raises(ConfigError, match="expected a window and a concurrency of at least 1"):
        SearchSettings(**wrong)


def test_there_must_be_something_to_start_from():
    with pytest.raises(ConfigError, match="at least one initial program"):
        Search(OnePlusOne(), [], SearchSettings())
