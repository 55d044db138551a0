"""Proposals of known programs, where proposals are free."""

import threading

import pytest
from searches import START, Step, plain, reread, run, search_for
from searches import map_elites as make_map

from skdecide_elm.core import Proposal
from skdecide_elm.search.repeats import Repeats


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
    repeats = Repeats()
    repeats.add("x = 1  # one\n")
    assert repeats.are_free(["x  =  1"])
    assert not repeats.are_free(["x = 1", "x = 2"])


def test_only_so_many_are_free_in_a_row():
    repeats = Repeats()
    repeats.add("x = 1")
    assert [repeats.are_free(["x = 1"]) for _ in range(21)] == [True] * 20 + [False]
    repeats.add("x = 1")
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
