"""Idioms with a tabu list (Glover 1986): what was done, or where one was, is forbidden for a number of steps."""

from __future__ import annotations

import random

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunable_constants
from skdecide_elm.llm.embedded.idioms.lookahead import STEP_COST, goal_bonus, step_cost
from skdecide_elm.llm.embedded.idioms.search import DISTANCE, GOALS, knows_distance

__all__ = ["TABU_IDIOMS"]

_ACTIONS = "Take any action that is not on the tabu list: none of the last ones."
_STATES = "Take the best step that leads to no state on the tabu list."

_IMPORTS = ("import random", "from collections import deque")
_TABU = "self.tabu = deque(maxlen=self.TENURE)"
_DETAILS = "The list holds the last TENURE {held}; where all that can be done is tabu, nothing is."

_STEP = ("observation", "action", "leads_to[action]")
_LONGEST = 10
"""Tenure of actions where their number is not known."""


def _fits(setting: Setting) -> bool:
    return setting.counts_actions and not setting.profile.has_model


def _fits_model(setting: Setting) -> bool:
    return setting.counts_actions and setting.profile.has_model


def _write_actions(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    actions = list({setting.actions})
    allowed = [action for action in actions if action not in self.tabu]
    action = random.choice(allowed or actions)
    self.tabu.append(action)
    return action
"""
    longest = max(2, setting.choices - 1) if setting.choices else _LONGEST
    text = planner_text(
        setting,
        _ACTIONS,
        sample,
        details=_DETAILS.format(held="actions"),
        constants=tunable_constants(TENURE=(f'(1, {longest}, "int")', rng.randint(1, longest))),
        state=[_TABU],
    )
    return Draft(_IMPORTS, text)


def _write_states(setting: Setting, rng: random.Random) -> Draft:
    informed = knows_distance(setting)
    worth = "self.distance(leads_to[action])" if informed else step_cost(setting, *_STEP)
    sample = f"""
def sample_action({setting.sample_arguments}):
    self.tabu.append(observation)
    actions = list({setting.actions})
    random.shuffle(actions)
    leads_to = {{action: self.domain.get_next_state(observation, action) for action in actions}}
    allowed = [action for action in actions if leads_to[action] not in self.tabu]
    return min(allowed or actions, key=lambda action: {worth})
"""
    bonus = {} if informed else goal_bonus(setting, rng)
    tenure = rng.choice((3, 10, 30, 100))
    text = planner_text(
        setting,
        _STATES,
        *[sample, *([DISTANCE] if informed else []), *([STEP_COST] if bonus else [])],
        details=_DETAILS.format(held="states"),
        constants=tunable_constants(TENURE=('(1, 300, "int")', tenure), **bonus),
        state=[*([GOALS] if informed else []), _TABU],
    )
    return Draft(_IMPORTS, text)


TABU_IDIOMS = (
    Idiom(_ACTIONS, _fits, _write_actions, weight=0.5),
    Idiom(_STATES, _fits_model, _write_states, weight=0.5),
)
