"""The idiom for any deterministic model: look a few steps ahead."""

from __future__ import annotations

import random

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text

__all__ = ["LOOKAHEAD_IDIOMS"]

_ONE_STEP = "Take the action whose next step costs least in the model."
_DEEP = "Take the first action of the cheapest short plan in the model."

_STEP = """
def step_cost(self, state, action, successor):
    if self.domain.is_goal(successor):
        return -self.GOAL_BONUS
    return self.domain.get_transition_value(state, action, successor).cost
"""


def _fits(setting: Setting) -> bool:
    return setting.profile.single and setting.profile.has_model and setting.actions is not None


def _value(setting: Setting, state: str, action: str, successor: str) -> str:
    owner = "self.step_cost" if setting.profile.goals else "self.domain.get_transition_value"
    return f"{owner}({state}, {action}, {successor})" + ("" if setting.profile.goals else ".cost")


def _goal_constants(setting: Setting, rng: random.Random) -> list[str]:
    return [f"GOAL_BONUS = {rng.choice((10.0, 100.0, 1000.0))}"] if setting.profile.goals else []


def _write_one_step(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    actions = list({setting.actions})
    random.shuffle(actions)
    return min(actions, key=lambda action: self.next_cost(observation, action))
"""
    next_cost = f"""
def next_cost(self, observation, action):
    successor = self.domain.get_next_state(observation, action)
    return {_value(setting, "observation", "action", "successor")}
"""
    methods = [sample, next_cost, *([_STEP] if setting.profile.goals else [])]
    text = planner_text(setting, _ONE_STEP, *methods, constants=_goal_constants(setting, rng))
    return Draft(("import random",), text)


def _write_deep(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    actions = list({setting.actions})
    random.shuffle(actions)
    return min(actions, key=lambda action: self.plan_cost(observation, action, self.DEPTH))
"""
    plan_cost = f"""
def plan_cost(self, state, action, depth):
    successor = self.domain.get_next_state(state, action)
    cost = {_value(setting, "state", "action", "successor")}
    if depth == 1 or self.domain.is_terminal(successor):
        return cost
    return cost + min(
        (self.plan_cost(successor, following, depth - 1) for following in {setting.actions_at("successor")}),
        default=0.0,
    )
"""
    methods = [sample, plan_cost, *([_STEP] if setting.profile.goals else [])]
    constants = [f"DEPTH = {rng.choice((2, 3, 4))}", *_goal_constants(setting, rng)]
    text = planner_text(setting, _DEEP, *methods, constants=constants)
    return Draft(("import random",), text)


LOOKAHEAD_IDIOMS = (
    Idiom(_ONE_STEP, _fits, _write_one_step, weight=0.7),
    Idiom(_DEEP, _fits, _write_deep, weight=0.7),
)
