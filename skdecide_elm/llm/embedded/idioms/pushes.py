"""Idioms for actions of several parts, beyond linear functions: products of entries, two laws by a condition."""

from __future__ import annotations

import random
from collections.abc import Sequence

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text
from skdecide_elm.llm.embedded.idioms.control import (
    CLIPPED,
    EXTREME,
    bias,
    bounds_state,
    fits_pushes,
    weight_lines,
    weights,
)
from skdecide_elm.llm.embedded.idioms.quantities import Quantity, computed, needed_imports, quantities_of
from skdecide_elm.llm.embedded.numbers import rounded

__all__ = ["PUSH_IDIOMS"]

_QUADRATIC = "Answer a quadratic function of the observation for each part of the action, clipped to the bounds."
_SWITCHED = "Answer one of two linear functions of the observation for each part of the action, by a condition."

_MAX_PRODUCTS = 3
_SQUARE_SHARE = 0.4
_WINDOW_SHARE = 0.5
_WINDOW = (0.05, 0.6)
"""Sizes of a window about zero, as shares of the size of what is to be in it."""

_EXTREME_SHARE = 0.25


def _write_quadratic(setting: Setting, rng: random.Random) -> Draft:
    """All entries in proportion, and a few products."""
    quantities = quantities_of(setting.profile, rng)
    pairs = sorted({_random_pair(len(quantities), rng) for _ in range(rng.randint(1, _MAX_PRODUCTS))})
    factors = [(quantities[first], quantities[second]) for first, second in pairs]
    rows = _rows(setting, rng)
    of_products = [tuple(_product_weight(pair, rng) for pair in factors) for _ in rows]
    products = ", ".join(_product(*pair) for pair in factors)
    observed = computed(quantities, {quantity.name for pair in factors for quantity in pair})
    body = [
        *observed,
        f"products = ({products}{',' if len(factors) == 1 else ''})",
        "push = np.dot(self.WEIGHTS, observation) + np.dot(self.PRODUCT_WEIGHTS, products) + self.BIAS",
        CLIPPED,
    ]
    constants = weight_lines({"WEIGHTS": rows, "PRODUCT_WEIGHTS": of_products}, BIAS=_biases(setting, rng))
    return _draft(setting, _QUADRATIC, body, constants)


def _random_pair(count: int, rng: random.Random) -> tuple[int, int]:
    """Two of so many, in their order, or one twice."""
    first = rng.randrange(count)
    second = first if rng.random() < _SQUARE_SHARE else rng.randrange(count)
    return min(first, second), max(first, second)


def _product(first: Quantity, second: Quantity) -> str:
    return f"{first.name}**2" if first == second else f"{first.name} * {second.name}"


def _product_weight(factors: tuple[Quantity, Quantity], rng: random.Random) -> float:
    first, second = factors
    return rounded(rng.gauss(0, 1) / (first.scale * second.scale))


def _write_switched(setting: Setting, rng: random.Random) -> Draft:
    """One law near zero and another far from it, or one below a threshold and another above."""
    quantities = quantities_of(setting.profile, rng)
    quantity = rng.choice([quantity for quantity in quantities if quantity.varies])
    is_window = quantity.low < 0 < quantity.high and rng.random() < _WINDOW_SHARE
    level = rounded(rng.uniform(*_WINDOW) * quantity.scale) if is_window else _threshold(quantity, rng)
    name = f"{quantity.name.upper()}_{'WINDOW' if is_window else 'THRESHOLD'}"
    tested = f"abs({quantity.name})" if is_window else quantity.name
    first, second = ("NEAR", "FAR") if is_window else ("LOW", "HIGH")
    body = [
        *computed(quantities, {quantity.name}),
        f"if {tested} < self.{name}:",
        f"    push = np.dot(self.{first}_WEIGHTS, observation) + self.{first}_BIAS",
        "else:",
        f"    push = np.dot(self.{second}_WEIGHTS, observation) + self.{second}_BIAS",
        EXTREME if rng.random() < _EXTREME_SHARE else CLIPPED,
    ]
    bounds = f"(0.0, {rounded(quantity.scale)!r})" if is_window else quantity.bounds()
    rows = {f"{law}_WEIGHTS": _rows(setting, rng) for law in (first, second)}
    biases = {f"{law}_BIAS": _biases(setting, rng) for law in (first, second)}
    return _draft(setting, _SWITCHED, body, weight_lines(rows, {name: (bounds, level)}, **biases))


def _threshold(quantity: Quantity, rng: random.Random) -> float:
    """A level within the quantity's range; its lower end where the range is too narrow for one."""
    level = quantity.threshold(rng)
    return rounded(quantity.low) if level is None else level


def _rows(setting: Setting, rng: random.Random) -> list[tuple[float, ...]]:
    return [weights(setting.profile.observation, rng) for _ in range(setting.profile.actions.vector or 0)]


def _biases(setting: Setting, rng: random.Random) -> tuple[float, ...]:
    return tuple(bias(rng) for _ in range(setting.profile.actions.vector or 0))


def _draft(setting: Setting, headline: str, body: Sequence[str], constants: Sequence[str]) -> Draft:
    sample = [f"def sample_action({setting.sample_arguments}):", *(f"    {line}" for line in body)]
    text = planner_text(setting, headline, "\n".join(sample), constants=constants, state=bounds_state(setting))
    return Draft(needed_imports(body), text)


def _fits_switched(setting: Setting) -> bool:
    observed = quantities_of(setting.profile, random.Random(0))
    return fits_pushes(setting) and any(quantity.varies for quantity in observed)


PUSH_IDIOMS = (
    Idiom(_QUADRATIC, fits_pushes, _write_quadratic, weight=1.5),
    Idiom(_SWITCHED, _fits_switched, _write_switched, weight=1.5),
)
