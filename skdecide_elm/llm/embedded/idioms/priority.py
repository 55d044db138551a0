"""Idioms for listed actions: an index over the actions, a fixed place in the list, or taking turns."""

from __future__ import annotations

import random

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunable_constants
from skdecide_elm.llm.embedded.numbers import rounded
from skdecide_elm.llm.profile import FieldProfile

__all__ = ["PRIORITY_IDIOMS"]

_RANK = "Take the action at a fixed place in the list of actions."
_TURNS = "Take the actions in turn, each for some steps."
_ENTRY = "Take the action with the highest index: a function of the observed entry that the action points at."
_FEATURES = "Take the action with the highest index: a linear function of the action's own numbers."

_MAX_FEATURES = 16
_REACH = 4.0
"""Weights may move to this many times their usual size, to either side of zero."""


def _fits(setting: Setting) -> bool:
    return setting.profile.single and setting.actions is not None


def _arrays(setting: Setting) -> list[FieldProfile]:
    """The observed arrays into which actions are indices."""
    observation, actions = setting.profile.observation, setting.profile.actions
    arrays = [field for field in observation.fields if field.indexed]
    counted = actions.kind == "discrete" and actions.start == 0
    if not arrays and counted and actions.size == observation.vector is not None:
        return [FieldProfile("entry", "", observation.vector)]
    return arrays


def _fits_index(setting: Setting) -> bool:
    """Whether an index is of use: where actions were seen to differ, a priority rule says the same, for all at once."""
    return _fits(setting) and not setting.profile.choices


def _fits_entry(setting: Setting) -> bool:
    return _fits_index(setting) and bool(_arrays(setting))


def _fits_features(setting: Setting) -> bool:
    vector = setting.profile.actions.vector
    return _fits_index(setting) and vector is not None and 0 < vector <= _MAX_FEATURES


def _write_rank(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    actions = list({setting.actions})
    return actions[self.RANK % len(actions)]
"""
    highest = max(1, setting.choices - 2)  # −1 is the last place already
    constants = tunable_constants(RANK=(f'(-1, {highest}, "int")', rng.choice((0, -1, 1))))
    return Draft((), planner_text(setting, _RANK, sample, constants=constants))


def _write_turns(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    actions = list({setting.actions})
    turn = self.steps // self.HOLD
    self.steps += 1
    return actions[turn % len(actions)]
"""
    constants = tunable_constants(HOLD=('(1, 20, "int")', rng.choice((1, 1, 2, 5))))
    return Draft((), planner_text(setting, _TURNS, sample, constants=constants, state=["self.steps = 0"]))


def _write_entry(setting: Setting, rng: random.Random) -> Draft:
    array = rng.choice(_arrays(setting))
    scalars = [field for field in setting.profile.observation.fields if field.length is None]
    feature, value = array.name, f"observation{array.access}[action]"
    if scalars and rng.random() < 0.8:
        feature, value = "gap", f"{value} - observation{rng.choice(scalars).access}"
    terms = {feature: (f"{feature.upper()}_WEIGHT", _weight(rng))}
    if rng.random() < 0.3:
        terms[f"{feature} ** 2"] = (f"{feature.upper()}_SQUARED_WEIGHT", _weight(rng, 0.1))
    if rng.random() < 0.3:
        terms["action"] = ("ORDER_WEIGHT", _weight(rng, 0.1))
    index = " + ".join(f"self.{constant} * {term}" for term, (constant, _) in terms.items())
    methods = (
        _sample_highest(setting),
        f"def index(self, observation, action):\n    {feature} = {value}\n    return {index}",
    )
    constants = tunable_constants(**dict(terms.values()))
    return Draft((), planner_text(setting, _ENTRY, *methods, constants=constants))


def _write_features(setting: Setting, rng: random.Random) -> Draft:
    drawn = [_weight(rng) for _ in range(setting.profile.actions.vector or 0)]
    constants = tunable_constants(WEIGHTS=(drawn[0][0], tuple(weight for _, weight in drawn)))
    index = """
def index(self, observation, action):
    return sum(weight * value for weight, value in zip(self.WEIGHTS, action))
"""
    return Draft((), planner_text(setting, _FEATURES, _sample_highest(setting), index, constants=constants))


def _weight(rng: random.Random, size: float = 1.0) -> tuple[str, float]:
    """Bounds, and a value between them that is about as large as ``size``."""
    reach = _REACH * size
    return f"({-reach}, {reach})", rounded(min(max(rng.gauss(0, size), -reach), reach))


def _sample_highest(setting: Setting) -> str:
    return f"""
def sample_action({setting.sample_arguments}):
    return max({setting.actions}, key=lambda action: self.index(observation, action))
"""


PRIORITY_IDIOMS = (
    Idiom(_RANK, _fits, _write_rank, weight=0.5),
    Idiom(_TURNS, _fits, _write_turns, weight=0.5),
    Idiom(_ENTRY, _fits_entry, _write_entry, weight=4.0),
    Idiom(_FEATURES, _fits_features, _write_features, weight=1.0),
)
