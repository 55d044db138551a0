"""Who proposes in a search: chosen when a step begins, and told what became of it."""

import asyncio

from searches import evaluate, map_elites, plain, reread, search_for

from skdecide_elm.core import Proposal
from skdecide_elm.search.repeats import Dropping


class Team:
    """Two who take turns by the contexts' seeds: one moves closer to the best place, the other mends a failure."""

    num_parents = 2

    def __init__(self):
        self.asked, self.learned = {}, []

    def may_begin(self, under_way):
        return True

    def choose(self, parents, context):
        if context.failures and context.seed % 2:
            return "mends", context.failures[0]
        return "moves", parents[0]

    async def propose(self, name, parents, context):
        self.asked[context.iteration] = (name, context.duplicates)
        if name == "mends":
            return [Proposal("0.0 0.0", name, (context.failures[0].id,))]
        if context.iteration % 4 == 3:
            raise ConnectionError("no answer")
        x, y = map(float, parents[0].code.split())
        far = 100 if context.iteration % 4 == 1 else 0
        return [Proposal(f"{x + far + (3 - x) / 2} {y + (3 - y) / 2}", name, (parents[0].id,))]

    def learn(self, name, step, gain):
        self.learned.append((step, name, gain))


def searched(steps, search=None, **settings):
    search = search or search_for(map_elites(), **settings)
    team = Team()
    asyncio.run(search.run(steps, team, evaluate))
    return search, team


def test_each_step_is_learned_of_once_from_who_proposed_it():
    search, team = searched(40, save_history=True)
    assert [(step, name) for step, name, _ in team.learned] == [(n, team.asked[n][0]) for n in range(1, 41)]
    assert {name for _, name, _ in team.learned} == {"moves", "mends"}
    programs = {program.id: program for program in search.history}
    for step, _, gain in team.learned:
        child = programs.get(str(step))
        if child is None:
            assert gain == 0
        else:
            assert gain == child.evaluation.gain_over(programs[child.parents[0]].evaluation)
    assert {gain > 0 for _, _, gain in team.learned} == {True, False}


def test_who_mends_is_told_of_the_repeats_from_what_it_mends():
    search, team = searched(60, window=1, dropping=Dropping())
    told = [duplicates for name, duplicates in team.asked.values() if name == "mends"]
    assert len(told) > 5 and max(told) > 1
    assert search.statistics.repeats > 0


def test_who_was_to_propose_still_is_when_a_search_goes_on():
    search, saved, team = search_for(map_elites()), {}, Team()
    keep = {"on_step": lambda step: saved.update({step: reread(search.snapshot())})}
    asyncio.run(search.run(30, team, evaluate, **keep))
    for step in (1, 9, 20):
        resumed = search_for(map_elites())
        resumed.restore(saved[step])
        _, again = searched(30 - step, resumed)
        assert plain(resumed.snapshot()) == plain(search.snapshot())
        assert again.asked == {n: asked for n, asked in team.asked.items() if n in again.asked}
        assert again.learned == team.learned[step:]
