"""Idioms that remember where they have been, with the domain's model or with what they learn on the way."""

from __future__ import annotations

import random

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunable_constants

__all__ = ["EXPLORATION_IDIOMS"]

_LEAST_VISITED = "Go where the model predicts the least visited state."
_DEPTH_FIRST = "Explore depth first: enter unvisited states, step back at dead ends."
_UNTRIED = "Try actions not yet tried here, then those that lead to the least visited places."


def _fits_model(setting: Setting) -> bool:
    return setting.counts_observations and setting.profile.has_model


def _fits_learning(setting: Setting) -> bool:
    return setting.counts_actions


def _write_least_visited(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    self.visits[observation] += 1
    actions = list({setting.actions})
    random.shuffle(actions)
    return min(actions, key=lambda action: self.expected_cost(observation, action))
"""
    expected_cost = """
def expected_cost(self, observation, action):
    successor = self.domain.get_next_state(observation, action)
    step_cost = self.domain.get_transition_value(observation, action, successor).cost
    return self.COST_WEIGHT * step_cost + self.visits[successor]
"""
    text = planner_text(
        setting,
        _LEAST_VISITED,
        sample,
        expected_cost,
        constants=tunable_constants(COST_WEIGHT=("(0.0, 1.0)", rng.choice((0.0, 0.1, 0.5)))),
        state=["self.visits = Counter()"],
    )
    return Draft(("import random", "from collections import Counter"), text)


def _write_depth_first(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    if observation not in self.parent:
        self.parent[observation] = self.previous
    self.previous = observation
    successors = {{action: self.domain.get_next_state(observation, action) for action in {setting.actions}}}
    for action, successor in {_order(rng)}:
        if successor not in self.parent:
            return action
    for action, successor in successors.items():
        if successor == self.parent[observation]:
            return action
    return random.choice(list(successors))
"""
    text = planner_text(
        setting,
        _DEPTH_FIRST,
        sample,
        details="The parent of a state is the one from which it was first entered.",
        state=["self.parent = {}", "self.previous = None"],
    )
    return Draft(("import random",), text)


def _order(rng: random.Random) -> str:
    return rng.choice(("successors.items()", "reversed(successors.items())"))


def _write_untried(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    self.visits[observation] += 1
    self.outcomes[self.last] = observation
    actions = list({setting.actions})
    random.shuffle(actions)
    action = min(actions, key=lambda action: self.familiarity(observation, action))
    self.last = (observation, action)
    return action
"""
    familiarity = """
def familiarity(self, observation, action):
    outcome = self.outcomes.get((observation, action))
    if outcome is None:
        return self.UNTRIED
    return self.visits[outcome]
"""
    text = planner_text(
        setting,
        _UNTRIED,
        sample,
        familiarity,
        details="Where an action leads is learned on the way, within one episode.",
        constants=tunable_constants(UNTRIED=('(0, 5, "int")', rng.choice((0, 1, 2)))),
        state=["self.visits = Counter()", "self.outcomes = {}", "self.last = None"],
    )
    return Draft(("import random", "from collections import Counter"), text)


def _fits_depth_first(setting: Setting) -> bool:
    return _fits_model(setting) and setting.profile.actions.hashable


EXPLORATION_IDIOMS = (
    Idiom(_LEAST_VISITED, _fits_model, _write_least_visited),
    Idiom(_DEPTH_FIRST, _fits_depth_first, _write_depth_first),
    Idiom(_UNTRIED, _fits_learning, _write_untried),
)
