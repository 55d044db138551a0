"""Structure and constants, searched apart."""

import json
import math
from functools import partial

import pytest

from skdecide_elm.core import Evaluation, Program
from skdecide_elm.programs.tunables import read_tunables, structure_of, with_values
from skdecide_elm.search.constants import CHEAP_SECONDS, ConstantTuner, Tuning
from skdecide_elm.search.trials import Base, Candidate, better_half

SQUARE = """# EVOLVE-BLOCK-START
class Planner:
    TUNABLES = {"X": (-1.0, 1.0), "Y": (-1.0, 1.0)}
    X = 0.9
    Y = -0.9

    def sample_action(self, observation):
        return self.X * observation + self.Y
# EVOLVE-BLOCK-END
"""
INNER = SQUARE.replace("X = 0.9", "X = 0.0").replace("Y = -0.9", "Y = 0.0")
PLAIN = SQUARE.replace("    TUNABLES", "    BOUNDS")


def value(code):
    """0 where X = 0.5 and Y = 0.25, less elsewhere."""
    found = {tunable.name: tunable.value for tunable in read_tunables(code)}
    return -((found["Planner.X"] - 0.5) ** 2) - (found["Planner.Y"] - 0.25) ** 2


def candidate(name, code, score):
    return Candidate(score, code, partial(Base, Program(name, code, Evaluation({"combined_score": score}))))


def known(*codes, others=12):
    """The programs that a search knows: some with their score, and worse ones without constants."""
    worse = [candidate(f"w{number}", "x = 1\n", -9.0) for number in range(others)]
    return [*worse, *(candidate(f"p{number}", code, value(code)) for number, code in enumerate(codes))]


def play(tuner, programs, iterations, first=1, lag=3):
    """Iterations whose trials are told a few iterations later; the trials."""
    waiting, trials = [], []
    for iteration in range(first, first + iterations):
        while waiting and waiting[0][0] <= iteration - lag:
            told = waiting.pop(0)[1]
            tuner.tell(told, value(told.code))
        trial = tuner.ask(iteration, partial(better_half, programs))
        if trial is not None:
            trials.append(trial)
            waiting.append((iteration, trial))
    for _, trial in waiting:
        tuner.tell(trial, value(trial.code))
    return trials


def test_it_tunes_the_constants_and_leaves_the_structure():
    trials = play(ConstantTuner(Tuning(0.5), 0), known(SQUARE), 300)
    assert max(value(trial.code) for trial in trials) > -0.01 > value(SQUARE)
    assert {structure_of(trial.code) for trial in trials} == {structure_of(SQUARE)}


def test_it_takes_its_share_and_no_more():
    for share in (0.0, 0.25, 0.5):
        trials = play(ConstantTuner(Tuning(share), 0), known(SQUARE), 40)
        assert len(trials) <= share * 40
        assert len(trials) >= share * 40 - 8 or share == 0


def test_what_must_be_cheap_is_not_tuned_where_evaluations_take_long():
    def tuned(seconds, **settings):
        tuner = ConstantTuner(Tuning(0.5, **settings), 0)
        tuner.hear_of_cost(seconds)
        restored = ConstantTuner(Tuning(0.5, **settings), 0)
        restored.restore(json.loads(json.dumps(tuner.to_json(), allow_nan=False)))
        return len(play(restored, known(SQUARE), 40)) > 0

    assert tuned(CHEAP_SECONDS / 2, only_if_cheap=True) and tuned(2 * CHEAP_SECONDS)
    assert not tuned(2 * CHEAP_SECONDS, only_if_cheap=True)


def test_nothing_is_tuned_where_nothing_stands_out_or_nothing_can_be_tuned():
    few = known(SQUARE, others=3)
    alike = known(*[with_values(SQUARE, {"Planner.X": -0.9 + i / 1000}) for i in range(3)], others=0) * 4
    for programs in (few, [candidate("p", one.code, -9.0) for one in alike]):
        assert play(ConstantTuner(Tuning(0.5), 0), programs, 40) == []
    lifeless = [*known(others=12), candidate("p", "x = 1\n", -1.0)]
    assert play(ConstantTuner(Tuning(0.5), 0), lifeless, 40) == []


def test_undeclared_numbers_are_lifted():
    code = "class Planner:\n    def sample_action(self, observation):\n        return 0.3 * observation - 0.2\n"
    found = partial(better_half, [*known(), candidate("p", code, -1.0)])
    trial = ConstantTuner(Tuning(0.5), 0).ask(40, found)
    assert "self.WEIGHT * observation - self.OFFSET" in trial.code


def test_a_better_program_takes_the_place_of_the_worst_at_once():
    structures = [SQUARE.replace("+ self.Y", f"+ self.Y - {number}") for number in range(4)]
    programs = known(*structures[:3])
    tuner = ConstantTuner(Tuning(0.5), 0)
    assert len({structure_of(trial.code) for trial in play(tuner, programs, 10)}) == 3
    best = with_values(structures[3], {"Planner.X": 0.5, "Planner.Y": 0.25})
    programs += known(best, others=0)
    later = [structure_of(trial.code) for trial in play(tuner, programs, 40, first=11)]
    assert later[0] == structure_of(best)
    assert 2 <= len(set(later)) <= 3, "the worst of the three was left"


def test_the_first_trials_lie_as_far_away_as_the_step_says():
    def farthest(step):
        trials = play(ConstantTuner(Tuning(0.5, step=step), 0), known(INNER), 40)
        first = [tunable.value for trial in trials[:5] for tunable in read_tunables(trial.code)]
        return max(map(abs, first)) / 2  # as a share of the bounds

    assert farthest(0.02) < 4 * 0.02 < 0.1 < farthest(0.2)


WHOLE = """class Planner:
    TUNABLES = {"X": (-2, 2, "int"), "Y": (-2, 2, "int")}
    X = 2
    Y = -2

    def sample_action(self, observation):
        return self.X * observation + self.Y
"""

BESIDE = WHOLE.replace("}\n", ', "Z": (1.0, 1.004, "log")}\n    Z = 1.0\n')
"""Whole numbers for CMA-ES, as one that is none is beside them; of that there is but one in three digits."""

WIDE = WHOLE.replace("-2, 2, ", "-2000, 2000, ")


@pytest.mark.parametrize("step", [None, 0.02])
@pytest.mark.parametrize("code", [SQUARE, WIDE], ids=["cma_es", "compass"])
def test_a_state_on_disk_goes_on_alike(step, code):
    programs = known(code, code.replace("+ self.Y", "- self.Y"))
    straight, saved = (ConstantTuner(Tuning(0.5, step=step), 3) for _ in range(2))
    assert play(straight, programs, 60) == play(saved, programs, 60)
    restored = ConstantTuner(Tuning(0.5, step=step), 99)
    restored.restore(json.loads(json.dumps(saved.to_json(), allow_nan=False)))
    assert (later := play(restored, programs, 60, first=61)) == play(straight, programs, 60, first=61)
    assert later


TABLE = """class Planner:
    TUNABLES = {"CHOICES": (0, 3, "choice"), "X": (0.0, 1.0)}
    CHOICES = (0, 0, 0, 0, 0, 0)

    def sample_action(self, observation):
        return self.CHOICES[observation]
"""


def choices(code):
    return [int(tunable.value) for tunable in read_tunables(code) if tunable.scale == "choice"]


def test_choices_are_tried_one_by_one():
    wanted = (3, 1, 2, 0, 3, 2)

    def score(code):
        return float(sum(map(int.__eq__, choices(code), wanted)))

    tuner, best, tried = ConstantTuner(Tuning(1.0), 0), [0] * 6, []
    programs = [*known(), candidate("table", TABLE, score(TABLE))]
    for iteration in range(1, 200):
        trial = tuner.ask(iteration, partial(better_half, programs))
        if trial is None:
            break
        tried.append(choices(trial.code))
        tuner.tell(trial, score(trial.code))
        assert sum(map(int.__ne__, best, tried[-1])) <= 2, "the best of a generation may be known with its end"
        best = max(best, tried[-1], key=lambda table: sum(map(int.__eq__, table, wanted)))
    assert best == list(wanted)
    assert len(set(map(tuple, tried))) == len(tried)


def test_what_is_known_of_a_constant_costs_no_iteration():
    trials = play(ConstantTuner(Tuning(1.0), 0), known(WHOLE), 200, lag=1)
    codes = [trial.code for trial in trials]
    assert len(set(codes)) == len(codes) <= 25 - 1
    assert WHOLE not in codes
    assert max(map(value, codes)) == -(0.5**2) - 0.25**2  # of the grid, the nearest to 0.5 and 0.25


def test_a_trial_that_was_on_its_way_already_learns_the_score_of_the_other():
    tuner = ConstantTuner(Tuning(1.0), 0)
    codes, told = [], []
    for iteration in range(1, 200):
        trial = tuner.ask(iteration, partial(better_half, known(BESIDE)))
        if trial is None:  # the generation is complete
            for one in told:
                tuner.tell(one, None if one.code in codes else value(one.code))
                codes.append(one.code)
            told = []
        else:
            told.append(trial)
    assert len(set(codes)) < len(codes)
    assert {score for search in tuner.to_json()["searches"] for score in search["scores"]}.isdisjoint({"-inf"})


def test_what_operators_have_proposed_is_not_tried_again_and_counts_as_what_it_is():
    grid = [with_values(WHOLE, {"Planner.X": x, "Planner.Y": y}) for x in range(-2, 3) for y in (-2, -1, 1, 2)]
    tuner = ConstantTuner(Tuning(1.0), 0)
    for code in grid:
        tuner.know(code, value(code))
    trials = play(tuner, known(WHOLE), 200)
    assert trials and {trial.code for trial in trials}.isdisjoint(grid)
    late = ConstantTuner(Tuning(1.0), 0)
    trial = late.ask(1, partial(better_half, known(BESIDE)))
    late.know(trial.code, -0.5)  # while the trial is on its way
    late.tell(trial, None)
    assert late.to_json()["searches"][0]["scores"] == [-0.5]


def test_trials_of_which_nothing_is_known_and_invalid_ones_count_as_worst():
    tuner = ConstantTuner(Tuning(0.5), 0)
    programs = known(SQUARE)
    for iteration in range(1, 200):
        trial = tuner.ask(iteration, partial(better_half, programs))
        if trial is not None:
            tuner.tell(trial, None if iteration % 3 else -math.inf)
    state = tuner.to_json()
    assert {score for search in state["searches"] for score in search["scores"]} == {"-inf"}
