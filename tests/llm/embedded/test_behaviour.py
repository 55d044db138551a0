"""What a rule is said to choose is what its program chooses."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdecide_elm.domain_api.initial_program import initial_program
from skdecide_elm.domain_api.profile import profile_domain
from skdecide_elm.environments import OnlineBinPacking, ProjectScheduling
from skdecide_elm.llm.embedded.planner_swap import setting_of, with_planner
from skdecide_elm.llm.embedded.priorities import draft, read, varied, written
from skdecide_elm.llm.embedded.priorities.behaviour import ObservedDecisions
from skdecide_elm.llm.embedded.priorities.model import Condition, Preference, Rule, Term
from skdecide_elm.llm.embedded.priorities.simplification import simplified
from skdecide_elm.llm.embedded.source import parse
from skdecide_elm.programs.loader import load_planner_class

DOMAINS = {
    "packing": lambda: OnlineBinPacking(100, distribution="weibull", n_items=60),
    "projects": lambda: ProjectScheduling(n_activities=8),
}
SOURCES = {name: parse(initial_program(make(), include_rollout=False)) for name, make in DOMAINS.items()}
SETTINGS = {name: setting_of(profile_domain(make()), SOURCES[name]) for name, make in DOMAINS.items()}


def decisions(name, seed):
    """(observation, space of actions, actions) of a random episode, where there was a choice."""
    domain, rng = DOMAINS[name](), np.random.default_rng(seed)
    domain.seed(seed)
    observation, ended = domain.reset(), False
    while not ended:
        space = domain.get_applicable_actions()
        actions = list(space.get_elements())
        if len(actions) > 1:
            yield observation, space, actions
        outcome = domain.step(actions[rng.integers(len(actions))])
        observation, ended = outcome.observation, outcome.termination


def seen(name, found):
    """The features with their values at these decisions, computed by their own expressions."""
    features = []
    for feature in SETTINGS[name].profile.choices:
        values = []
        for observation, _, actions in found:
            names = {"np": np, "observation": observation, "actions": np.asarray(actions)}
            for known in SETTINGS[name].profile.choices:
                names[known.name] = eval(known.expression, names)
                if known is feature:
                    break
            values.append(np.asarray(names[feature.name], dtype=np.float64))
        features.append(replace(feature, seen=tuple(values)))
    return features


@pytest.mark.parametrize("name", sorted(DOMAINS))
@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_program_takes_what_the_rule_is_said_to_choose(name, seed):
    rng = random.Random(seed)
    rule = draft(SETTINGS[name], rng)
    for _ in range(rng.randrange(4)):
        _, rule = varied(SETTINGS[name], rule, [draft(SETTINGS[name], rng)], rng)
    code = with_planner(SOURCES[name], written(SETTINGS[name], rule))
    rounded = read(SETTINGS[name], parse(code))
    if rounded.horizon:  # what it takes in the end is for the model to say
        return
    found = list(decisions(name, seed))
    planner = load_planner_class(code)(domain=DOMAINS[name]())
    taken = [planner.sample_action(observation, space) for observation, space, _ in found]
    chosen = ObservedDecisions(seen(name, found)).chosen_actions(rounded)
    assert taken == [actions[place] for place, (_, _, actions) in zip(chosen, found, strict=True)]


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_the_profile_holds_decisions_of_random_episodes(name):
    observed = ObservedDecisions(SETTINGS[name].profile.choices)
    sizes = {tuple(map(len, feature.seen)) for feature in SETTINGS[name].profile.choices}
    assert len(sizes) == 1 and min(*sizes) > 1
    rng = random.Random(0)
    for _ in range(20):
        chosen = observed.chosen_actions(draft(SETTINGS[name], rng))
        assert ((chosen >= 0) & (chosen < np.array(*sizes))).all()


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_a_variant_does_something_else(name):
    observed = ObservedDecisions(SETTINGS[name].profile.choices)
    rng = random.Random(1)
    for _ in range(50):
        rule = draft(SETTINGS[name], rng)
        what, child = varied(SETTINGS[name], rule, [], rng)
        once = "." in what[:-1]  # two edits may undo each other
        assert (
            once
            or child.horizon != rule.horizon
            or (observed.chosen_actions(child) != observed.chosen_actions(rule)).any()
        )


@pytest.mark.parametrize("name", sorted(DOMAINS))
@given(st.integers(0, 10_000))
def test_a_simplified_rule_does_the_same(name, seed):
    observed = ObservedDecisions(SETTINGS[name].profile.choices)
    rng = random.Random(seed)
    first, second = (draft(SETTINGS[name], rng) for _ in range(2))
    rule = Rule((*first.preferences[:-1], *second.preferences))
    shorter = simplified(rule)
    assert np.array_equal(observed.chosen_actions(shorter), observed.chosen_actions(rule))
    assert simplified(shorter) == shorter


def test_what_is_said_in_vain_is_left_out():
    low, lower = Condition("residual", True, 30.0), Condition("residual", True, 20.0)
    best, worst = (Term(("residual",), -1.0),), (Term(("residual",), 1.0),)
    rule = Rule(
        (Preference((low, lower), best), Preference((lower,), worst), Preference((low,), worst), Preference((), worst))
    )
    assert simplified(rule) == Rule((Preference((lower,), best), Preference((low,), worst), Preference((), worst)))
