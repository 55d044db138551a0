"""Proposals of known programs, where proposals are free and where they are not."""

import asyncio
import random
import threading
from collections import Counter

import pytest
from searches import START, Step, evaluation_of, jittery, plain, reread, run, search_for
from searches import evaluate as evaluate_now
from searches import map_elites as make_map

from skdecide_elm.core import Evaluation, Proposal
from skdecide_elm.programs.tunables import read_tunables
from skdecide_elm.search.constants import Tuning
from skdecide_elm.search.loop import Search
from skdecide_elm.search.proposers import OneOperator
from skdecide_elm.search.repeats import Dropping, Repeats
from skdecide_elm.search.settings import SearchSettings
from skdecide_elm.search.trials import TUNING


class Often(Step):
    """Proposes what it has proposed before, but for every so many steps."""

    def __init__(self, period):
        super().__init__()
        self.period = period

    async def propose(self, parents, context):
        number = context.iteration - context.iteration % self.period
        self.asked.append(context.iteration)
        return [Proposal(f"{number % 7} {number % 5}" if number else START, self.name, (parents[0].id,))]


def test_programs_are_the_same_up_to_layout():
    repeats = Repeats(free=True)
    repeats.learn("x = 1  # one\n", evaluation_of("1 1"))
    assert repeats.are_free(["x  =  1"])
    assert not repeats.are_free(["x = 1", "x = 2"])


def test_only_so_many_are_free_in_a_row():
    repeats = Repeats(free=True)
    repeats.learn("x = 1", evaluation_of("1 1"))
    assert [repeats.are_free(["x = 1"]) for _ in range(21)] == [True] * 20 + [False]
    repeats.learn("x = 1", evaluation_of("1 1"))
    assert repeats.are_free(["x = 1"])


@pytest.mark.parametrize("free", [True, False])
def test_free_repeats_are_no_steps(free):
    operator, numbers = Often(3), []
    search = run(
        search_for(make_map(), free_repeats=free, save_history=True),
        8,
        operator,
        on_step=lambda step: numbers.append(step) or False,
    )
    assert search.statistics.steps == 8
    assert numbers == list(range(1, 9))
    codes = [program.code for program in search.history]
    assert (len(set(codes)) == len(codes) == 9) is free
    assert search.statistics.repeats == (16 if free else 0), "two of three proposals"


def test_a_proposer_that_has_nothing_new_to_say_ends_its_run():
    search = run(search_for(make_map(), free_repeats=True), 3, Often(10**6))
    assert (search.statistics.steps, search.statistics.repeats) == (3, 60)


@pytest.mark.parametrize("stop_at", [1, 4, 9])
def test_a_run_that_goes_on_knows_what_was_met(stop_at):
    def make():
        return search_for(make_map(), free_repeats=True)

    def stopping(step):
        if step == stop_at:
            stop.set()
        return False

    stop = threading.Event()
    whole = run(make(), 12, Often(3))
    begun = run(make(), 12, Often(3), stop=stop, on_step=stopping)
    resumed = make()
    resumed.restore(reread(begun.snapshot()))
    run(resumed, 12 - stop_at, Often(3))
    assert plain(resumed.snapshot()) == plain(whole.snapshot())


# ---- where proposals cost something


class Told(Step):
    """Proposes from the initial program what a script says, in turn; remembers what it was told of repeats."""

    def __init__(self, script, name="told"):
        super().__init__()
        self.script, self.name = script, name
        self.told = []

    async def propose(self, parents, context):
        self.told.append(context.duplicates)
        codes = self.script[min(context.iteration, len(self.script)) - 1].split(", ")
        return [Proposal(code, self.name, (parents[0].id,)) for code in codes]


def dropping(strategy=None, **settings):
    """A search that drops repeats; by default each step knows what the one before has brought."""
    alone = {"window": 1, "init_steps": 100, "save_history": True, "dropping": Dropping()}
    return search_for(strategy or make_map(), **{**alone, **settings})


def counting(evaluate=evaluate_now):
    """An evaluation, and how often it has evaluated each program."""
    counts = Counter()

    def counted(code, replicate):
        counts[code] += 1
        return evaluate(code, replicate)

    return counted, counts


def test_a_repeat_is_not_evaluated_costs_its_step_and_is_told():
    operator, (evaluate, counts) = Told([START, "1 1", "1 1", "1 1", "2 2", "2 2"]), counting()
    search = run(dropping(), 8, operator, evaluate)
    assert operator.told == [0, 1, 0, 1, 2, 0, 1, 2]
    assert counts == {START: 1, "1 1": 1, "2 2": 1}
    assert [program.code for program in search.history] == list(counts)
    statistics = search.statistics
    assert (statistics.steps, statistics.evaluations, statistics.repeats) == (8, 3, 6)
    assert statistics.operators.total() == statistics.inserted <= 3


def test_repeats_are_told_of_the_program_that_they_were_made_from():
    search = dropping()
    run(search, 4, Told(["1 1"]))
    assert search.next_asking_job(OneOperator(Told([]))).context.duplicates == 3
    other = Search(make_map(), [START, "5 5"], search.settings)
    operator = Told(["1 1"])
    run(other, 7, operator)
    assert operator.told == [0, 0, 0, 1, 1, 2, 2], "the two take turns, and one of them has brought something new"


def test_of_equal_children_of_a_step_one_is_taken_in():
    evaluate, counts = counting()
    search = run(dropping(), 2, Told(["1 1, 1 1, 2 2", "2 2, 3 3"]), evaluate)
    assert [program.id for program in search.history] == ["0", "1", "1.2", "2.1"]
    assert search.statistics.repeats == 2
    assert set(counts.values()) == {1}


def test_what_is_being_evaluated_is_not_evaluated_again():
    evaluate, counts = counting(jittery(0))
    search = run(dropping(window=6), 12, Told(["1 1"]), evaluate)
    assert counts == {START: 1, "1 1": 1}
    assert (search.statistics.steps, search.statistics.repeats) == (12, 11)


class Narrow(Step):
    """Has little to say: from each parent one of three programs."""

    async def propose(self, parents, context):
        if self.delay is not None:
            await asyncio.sleep(self.delay(context.iteration))
        self.asked.append((context.iteration, context.duplicates))
        x, y = map(float, parents[0].code.split())
        step = random.Random(context.seed).randrange(3)
        return [Proposal(f"{x + (step == 0)} {y + (step == 1)}", self.name, (parents[0].id,))]


def delays(seed):
    rng = random.Random(seed)
    return lambda step: rng.choice([0, 0, 0.001, 0.003])


def test_equal_seeds_make_equal_runs_whatever_the_timing():
    operators = [Narrow(delay=delays(seed)) for seed in (1, 2, 3)]
    searches = [
        run(dropping(window=5, init_steps=5), 40, operator, jittery(seed)) for seed, operator in enumerate(operators)
    ]
    assert searches[0].statistics.repeats > 5
    assert max(told for _, told in operators[0].asked) > 1
    assert len({plain(search.snapshot()) for search in searches}) == 1
    assert len({tuple(sorted(operator.asked)) for operator in operators}) == 1


def test_out_of_order_every_program_is_evaluated_once():
    evaluate, counts = counting(jittery(4))
    search = run(dropping(window=5, init_steps=5, in_order=False), 40, Narrow(delay=delays(4)), evaluate)
    assert set(counts.values()) == {1}
    assert search.statistics.evaluations + search.statistics.repeats == 41


def test_a_run_that_drops_repeats_goes_on_from_any_step_as_if_nothing_had_happened():
    def make():
        return dropping(window=4, init_steps=5)

    whole, saved = make(), {}
    run(whole, 30, Narrow(), on_step=lambda step: saved.update({step: reread(whole.snapshot())}))
    assert any(context["duplicates"] > 1 for state in saved.values() for context in state.state["jobs"])
    for step in (1, 4, 9, 17, 29):
        resumed = make()
        resumed.restore(saved[step])
        run(resumed, 30 - step, Narrow())
        assert plain(resumed.snapshot()) == plain(whole.snapshot())


def test_operators_that_read_nothing_of_repeats_neither_count_nor_reset():
    search = dropping(dropping=Dropping(untold=frozenset({"deaf"})))
    run(search, 3, Told(["1 1"]))
    for script in (["1 1"], ["2 2"]):
        run(search, 1, Told(script, name="deaf"))
        context = search.next_asking_job(OneOperator(Told([]))).context
        assert context.duplicates == 2
    assert search.statistics.repeats == 3


def test_a_program_that_may_do_better_the_next_time_is_evaluated_again():
    async def fails(code, replicate):
        return evaluation_of(code) if code == START else Evaluation.invalid("late")

    late = Dropping(may_pass=lambda evaluation: evaluation.artifacts.get("error") == "late")
    operator, (evaluate, counts) = Told(["1 1"]), counting(fails)
    search = run(dropping(dropping=late), 3, operator, evaluate)
    assert counts == {START: 1, "1 1": 3}
    assert (search.statistics.invalid, search.statistics.repeats, operator.told) == (3, 0, [0, 0, 0])


WHOLE_NUMBERS = """# EVOLVE-BLOCK-START
class Planner:
    TUNABLES = {{"X": (0, 4, "int"), "Y": (0, 4, "int")}}
    X = {}
    Y = {}
# EVOLVE-BLOCK-END
"""


class Guesses(Step):
    """Constants of its own, which tuning may find too, and the other way round."""

    async def propose(self, parents, context):
        self.asked.append((context.iteration, parents[0].id, context.duplicates))
        rng = random.Random(context.seed)
        code = WHOLE_NUMBERS.format(rng.randrange(5), rng.randrange(5))
        return [Proposal(code, self.name, (parents[0].id,))]


async def evaluate_constants(code, replicate):
    x, y = (tunable.value for tunable in read_tunables(code))
    return evaluation_of(f"{x} {y}")


def tuning(window):
    settings = {"init_steps": 5, "tuning": Tuning(0.5), "save_history": True, "dropping": Dropping()}
    return Search(make_map(), [WHOLE_NUMBERS.format(0, 0)], SearchSettings(window=window, **settings))


def test_tuning_evaluates_nothing_again_and_goes_on_from_any_step():
    evaluate, counts = counting(evaluate_constants)
    whole, saved = tuning(4), {}
    run(whole, 60, Guesses(), evaluate, on_step=lambda step: saved.update({step: reread(whole.snapshot())}))
    assert set(counts.values()) == {1}
    assert whole.statistics.operators[TUNING] > 0
    assert whole.statistics.evaluations + whole.statistics.repeats == 61
    for step in (14, 25, 40):
        resumed = tuning(4)
        resumed.restore(saved[step])
        run(resumed, 60 - step, Guesses(), evaluate_constants)
        assert plain(resumed.snapshot()) == plain(whole.snapshot())


def test_what_tuning_repeats_is_not_told():
    operator, window = Guesses(), 6
    search = run(tuning(window), 60, operator, evaluate_constants)
    taken, own = {program.id for program in search.history}, {0: Counter()}
    asked = {step: (parent, told) for step, parent, told in operator.asked}
    for step in range(1, 61):
        own[step] = own[step - 1].copy()
        if step in asked:
            parent, told = asked[step]
            assert told == own[max(0, step - window)][parent]
            own[step][parent] = 0 if str(step) in taken else own[step][parent] + 1
    tuned = set(range(1, 61)) - asked.keys()
    assert {str(step) for step in tuned} - taken, "some were repeats"
