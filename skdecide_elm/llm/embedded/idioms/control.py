"""Idioms that weigh the entries of an observed vector: scores of listed actions, pushes by linear functions."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunables
from skdecide_elm.llm.embedded.idioms.quantities import MAX_ENTRIES
from skdecide_elm.llm.embedded.numbers import rounded
from skdecide_elm.llm.profile import SpaceProfile

__all__ = ["CLIPPED", "CONTROL_IDIOMS", "EXTREME", "bias", "bounds_state", "fits_pushes", "weight_lines", "weights"]

_SCORES = "Take the action whose linear function of the observation is highest."
_LINEAR = "Answer a linear function of the observation for each part of the action, clipped to the bounds."
_BANG_BANG = "Answer one bound or the other for each part of the action, by the sign of a linear function."

_MAX_PUSHES = 8
_LARGEST_BOUND = 1e4

CLIPPED = "return np.clip(push, self.low, self.high).astype(np.float32)"
EXTREME = "return np.where(push > 0, self.high, self.low).astype(np.float32)"
"""How pushes are answered, by `bounds_state`: as far as the bounds let them, or one bound or the other."""

_ZERO_SHARE = 0.25
_REACH = 3.0
"""Weights may move to this many times the largest one, to either side of zero."""


def _entries(setting: Setting) -> int:
    """Number of entries of the observation vector; 0 where it is none or too long."""
    observation = setting.profile.observation
    vector = observation.vector or 0
    return vector if setting.profile.single and observation.kind == "box" and vector <= MAX_ENTRIES else 0


def _fits_scores(setting: Setting) -> bool:
    return _entries(setting) > 0 and 2 < setting.choices <= MAX_ENTRIES


def fits_pushes(setting: Setting) -> bool:
    """Whether a vector is observed and an action has several parts, each within bounds."""
    actions = setting.profile.actions
    bounded = all(map(math.isfinite, (*actions.low, *actions.high)))
    return _entries(setting) > 0 and actions.kind == "box" and 1 < (actions.vector or 0) <= _MAX_PUSHES and bounded


def weights(observation: SpaceProfile, rng: random.Random) -> tuple[float, ...]:
    """Weights such that every entry counts about as much; one at least is not zero."""
    count = observation.vector or 0
    bounds = list(zip(observation.low, observation.high, strict=True)) or [(-math.inf, math.inf)] * count
    kept = rng.randrange(count)
    drawn = [rounded(rng.gauss(0, 1) / _scale(*bound, rng)) for bound in bounds]
    return tuple(0.0 if index != kept and rng.random() < _ZERO_SHARE else weight for index, weight in enumerate(drawn))


def _scale(low: float, high: float, rng: random.Random) -> float:
    """The size of an entry: from its bounds, else a guess over orders of magnitude."""
    largest = max(abs(low), abs(high))
    return largest if 0 < largest < _LARGEST_BOUND else 10 ** rng.uniform(-1, 1)


def bias(rng: random.Random) -> float:
    """What a push is where all entries are zero: often nothing."""
    return rng.choice((0.0, rounded(rng.uniform(-1, 1))))


def weight_lines(
    tables: Mapping[str, Sequence[tuple[float, ...]]],
    levels: Mapping[str, tuple[str, float]] | None = None,
    **biases: tuple[float, ...],
) -> list[str]:
    """The tunable constants of linear functions.

    Args:
        tables: weights by the name of the constant, one row per action or part of an action.
        levels: what a condition compares with: the declared bounds and the value.
        biases: what is added.
    """
    levels = levels or {}
    declared = tunables(
        {
            **{name: bounds for name, (bounds, _) in levels.items()},
            **{name: _reach(rows) for name, rows in tables.items()},
            **dict.fromkeys(biases, "(-1.0, 1.0)"),
        }
    )
    rows_of = [[f"{name} = (", *(f"    {row!r}," for row in rows), ")"] for name, rows in tables.items()]
    return [
        *declared,
        *(f"{name} = {level!r}" for name, (_, level) in levels.items()),
        *(line for lines in rows_of for line in lines),
        *(f"{name} = {values!r}" for name, values in biases.items()),
    ]


def _reach(rows: Sequence[tuple[float, ...]]) -> str:
    reach = rounded(_REACH * max(abs(weight) for row in rows for weight in row) or 1.0)
    return f"({-reach}, {reach})"


def _write_scores(setting: Setting, rng: random.Random) -> Draft:
    rows = [weights(setting.profile.observation, rng) for _ in range(setting.choices)]
    sample = f"""
def sample_action({setting.sample_arguments}):
    scores = [sum(weight * value for weight, value in zip(row, observation)) for row in self.WEIGHTS]
    return self.actions[scores.index(max(scores))]
"""
    return Draft((), planner_text(setting, _SCORES, sample, constants=weight_lines({"WEIGHTS": rows})))


def _write_pushes(headline: str, answer: str, setting: Setting, rng: random.Random) -> Draft:
    rows = [weights(setting.profile.observation, rng) for _ in range(setting.profile.actions.vector or 0)]
    constants = weight_lines({"WEIGHTS": rows}, BIAS=tuple(bias(rng) for _ in rows))
    sample = f"""
def sample_action({setting.sample_arguments}):
    push = np.dot(self.WEIGHTS, observation) + self.BIAS
    {answer}
"""
    state = bounds_state(setting)
    return Draft(("import numpy as np",), planner_text(setting, headline, sample, constants=constants, state=state))


def bounds_state(setting: Setting) -> list[str]:
    """The assignments of the constructor that keep the bounds of the actions."""
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
    return _write_pushes(_LINEAR, CLIPPED, setting, rng)


def _write_bang_bang(setting: Setting, rng: random.Random) -> Draft:
    return _write_pushes(_BANG_BANG, EXTREME, setting, rng)


CONTROL_IDIOMS = (
    Idiom(_SCORES, _fits_scores, _write_scores, weight=4.0),
    Idiom(_LINEAR, fits_pushes, _write_linear, weight=2.0),
    Idiom(_BANG_BANG, fits_pushes, _write_bang_bang, weight=2.0),
)
