"""Idioms for vectors and numbers that are observed, beyond the single push of `controllers`: scores, pushes, tables."""

from __future__ import annotations

import math
import random
import textwrap
from collections.abc import Sequence

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunables
from skdecide_elm.llm.embedded.numbers import rounded
from skdecide_elm.llm.profile import SpaceProfile

__all__ = ["CONTROL_IDIOMS"]

_SCORES = "Take the action whose linear function of the observation is highest."
_LINEAR = "Answer a linear function of the observation for each part of the action, clipped to the bounds."
_BANG_BANG = "Answer one bound or the other for each part of the action, by the sign of a linear function."
_TABLE = "Take the action that a table gives for the observation."

_MAX_ENTRIES = 64
_MAX_PUSHES = 8
_LARGEST_BOUND = 1e4
_ZERO_SHARE = 0.25
_REACH = 3.0
"""Weights may move to this many times the largest one, to either side of zero."""


def _entries(setting: Setting) -> int:
    """Number of entries of the observation vector; 0 where it is none or too long."""
    observation = setting.profile.observation
    vector = observation.vector or 0
    return vector if setting.profile.single and observation.kind == "box" and vector <= _MAX_ENTRIES else 0


def _fits_scores(setting: Setting) -> bool:
    return _entries(setting) > 0 and 2 < setting.choices <= _MAX_ENTRIES


def _fits_pushes(setting: Setting) -> bool:
    actions = setting.profile.actions
    bounded = all(map(math.isfinite, (*actions.low, *actions.high)))
    return _entries(setting) > 0 and actions.kind == "box" and 1 < (actions.vector or 0) <= _MAX_PUSHES and bounded


def _fits_table(setting: Setting) -> bool:
    observation = setting.profile.observation
    known = setting.profile.single and observation.kind == "discrete" and observation.start == 0
    return known and 1 < (observation.size or 0) <= _MAX_ENTRIES and setting.choices > 1


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
    return rng.choice((0.0, rounded(rng.uniform(-1, 1))))


def _weight_lines(rows: Sequence[tuple[float, ...]], **others: tuple[float, ...]) -> list[str]:
    """The tunables ``WEIGHTS``, one row per action, and others."""
    reach = rounded(_REACH * max(abs(weight) for row in rows for weight in row) or 1.0)
    declared = tunables({"WEIGHTS": f"({-reach}, {reach})", **dict.fromkeys(others, "(-1.0, 1.0)")})
    table = ["WEIGHTS = (", *(f"    {row!r}," for row in rows), ")"]
    return [*declared, *table, *(f"{name} = {values!r}" for name, values in others.items())]


def _write_scores(setting: Setting, rng: random.Random) -> Draft:
    rows = [_weights(setting.profile.observation, rng) for _ in range(setting.choices)]
    sample = f"""
def sample_action({setting.sample_arguments}):
    scores = [sum(weight * value for weight, value in zip(row, observation)) for row in self.WEIGHTS]
    return self.actions[scores.index(max(scores))]
"""
    return Draft((), planner_text(setting, _SCORES, sample, constants=_weight_lines(rows)))


def _write_pushes(headline: str, answer: str, setting: Setting, rng: random.Random) -> Draft:
    rows = [_weights(setting.profile.observation, rng) for _ in range(setting.profile.actions.vector or 0)]
    constants = _weight_lines(rows, BIAS=tuple(_bias(rng) for _ in rows))
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
        f"self.low = np.array({actions.low!r}, dtype=np.float32)",
        f"self.high = np.array({actions.high!r}, dtype=np.float32)",
    ]


def _write_linear(setting: Setting, rng: random.Random) -> Draft:
    return _write_pushes(_LINEAR, "return np.clip(push, self.low, self.high).astype(np.float32)", setting, rng)


def _write_bang_bang(setting: Setting, rng: random.Random) -> Draft:
    return _write_pushes(_BANG_BANG, "return np.where(push > 0, self.high, self.low).astype(np.float32)", setting, rng)


def _write_table(setting: Setting, rng: random.Random) -> Draft:
    last = setting.choices - 1
    choices = ", ".join(str(rng.randint(0, last)) for _ in range(setting.profile.observation.size or 0))
    table = ["CHOICES = (", *(f"    {line}" for line in textwrap.wrap(f"{choices},", 100)), ")"]
    sample = f"""
def sample_action({setting.sample_arguments}):
    return self.actions[self.CHOICES[observation]]
"""
    constants = [f'TUNABLES = {{"CHOICES": (0, {last}, "int")}}', *table]
    return Draft((), planner_text(setting, _TABLE, sample, constants=constants))


CONTROL_IDIOMS = (
    Idiom(_SCORES, _fits_scores, _write_scores, weight=4.0),
    Idiom(_LINEAR, _fits_pushes, _write_linear, weight=2.0),
    Idiom(_BANG_BANG, _fits_pushes, _write_bang_bang, weight=2.0),
    Idiom(_TABLE, _fits_table, _write_table, weight=3.0),
)
