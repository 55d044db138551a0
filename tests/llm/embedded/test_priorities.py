"""The grammar of priority rules: what is written can be read back, runs, and is what a person would write."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdecide_elm.domain_api.initial_program import initial_program
from skdecide_elm.domain_api.profile import profile_domain
from skdecide_elm.environments import BinPackingObservation, OnlineBinPacking, ProjectScheduling
from skdecide_elm.environments.online_bin_packing import FittingBins
from skdecide_elm.llm.embedded.planner_swap import setting_of, with_planner
from skdecide_elm.llm.embedded.priorities import draft, read, simple_rules, suits, varied, weighing_all, written
from skdecide_elm.llm.embedded.priorities.edits import measured
from skdecide_elm.llm.embedded.priorities.model import Condition, Preference, Rule, Term
from skdecide_elm.llm.embedded.proposals import propose
from skdecide_elm.llm.embedded.source import parse
from skdecide_elm.programs.loader import load_planner_class
from skdecide_elm.programs.tunables import read_tunables, with_values

DOMAINS = {
    "packing": lambda: OnlineBinPacking(100, distribution="weibull", n_items=80, seed=1),
    "projects": lambda: ProjectScheduling(n_activities=8, seed=1),
}
SOURCES = {name: parse(initial_program(make(), include_rollout=False)) for name, make in DOMAINS.items()}
SETTINGS = {name: setting_of(profile_domain(make()), SOURCES[name]) for name, make in DOMAINS.items()}

NAMES = st.sampled_from(sorted(DOMAINS))
SEEDS = st.integers(0, 10_000)


def _shape(rule):
    """A rule without its constants, which are rounded in the text."""
    return [
        ([(c.feature, c.at_most) for c in preference.conditions], [t.factors for t in preference.index])
        for preference in rule.preferences
    ], rule.horizon


def _program(name, rule):
    return with_planner(SOURCES[name], written(SETTINGS[name], rule))


def _play(name, code):
    domain, planner = DOMAINS[name](), load_planner_class(code)(domain=DOMAINS[name]())
    observation, total = domain.reset(), 0
    while True:
        outcome = domain.step(planner.sample_action(observation, domain.get_applicable_actions()))
        observation, total = outcome.observation, total + outcome.value.cost
        if outcome.termination:
            return total


@given(NAMES, SEEDS)
def test_what_is_written_is_read_back(name, seed):
    rng = random.Random(seed)
    rule = draft(SETTINGS[name], rng)
    for _ in range(4):
        code = _program(name, rule)
        back = read(SETTINGS[name], parse(code))
        assert back is not None and _shape(back) == _shape(rule)
        assert all(tunable.low <= tunable.value <= tunable.high for tunable in read_tunables(code))
        assert max(map(len, code.splitlines())) <= 120
        _, rule = varied(SETTINGS[name], rule, [draft(SETTINGS[name], rng)], rng)


@settings(max_examples=15)
@given(NAMES, SEEDS)
def test_every_rule_plays_to_the_end(name, seed):
    rng = random.Random(seed)
    rule = draft(SETTINGS[name], rng)
    for _ in range(3):
        assert _play(name, _program(name, rule)) > 0
        _, rule = varied(SETTINGS[name], rule, [draft(SETTINGS[name], rng)], rng)


@settings(max_examples=20)
@given(NAMES, SEEDS)
def test_equal_draws_propose_equal_programs(name, seed):
    others = [_program(name, Rule(BEST_FIT))] if name == "packing" else []
    first, second = (
        propose(SOURCES[name].text, SETTINGS[name].profile, random.Random(seed), others, number=seed) for _ in range(2)
    )
    assert first == second and first is not None


@pytest.mark.parametrize("name", DOMAINS)
def test_a_run_begins_with_the_rules_of_one_feature_in_either_direction(name):
    simple = simple_rules(SETTINGS[name])
    ordering = {feature.name for feature in SETTINGS[name].profile.choices if feature.ranks}
    read_back = []
    for number in range(len(simple)):
        _, text = propose(SOURCES[name].text, SETTINGS[name].profile, random.Random(number), number=number)
        [preference] = read(SETTINGS[name], parse(text)).preferences
        [term] = preference.index
        read_back.append((*term.factors, term.weight))
    assert sorted(read_back) == sorted((feature, sign) for feature in ordering for sign in (1.0, -1.0))


def _follows(number):
    """How many proposals the run has made that has just tried its simple rules, and some more."""
    return len(simple_rules(SETTINGS["projects"])) + number


def test_then_it_weighs_all_that_orders_actions():
    setting = SETTINGS["projects"]
    late = Rule((Preference((), (Term(("late_start",), -1.0),)),))
    program = _program("projects", late)
    _, text = propose(program, setting.profile, random.Random(0), number=_follows(0))
    [preference] = read(setting, parse(text)).preferences
    assert preference.index[0] == late.preferences[0].index[0]
    assert {factor for term in preference.index for factor in term.factors} == {
        feature.name for feature in setting.profile.choices if feature.ranks
    }
    assert {tunable.name for tunable in read_tunables(text)} >= {"Planner.WORK_WEIGHT", "Planner.DEMAND_WEIGHT"}
    _, later = propose(program, setting.profile, random.Random(0), number=_follows(50))
    assert later != text


@settings(max_examples=20)
@given(SEEDS)
def test_what_a_rule_says_already_stays_when_all_is_weighed(seed):
    rng = random.Random(seed)
    setting = SETTINGS["projects"]
    rule = draft(setting, rng)
    weighed = weighing_all(rule, setting.profile.choices, rng)
    *preferred, fallback = rule.preferences
    if weighed is None:
        assert not fallback.index
        return
    assert list(weighed.preferences[:-1]) == preferred and weighed.horizon == rule.horizon
    assert weighed.preferences[-1].index[: len(fallback.index)] == fallback.index
    assert _shape(read(setting, parse(_program("projects", weighed)))) == _shape(weighed)


def test_what_is_known_of_too_little_is_not_weighed():
    assert weighing_all(Rule(BEST_FIT), SETTINGS["packing"].profile.choices, random.Random(0)) is None


BEST_FIT = (Preference((), (Term(("residual",), -1.0),)),)
SNUG_OR_ROOMY = (
    Preference((Condition("residual_less_item", True, 2),), (Term(("residual_less_item",), -1.0),)),
    Preference((Condition("residual_less_item", False, 20), Condition("residual", True, 99)), ()),
    Preference((), (Term(("residual",), 1.0),)),
)


def test_a_rule_reads_like_a_person_wrote_it():
    code = _program("packing", Rule(SNUG_OR_ROOMY))
    assert code[code.index("        actions = ") :].startswith(
        """        actions = np.asarray(applicable_actions.get_elements())
        residual = observation.residual[actions]
        residual_less_item = residual - observation.item
        first = residual_less_item <= self.FIRST_RESIDUAL_LESS_ITEM_AT_MOST
        if first.any():
            return actions[np.argmax(np.where(first, -residual_less_item, -np.inf))]
        second = (
            (residual_less_item >= self.SECOND_RESIDUAL_LESS_ITEM_AT_LEAST)
            & (residual <= self.SECOND_RESIDUAL_AT_MOST)
        )
        if second.any():
            return actions[np.argmax(second)]
        return actions[np.argmax(residual)]
# EVOLVE-BLOCK-END"""
    )


SNUG_OR_MIDDLING = (
    SNUG_OR_ROOMY[0],
    Preference((), (Term(("residual_less_item",), -1.0, 40.0),)),
)


def test_the_nearest_to_a_level_reads_like_a_person_wrote_it():
    code = _program("packing", Rule(SNUG_OR_MIDDLING))
    target = "self.OTHERWISE_RESIDUAL_LESS_ITEM_TARGET"
    assert f"        return actions[np.argmax(-abs(residual_less_item - {target}))]\n" in code
    assert read(SETTINGS["packing"], parse(code)) == Rule(SNUG_OR_MIDDLING)


def test_the_nearest_to_a_level_is_taken_where_nothing_is_snug():
    planner = load_planner_class(_program("packing", Rule(SNUG_OR_MIDDLING)))(domain=None)
    residual = np.array([31, 95, 68, 100])
    for item, place in ((30, 0), (20, 2), (50, 1)):
        observation = BinPackingObservation(item, residual)
        assert planner.sample_action(observation, FittingBins(item, residual)) == place


def test_measured_by_another_quantity_a_rule_chooses_much_the_same():
    features = {feature.name: feature for feature in SETTINGS["packing"].profile.choices}
    gap, ratio = features["residual_less_item"], features["residual_per_item"]
    condition = Condition("residual_less_item", True, 5)
    [moved] = measured(Preference((condition,), ()), gap, ratio).conditions
    shares = [(np.concatenate(f.seen) <= c.level).mean() for f, c in ((gap, condition), (ratio, moved))]
    assert moved.feature == "residual_per_item" and abs(shares[0] - shares[1]) < 0.02


def test_a_rule_decides_as_it_says():
    best_fit = load_planner_class(_program("packing", Rule(BEST_FIT)))(domain=None)
    domain = DOMAINS["packing"]()
    observation = domain.reset()
    for _ in range(50):
        applicable = domain.get_applicable_actions()
        expected = min(applicable.get_elements(), key=lambda place: observation.residual[place])
        assert best_fit.sample_action(observation, applicable) == expected
        observation = domain.step(expected).observation


def test_looking_ahead_never_schedules_worse_in_all_than_the_rule_alone():
    index = (Term(("late_start",), -1.0),)
    alone, ahead = (_program("projects", Rule((Preference((), index),), horizon)) for horizon in (0, 100))
    assert _play("projects", ahead) <= _play("projects", alone)


def test_how_far_a_rule_looks_ahead_is_tunable():
    code = _program("projects", Rule(BY_WORK, 100))
    [horizon] = [tunable for tunable in read_tunables(code) if tunable.name == "Planner.HORIZON"]
    assert (horizon.value, horizon.scale, horizon.low) == (100, "int", 1)
    tuned = read(SETTINGS["projects"], parse(with_values(code, {"Planner.HORIZON": 37})))
    assert tuned == Rule(BY_WORK, 37)


BY_WORK = (Preference((), (Term(("work",), -1.0),)),)


def test_a_model_is_asked_only_where_there_is_one():
    rng = random.Random(0)
    assert {draft(SETTINGS["packing"], rng).horizon for _ in range(50)} == {0}
    assert {draft(SETTINGS["projects"], rng).horizon for _ in range(50)} > {0}


@pytest.mark.parametrize(
    "change",
    [
        ("return actions[np.argmax(residual)]", "return actions[np.argmin(residual)]"),
        ("residual - observation.item", "residual + observation.item"),
        ("self.SECOND_RESIDUAL_AT_MOST)", "self.capacity)"),
    ],
)
def test_a_program_that_says_something_else_is_no_rule(change):
    code = _program("packing", Rule(SNUG_OR_ROOMY)).replace(*change)
    assert read(SETTINGS["packing"], parse(code)) is None


def test_rules_are_not_for_domains_without_numbers_to_choose_by():
    assert all(suits(setting) for setting in SETTINGS.values())
    unknown = replace(SETTINGS["packing"].profile, choices=())
    assert not suits(setting_of(unknown, SOURCES["packing"]))


def test_a_rule_may_come_to_aim_at_any_level():
    gap = next(f for f in SETTINGS["packing"].profile.choices if f.name == "residual_less_item")
    rule = Rule((Preference((), (Term((gap.name,), -1.0, gap.levels[0]),)),))
    children = [varied(SETTINGS["packing"], rule, (), random.Random(seed)) for seed in range(300)]
    moved = [child for what, child in children if what == "Draw a line, or aim, elsewhere."]
    assert {_shape(child)[1] for child in moved} == {0}
    aims = {child.preferences[0].index[0].target for child in moved if _shape(child) == _shape(rule)}
    assert aims <= set(gap.levels)
    assert max(aims) - min(aims) > (gap.levels[-1] - gap.levels[0]) / 2


def test_no_edit_draws_a_line_beyond_what_was_seen():
    levels = {feature.name: feature.levels for feature in SETTINGS["packing"].profile.choices}
    gap = "residual_less_item"
    ends = (Condition(gap, True, levels[gap][0]),), (Term((gap,), -1.0, levels[gap][-1]),)
    rule = Rule((Preference(ends[0], ()), Preference((), ends[1])))
    children = [varied(SETTINGS["packing"], rule, (), random.Random(seed))[1] for seed in range(300)]
    preferences = [preference for child in children for preference in child.preferences]
    drawn = [(c.feature, c.level) for preference in preferences for c in preference.conditions]
    drawn += [(t.factors[0], t.target) for p in preferences for t in p.index if t.target is not None]
    assert [(name, level) for name, level in drawn if not levels[name][0] <= level <= levels[name][-1]] == []
