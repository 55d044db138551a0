"""What a few random episodes tell of an observation vector: sizes, rates of change, angles, what pushes do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.domain_api.view import AS_IT_IS, View
from skdecide_elm.llm.profile import EntryProfile, SpaceProfile

__all__ = ["Episode", "entries_of", "observe_entries"]

_EPISODES = 5
_STEPS = 100
_HOLD = 5
"""Steps for which an action is kept: systems with inertia hardly move under quickly changing actions."""

_MAX_ENTRIES = 64
_LARGEST_BOUND = 1e4
_EXPLAINED = 0.9
"""Share of an entry's changes that another one must explain to be its rate."""
_CERTAIN = 6.0
"""Standard errors by which the effect of a push must differ from none."""

Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Episode:
    """Vectors that were observed one after another, one row each, and the pushes between them.

    Attributes:
        pushes: the place of each action in the list of actions, or its only number; empty where it is neither.
    """

    observations: Vectors
    pushes: Vectors


def observe_entries(
    domain: Any, observation: SpaceProfile, actions: SpaceProfile, view: View = AS_IT_IS
) -> tuple[EntryProfile, ...]:
    """The entries of what is observed; empty where they are no real vectors or actions cannot be drawn.

    Plays random episodes on ``domain``: pass a copy that nobody rolls out.

    Args:
        observation: what the planner observes.
        actions: of the domain.
        view: how the planner meets the domain.
    """
    drawable = actions.listed or (actions.kind == "box" and bool(np.isfinite([*actions.low, *actions.high]).all()))
    if observation.kind != "box" or not 0 < (observation.vector or 0) <= _MAX_ENTRIES or not drawable:
        return ()
    rng = np.random.default_rng(0)
    seed = getattr(domain, "seed", None)
    if callable(seed):
        seed(0)
    return entries_of([_episode(domain, actions, rng, view) for _ in range(_EPISODES)], observation)


def entries_of(episodes: list[Episode], observation: SpaceProfile) -> tuple[EntryProfile, ...]:
    """The entries of the vectors that were observed in some episodes."""
    rows = [episode.observations for episode in episodes]
    bounds = list(zip(observation.low, observation.high, strict=True)) or [(-np.inf, np.inf)] * rows[0].shape[1]
    seen = np.concatenate(rows)
    sines = _sines(seen)
    places = [_angle(rows, index, sines.get(index)) for index in range(len(bounds))]
    rates = _rates(rows, places, set(sines.values()))
    responses = {rate: _response(episodes, rate) for rate in rates.values()}
    return tuple(
        EntryProfile(_scale(seen[:, index], *bound), rates.get(index), sines.get(index), responses.get(index, 0))
        for index, bound in enumerate(bounds)
    )


def _episode(domain: Any, actions: SpaceProfile, rng: np.random.Generator, view: View) -> Episode:
    observations, action = [view.observation(domain.reset())], None
    pushes: list[float] = []
    for step in range(_STEPS):
        if step % _HOLD == 0 or actions.kind != "box":
            action = _action(domain, actions, rng) if step % _HOLD == 0 else _still_applicable(domain, action, rng)
        outcome = domain.step(action)
        observations.append(view.observation(outcome.observation))
        pushes.extend(_push(action, actions) if view.answers_actions else ())
        if outcome.termination:
            break
    return Episode(np.asarray(observations, dtype=np.float64), np.asarray(pushes, dtype=np.float64))


def _push(action: Any, actions: SpaceProfile) -> list[float]:
    """The action as a number, if it is one in an order."""
    if actions.kind == "discrete":
        return [float(action)]
    return [float(number) for number in np.ravel(action)] if actions.kind == "box" and actions.vector == 1 else []


def _action(domain: Any, actions: SpaceProfile, rng: np.random.Generator) -> Any:
    if actions.kind == "box":
        return rng.uniform(actions.low, actions.high).astype(np.float32).reshape(actions.shape)
    elements = list(domain.get_applicable_actions().get_elements())
    return elements[rng.integers(len(elements))]


def _still_applicable(domain: Any, action: Any, rng: np.random.Generator) -> Any:
    elements = list(domain.get_applicable_actions().get_elements())
    return action if action in elements else elements[rng.integers(len(elements))]


def _scale(values: Vectors, low: float, high: float) -> float:
    bound = max(abs(low), abs(high))
    size = bound if 0 < bound < _LARGEST_BOUND else float(np.abs(values).max())
    return float(f"{size or 1.0:.2g}")


def _sines(seen: Vectors) -> dict[int, int]:
    """Neighbours whose squares add up to 1: a cosine and the sine of the same angle, by cosine."""
    squares = seen**2
    found: dict[int, int] = {}
    for index in range(seen.shape[1] - 1):
        moves = min(np.ptp(seen[:, index]), np.ptp(seen[:, index + 1])) > 0
        if (
            moves
            and index not in found.values()
            and np.allclose(squares[:, index] + squares[:, index + 1], 1, atol=1e-3)
        ):
            found[index] = index + 1
    return found


def _angle(episodes: list[Vectors], index: int, sine: int | None) -> list[Vectors]:
    """An entry over the episodes, or the angle whose cosine it is."""
    if sine is None:
        return [rows[:, index] for rows in episodes]
    return [np.unwrap(np.arctan2(rows[:, sine], rows[:, index])) for rows in episodes]


def _rates(episodes: list[Vectors], places: list[list[Vectors]], sines: set[int]) -> dict[int, int]:
    """Pairs of a place and its rate: the changes of the one are proportional to the other. Each is in one pair."""
    count = len(places)
    fits = {
        (place, rate): fit
        for place in range(count)
        for rate in range(count)
        if place != rate and place not in sines and (fit := _fit(episodes, places[place], rate)) > _EXPLAINED
    }
    found: dict[int, int] = {}
    for place, rate in sorted(fits, key=lambda pair: -fits[pair]):
        if place not in found and rate not in found.values() and rate not in found and place not in found.values():
            found[place] = rate
    return found


def _fit(episodes: list[Vectors], place: list[Vectors], rate: int) -> float:
    """The share of the place's changes that the mean rate over each step explains, in proportion."""
    changes = np.concatenate([np.diff(values) for values in place])
    means = np.concatenate([(rows[1:, rate] + rows[:-1, rate]) / 2 for rows in episodes])
    power, product = float(means @ means), float(changes @ means)
    total = float(changes @ changes)
    return product**2 / (power * total) if power * total > 0 and product > 0 else 0.0


def _response(episodes: list[Episode], rate: int) -> int:
    """The sign of what a push changes the rate by, beside what the observation does (linear regression); 0: unclear."""
    if any(len(episode.pushes) + 1 != len(episode.observations) for episode in episodes):
        return 0
    before = np.concatenate([episode.observations[:-1] for episode in episodes])
    pushes = np.concatenate([episode.pushes for episode in episodes])
    changes = np.concatenate([np.diff(episode.observations[:, rate]) for episode in episodes])
    causes = np.column_stack([pushes, before, np.ones(len(pushes))])
    freedom = len(changes) - causes.shape[1]
    if freedom < 1 or np.ptp(pushes) == 0:  # anything would explain the changes
        return 0
    inverse = np.linalg.pinv(causes.T @ causes)
    effects = inverse @ causes.T @ changes
    error = np.sqrt(np.sum((changes - causes @ effects) ** 2) / freedom * inverse[0, 0])
    return int(np.sign(effects[0])) if abs(effects[0]) > _CERTAIN * error else 0
