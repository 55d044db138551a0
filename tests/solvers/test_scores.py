"""From the solvers' parameters to what their scores mean: held-out domains, races, descriptors, seeds."""

import logging
import math
from functools import partial

import pytest
from lines import Clock, Corridors, Dice
from openevolve.config import Config, LLMConfig
from tiny import FAST, IDLE, STRAIGHT, Line, Move, program

from skdecide_elm import IntegratedOpenEvolve
from skdecide_elm.errors import ConfigError, EvaluationError, ProgramError
from skdecide_elm.llm.scripted import ScriptedLLM, as_model_config


def replies(*programs):
    llm = ScriptedLLM([f"```python\n{code}```" for code in programs])
    return Config(llm=LLMConfig(models=[as_model_config(llm)]))


@pytest.fixture
def initial(tmp_path):
    path = tmp_path / "initial.py"
    path.write_text(IDLE)
    return path


CUNNING = program("Move.right if not self.domain.twist else Move.left", "NOTES = 1")
"""Good on every instance."""

NARROW = program("Move.right", "NOTES = 2")
"""As good on the search's instance."""


def make(initial, *programs, factory=Corridors, **settings):
    chosen = {"diff_based_evolution": False, "nb_iterations": len(programs), "llm_concurrency": 1, **settings}
    return IntegratedOpenEvolve(factory, initial, config=replies(*programs), **{**FAST, **chosen})


TWISTED = {
    "validation_domain_factories": [partial(Corridors, twist=True)],
    "test_domain_factories": [partial(Corridors, 2, twist=True), partial(Corridors, 2)],
}


def test_validation_chooses_among_the_best_and_the_result_tells(initial):
    with make(initial, NARROW, CUNNING, **TWISTED) as solver:
        assert solver.get_best_program_code() == IDLE
        solver.solve()
        assert solver.best_score == -0.4, "both are as good on the domains of the search"
        assert solver.get_best_program_code() == CUNNING
        assert solver.sample_action(0) == Move.right
        result = solver.get_result()
    assert result.code == CUNNING
    assert [found.score.mean for found in (result.train, result.validation, result.test)] == [-0.4, -0.4, -0.8]
    assert [found.initial.mean for found in (result.train, result.validation)] == [-1.0, -0.4]
    assert result.test.episodes == 2
    assert result.test.initial.mean == pytest.approx((-0.8 - 2) / 2)
    assert result.test.difference.mean == pytest.approx(0.6)
    assert result.winners_curse == 0
    assert "winner's curse" in str(result)


def test_without_validation_the_best_of_the_search_is_final(initial):
    with make(initial, NARROW, CUNNING) as solver:
        solver.solve()
        result = solver.get_result(confidence_level=0.9)
    assert result.code == NARROW
    assert (result.validation, result.test, result.winners_curse, result.confidence_level) == (None, None, None, 0.9)


def test_a_candidate_that_fails_on_validation_is_not_chosen(initial):
    brittle = program("Move.right if not self.domain.twist else no_such_name", "NOTES = 3")
    with make(initial, brittle, CUNNING, **TWISTED) as solver:
        solver.solve()
        assert solver.get_best_program_code() == CUNNING


def test_the_number_of_candidates(initial):
    with make(initial, NARROW, CUNNING, validation_candidates=1, **TWISTED) as solver:
        solver.solve()
        assert solver.get_best_program_code() == NARROW
    with pytest.raises(ConfigError, match="validation_candidates to be at least 1; found 0"):
        make(initial, NARROW, validation_candidates=0)


def test_a_part_is_left_out_if_neither_search_nor_validation_needs_it(initial):
    with make(initial, NARROW) as solver:
        assert solver.simplify_program_code(CUNNING) == program("Move.right", "NOTES = 1")
        assert solver.simplify_program_code(program("Move(1 + 0)"), max_trials=1) == program("Move(1)")
    with make(initial, NARROW, **TWISTED) as solver:
        assert solver.simplify_program_code(CUNNING) == CUNNING


@pytest.mark.parametrize(
    ("broken", "error"), [(program("no_such_name"), "NameError"), ("class Planner(:", "SyntaxError")]
)
def test_a_program_that_fails_is_not_simplified(initial, broken, error):
    with (
        make(initial, NARROW) as solver,
        pytest.raises(ProgramError, match=f"found one that fails: {error}.*; mend it"),
    ):
        solver.simplify_program_code(broken)


def test_simplification_needs_trials(initial):
    with make(initial, NARROW) as solver, pytest.raises(ConfigError, match="max_trials to be at least 1; found 0"):
        solver.simplify_program_code(NARROW, max_trials=0)


def test_a_choice_is_saved_and_loaded_with_its_evaluations(initial, tmp_path):
    with make(initial, NARROW, CUNNING, **TWISTED) as solver:
        solver.solve()
        result = solver.get_result()
        solver.save(tmp_path / "saved")
    with make(initial, NARROW, **TWISTED) as other:
        other.load(tmp_path / "saved")
        assert other.get_best_program_code() == CUNNING
        assert other.get_result() == result
        assert not other._backend._evaluators.is_open


def test_other_episodes_have_other_luck(initial):
    with make(initial, STRAIGHT, factory=Dice, validation_domain_factories=[Dice], test_domain_factories=[Dice]) as s:
        s.solve()
        result = s.get_result()
    means = [found.score.mean for found in (result.train, result.validation, result.test)]
    assert len(set(means)) == 3
    assert result.winners_curse == means[0] - means[1]


def test_a_script_has_no_scores_by_episode_but_its_programs_are_validated(initial, tmp_path):
    script = tmp_path / "evaluator.py"
    script.write_text("def evaluate(path):\n    return {'combined_score': float(len(open(path).read()))}\n")
    with make(initial, NARROW, evaluator_path=script, **TWISTED) as solver:
        solver.solve()
        result = solver.get_result()
    assert result.train is None
    assert result.validation.episodes == 1


# --- races


def noisy(right, notes):
    """Goes right that often, else left."""
    return program(f"Move.right if random.random() < {right} else Move.left", f"import random\nNOTES = {notes}")


RACE = {"evaluator_rollout_num_episodes": 30, "evaluator_rollout_max_steps": 40, "num_islands": 1}


def test_races_save_episodes_and_do_not_change_the_choice(initial):
    programs = [noisy(right, notes) for notes, right in enumerate([0.8, 0.95, 0.6, 0.3, 0.97, 0.7, 0.4, 0.5])]
    found = {}
    for racing in (False, True):
        with make(initial, *programs, evaluator_racing=racing, evaluator_parallel=1, **RACE) as solver:
            solver.solve()
            played = [p.metrics["nb_episodes"] for p in solver._backend._evolution.database.programs.values()]
            found[racing] = (solver.get_best_program_code(), solver.best_score, solver.statistics, sum(played))
            assert solver.evaluate_program_code(programs[3]).metrics["nb_episodes"] == 30
    assert found[True][:2] == found[False][:2]
    assert found[False][2].stopped_early == 0 < found[True][2].stopped_early
    assert found[True][3] < 0.9 * found[False][3]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"evaluator_racing": True}, "more than 5 episodes in all for evaluator_racing; found 1 episodes"),
        ({"evaluator_racing": 0.7, **RACE}, r"between 0 and 0\.5, such as 0\.05; found 0\.7"),
    ],
)
def test_races_that_cannot_be(initial, settings, message):
    with pytest.raises(ConfigError, match=message):
        make(initial, NARROW, **settings)


# --- descriptors


def test_descriptors_are_metrics_that_feature_dimensions_can_name(initial):
    dimensions = ["mean_steps", "decision_time", "reach"]
    with make(
        initial, STRAIGHT, feature_dimensions=dimensions, descriptor=lambda e: {"reach": float(max(e[0].observations))}
    ) as solver:
        solver.solve()
        metrics = solver.evaluate_program_code(STRAIGHT).metrics
        cells = solver._backend._evolution.database.island_feature_maps[0]
    assert metrics["reach"] == metrics["mean_steps"] == 4
    assert metrics["decision_time"] > 0
    assert cells and all(key.count("-") == 2 for key in cells)


def test_a_descriptor_that_says_nonsense_ends_the_run(initial):
    with (
        make(initial, STRAIGHT, descriptor=lambda episodes: "much") as solver,
        pytest.raises(EvaluationError, match="to return numbers by name; found a str"),
    ):
        solver.solve()


# --- the same program twice


def test_what_is_known_is_not_evaluated_again_if_the_user_says_so(initial):
    sleepy = program("time.sleep(0.02) or Move.right", "import time")
    with make(initial, sleepy, descriptors=["decision_time"]) as solver:
        solver.solve()
        times = [solver.evaluate_program_code(sleepy, cached=cached).metrics["decision_time"] for cached in (1, 1, 0)]
    assert times[0] == times[1] != times[2]


# --- seeds


def test_a_domain_that_does_not_follow_its_seeds_is_told_once(initial, caplog):
    with caplog.at_level(logging.WARNING), make(initial, STRAIGHT, CUNNING, factory=Clock, nb_iterations=1) as solver:
        solver.solve()
        solver.solve()
    [told] = [r.getMessage() for r in caplog.records if "follow its seeds" in r.getMessage()]
    assert "the outcome of step 1 of episode 1 differs" in told and "Give the domain a method seed(seed)" in told


@pytest.mark.parametrize("factory", [Line, Dice])
def test_a_domain_that_does_is_not(initial, caplog, factory):
    with caplog.at_level(logging.WARNING), make(initial, STRAIGHT, factory=factory) as solver:
        solver.solve()
    assert not any("follow its seeds" in r.getMessage() for r in caplog.records)


def seed_of(initial, **settings):
    return IntegratedOpenEvolve(Line, initial, **{**FAST, "evaluator_seed": None, **settings}).evaluator_seed


def test_a_seed_of_nobodys_choice_cannot_be_guessed(initial):
    seeds = [seed_of(initial) for _ in range(3)]
    assert len(set(seeds)) == 3
    assert all(2**100 < seed < 2**128 for seed in seeds)


def test_a_seed_of_a_run_that_can_be_repeated(initial):
    assert seed_of(initial, random_seed=7) == seed_of(initial, random_seed=7) != seed_of(initial, random_seed=8)
    assert seed_of(initial, config=Config(random_seed=7)) == seed_of(initial, random_seed=7)
    assert seed_of(initial, random_seed=None) != seed_of(initial, random_seed=None)
    assert seed_of(initial, evaluator_seed=7, random_seed=8) == 7


def test_a_drawn_seed_is_saved_and_loaded(initial, tmp_path):
    settings = {"factory": Dice, "evaluator_seed": None, "random_seed": None}
    with make(initial, STRAIGHT, **settings) as solver:
        solver.solve()
        score = solver.evaluate_program_code(STRAIGHT).metrics["combined_score"]
        solver.save(tmp_path / "saved")
    with make(initial, STRAIGHT, **settings) as other:
        assert other.evaluator_seed != solver.evaluator_seed
        assert other.evaluate_program_code(STRAIGHT).metrics["combined_score"] != score
        other.load(tmp_path / "saved")
        assert other.evaluator_seed == solver.evaluator_seed
        assert other.evaluate_program_code(STRAIGHT).metrics["combined_score"] == score
    with make(initial, STRAIGHT, factory=Dice, evaluator_seed=5) as third:
        third.load(tmp_path / "saved")
        assert third.evaluator_seed == 5
    assert math.isfinite(score)
