"""Idioms for real-valued observation vectors: linear policies and bang-bang control.

Random linear policies are a strong baseline in classic control (Mania, Guy and Recht, 2018). Weights are
drawn relative to the size of the observation's entries, as far as its bounds tell, and some are zero.
"""

from __future__ import annotations

import math
import random

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text
from skdecide_elm.llm.embedded.numbers import rounded
from skdecide_elm.llm.profile import SpaceProfile

__all__ = ["CONTROL_IDIOMS"]

_THRESHOLD = "Take one of two actions, by the sign of a linear function of the observation."
_SCORES = "Take the action whose linear function of the observation is highest."
_SINGLE_FEATURE = "Take one of two actions, by one entry of the observation and a threshold."
_LINEAR = "Answer a linear function of the observation, clipped to the bounds of the actions."
_BANG_BANG = "Answer one bound of the actions or the other, by the sign of a linear function."

_MAX_ENTRIES = 64
_MAX_PUSHES = 8
_AT_LEAST = 2
_LARGEST_BOUND = 1e4
_ZERO_SHARE = 0.25


def _entries(setting: Setting) -> int:
    """Number of entries of the observation vector; 0 where it is none or too long."""
    observation = setting.profile.observation
    vector = observation.vector or 0
    return vector if setting.profile.single and observation.kind == "box" and vector <= _MAX_ENTRIES else 0


def _choices(setting: Setting) -> int:
    """Number of actions to choose from at any time; 0 where they vary or cannot be listed."""
    return 0 if setting.all_actions is None else setting.profile.actions.size or _AT_LEAST


def _fits_choice(setting: Setting) -> bool:
    return _entries(setting) > 0 and _choices(setting) > 1


def _fits_scores(setting: Setting) -> bool:
    return _fits_choice(setting) and 1 < (setting.profile.actions.size or 0) <= _MAX_ENTRIES


def _fits_box(setting: Setting) -> bool:
    actions = setting.profile.actions
    return _entries(setting) > 0 and actions.kind == "box" and 1 <= (actions.vector or 0) <= _MAX_PUSHES


def _weights(observation: SpaceProfile, rng: random.Random) -> tuple[float, ...]:
    """Weights such that every entry counts about as much; one at least is not zero."""
    count = observation.vector or 0
    bounds = list(zip(observation.low, observation.high, strict=True)) or [(-math.inf, math.inf)] * count
    kept = rng.randrange(count)
    weights = [rounded(rng.gauss(0, 1) / _scale(*bound, rng)) for bound in bounds]
    return tuple(
        0.0 if index != kept and rng.random() < _ZERO_SHARE else weight for index, weight in enumerate(weights)
    )


def _scale(low: float, high: float, rng: random.Random) -> float:
    """The size of an entry: from its bounds, else a guess over orders of magnitude."""
    largest = max(abs(low), abs(high))
    return largest if 0 < largest < _LARGEST_BOUND else 10 ** rng.uniform(-1, 1)


def _bias(rng: random.Random) -> float:
    return rng.choice((0.0, rounded(rng.gauss(0, 0.5))))


def _first_and_last(rng: random.Random) -> tuple[int, int]:
    return rng.choice(((0, -1), (-1, 0)))


_SCORE = "sum(weight * value for weight, value in zip(self.WEIGHTS, observation)) + self.BIAS"


def _write_threshold(setting: Setting, rng: random.Random) -> Draft:
    below, above = _first_and_last(rng)
    sample = f"""
def sample_action({setting.sample_arguments}):
    score = {_SCORE}
    return self.actions[{above}] if score > 0 else self.actions[{below}]
"""
    constants = [f"WEIGHTS = {_tuple(_weights(setting.profile.observation, rng))}", f"BIAS = {_bias(rng)}"]
    return Draft((), planner_text(setting, _THRESHOLD, sample, constants=constants))


def _write_scores(setting: Setting, rng: random.Random) -> Draft:
    rows = [_weights(setting.profile.observation, rng) for _ in range(_choices(setting))]
    sample = f"""
def sample_action({setting.sample_arguments}):
    scores = [sum(weight * value for weight, value in zip(row, observation)) for row in self.WEIGHTS]
    return self.actions[scores.index(max(scores))]
"""
    table = ["WEIGHTS = (", *(f"    {_tuple(row)}," for row in rows), ")"]
    return Draft((), planner_text(setting, _SCORES, sample, constants=table))


def _write_single_feature(setting: Setting, rng: random.Random) -> Draft:
    observation = setting.profile.observation
    index = rng.randrange(_entries(setting))
    bound = (observation.low[index], observation.high[index]) if observation.low else (-math.inf, math.inf)
    threshold = rng.choice((0.0, rounded(rng.gauss(0, 0.3) * _scale(*bound, rng))))
    below, above = _first_and_last(rng)
    sample = f"""
def sample_action({setting.sample_arguments}):
    return self.actions[{above}] if observation[{index}] > self.THRESHOLD else self.actions[{below}]
"""
    return Draft((), planner_text(setting, _SINGLE_FEATURE, sample, constants=[f"THRESHOLD = {threshold}"]))


def _write_box(headline: str, answer: str, setting: Setting, rng: random.Random) -> Draft:
    rows = [_weights(setting.profile.observation, rng) for _ in range(setting.profile.actions.vector or 0)]
    constants = [
        "WEIGHTS = (",
        *(f"    {_tuple(row)}," for row in rows),
        ")",
        f"BIAS = {_tuple(tuple(_bias(rng) for _ in rows))}",
    ]
    sample = f"""
def sample_action({setting.sample_arguments}):
    push = np.dot(self.WEIGHTS, observation) + self.BIAS
    {answer}
"""
    state = _bounds_state(setting)
    return Draft(("import numpy as np",), planner_text(setting, headline, sample, constants=constants, state=state))


def _bounds_state(setting: Setting) -> list[str]:
    if setting.profile.access == "integrated":
        return [
            "bounds = domain.get_action_space().unwrapped()",
            "self.low, self.high = bounds.low, bounds.high",
        ]
    actions = setting.profile.actions
    return [
        f"self.low = np.array({_tuple(actions.low)}, dtype=np.float32)",
        f"self.high = np.array({_tuple(actions.high)}, dtype=np.float32)",
    ]


def _write_linear(setting: Setting, rng: random.Random) -> Draft:
    answer = "return np.clip(push, self.low, self.high).astype(np.float32)"
    return _write_box(_LINEAR, answer, setting, rng)


def _write_bang_bang(setting: Setting, rng: random.Random) -> Draft:
    answer = "return np.where(push > 0, self.high, self.low).astype(np.float32)"
    return _write_box(_BANG_BANG, answer, setting, rng)


def _fits_bang_bang(setting: Setting) -> bool:
    actions = setting.profile.actions
    return _fits_box(setting) and all(map(math.isfinite, (*actions.low, *actions.high)))


def _tuple(values: tuple[float, ...]) -> str:
    return repr(values)


CONTROL_IDIOMS = (
    Idiom(_THRESHOLD, _fits_choice, _write_threshold, weight=3.0),
    Idiom(_SCORES, _fits_scores, _write_scores, weight=2.0),
    Idiom(_SINGLE_FEATURE, _fits_choice, _write_single_feature, weight=1.0),
    Idiom(_LINEAR, _fits_box, _write_linear, weight=2.0),
    Idiom(_BANG_BANG, _fits_bang_bang, _write_bang_bang, weight=2.0),
)
