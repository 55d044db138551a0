"""What every selection promises, and what each prefers. (`rank_weights` is tested with OpenEvolve's selection.)"""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searches import program

from skdecide_elm.search.elites import Elite, Elites
from skdecide_elm.search.selection import SELECTIONS, select_best, select_by_rank, select_uniform, select_worst

every_selection = pytest.mark.parametrize("select", SELECTIONS.values(), ids=SELECTIONS)

DRAWS = 3000


def elites_of(scores, cells=None, measures=None):
    elites = Elites()
    for slot, score in enumerate(scores):
        point = (float(slot), 0.0) if measures is None else measures[slot]
        elites.put(Elite(program(slot, score), point, slot, slot if cells is None else cells[slot]))
    return elites


def counts(select, elites, count=1):
    rng = random.Random(0)
    return Counter(elite.slot for _ in range(DRAWS) for elite in select(elites, count, rng))


scores = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=12)


@every_selection
@settings(deadline=None, max_examples=30)
@given(found=scores, count=st.integers(1, 4), seed=st.integers(0, 99))
def test_parents_are_different_elites_and_depend_on_the_seed_only(select, found, count, seed):
    elites = elites_of(found)
    chosen = select(elites, count, random.Random(seed))
    assert 1 <= len(chosen) <= count
    assert len({elite.slot for elite in chosen}) == len(chosen)
    assert all(elites.at(elite.slot) is elite for elite in chosen)
    again = select(elites, count, random.Random(seed))
    assert [elite.slot for elite in again] == [elite.slot for elite in chosen]


@every_selection
def test_the_only_elite_is_selected(select):
    assert [elite.slot for elite in select(elites_of([-1.0]), 3, random.Random(0))] == [0]


@every_selection
def test_sign_and_scale_of_scores_do_not_matter(select):
    found = [0.0, 4.0, 1.0, 3.0, 2.0]
    assert counts(select, elites_of(found)) == counts(select, elites_of([1e6 * score - 1e9 for score in found]))


def test_uniform_is_uniform_over_cells():
    drawn = counts(select_uniform, elites_of([0.0] * 5, cells=[0, 0, 0, 0, 1]))
    assert drawn[4] == pytest.approx(DRAWS / 2, rel=0.1)
    assert all(drawn[slot] == pytest.approx(DRAWS / 8, rel=0.2) for slot in range(4))


def test_best_and_worst():
    elites = elites_of([2.0, 5.0, 1.0, 5.0])
    assert [elite.slot for elite in select_best(elites, 3, random.Random(0))] == [1, 3, 0]
    assert [elite.slot for elite in select_worst(elites, 2, random.Random(0))] == [2, 0]


def test_by_rank_the_probability_falls_exponentially_and_ties_are_equal():
    drawn = counts(select_by_rank, elites_of([3.0, 2.0, 1.0, 0.0]))
    assert [slot for slot, _ in drawn.most_common()] == [0, 1, 2, 3]
    assert drawn[0] / drawn[1] == pytest.approx(2.718, rel=0.15)  # pressure 4 over four ranks
    tied = counts(select_by_rank, elites_of([1.0] * 4))
    assert all(tied[slot] == pytest.approx(DRAWS / 4, rel=0.1) for slot in range(4))


def test_a_tournament_prefers_the_better_and_spares_none():
    drawn = counts(SELECTIONS["tournament"], elites_of([float(score) for score in range(6)]))
    assert [slot for slot, _ in drawn.most_common()] == [5, 4, 3, 2, 1, 0]


def test_curiosity_prefers_parents_of_elites():
    elites = elites_of([9.0, 0.0, 0.0])
    elites.at(2).curiosity = 1.0
    elites.at(0).curiosity = -1.0
    assert [slot for slot, _ in counts(SELECTIONS["curiosity"], elites).most_common()] == [2, 1, 0]


@pytest.mark.parametrize("crowd", [5, 200])
def test_novelty_prefers_the_lonely(crowd):
    measures = [(0.001 * slot, 0.0) for slot in range(crowd)] + [(9.0, 9.0)]
    drawn = counts(SELECTIONS["novelty"], elites_of([0.0] * (crowd + 1), measures=measures))
    chance_of_being_in_a_tournament = 1 - (crowd / (crowd + 1)) ** 3
    assert drawn[crowd] == pytest.approx(DRAWS * chance_of_being_in_a_tournament, rel=0.4)


# ---- the index behind it


operations = st.lists(st.tuples(st.integers(0, 7), st.integers(-3, 3), st.booleans()), max_size=40)


@settings(deadline=None, max_examples=60)
@given(operations)
def test_the_index_of_elites_is_consistent(operations):
    elites, expected = Elites(), {}
    for number, (slot, score, remove) in enumerate(operations):
        if remove and slot in expected:
            elites.remove(expected.pop(slot))
        else:
            expected[slot] = Elite(program(number, score), (0.0,), slot, slot // 3)
            elites.put(expected[slot])
    assert len(elites) == len(expected)
    assert {elite.slot: elite for elite in elites} == expected
    ranked = sorted(expected.values(), key=lambda elite: (-elite.score, elite.slot))
    assert [elites.ranked(rank) for rank in range(len(ranked))] == ranked
    assert elites.best is (ranked[0] if ranked else None)
    assert elites.num_cells == len({elite.cell for elite in ranked})
    for elite in ranked:
        assert elites.at(elite.slot) is elites.find(elite.program.id) is elite
        assert {elites.ranked(rank).score for rank in elites.with_score(elite.score)} == {elite.score}
        assert elite in elites.in_cell(elite.cell)
    assert elites.at(99) is None
    assert elites.in_cell(99) == []
    assert len(elites.with_score(0.5)) == 0
