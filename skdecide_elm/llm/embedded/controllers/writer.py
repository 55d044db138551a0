"""A controller as the text of a Planner: named features, named constants with bounds, no statement too many."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from skdecide_elm.llm.embedded.controllers.model import Controller, Node, Sum, Switch, Term
from skdecide_elm.llm.embedded.features import Feature, computing, features_of
from skdecide_elm.llm.embedded.idioms.base import Draft, Setting, planner_text, tunable_constants
from skdecide_elm.llm.embedded.idioms.control import bounds_state
from skdecide_elm.llm.embedded.numbers import rounded

__all__ = ["HEADLINES", "answer_lines", "push_unit", "suits", "written"]

HEADLINES = {
    "either": "Push one way or the other, by the sign of a function of the observation.",
    "rest": "Push one way or the other, or not at all where it matters little.",
    "clip": "Push as much as a function of the observation says, within the bounds.",
    "bang": "Push as hard as possible, one way or the other, by the sign of a function of the observation.",
}

_REACH = 3.0
"""A constant may move to this many times its size, to either side of zero."""

_MAX_ENTRIES = 32
_LINE = 100
_POWERS = {1: "", 2: "_SQUARED", 3: "_CUBED"}


@dataclass
class _Constants:
    """The constants written so far: bounds and value by name."""

    declared: dict[str, tuple[str, float]] = field(default_factory=dict)

    def add(self, name: str, value: float, low: float, high: float) -> str:
        self.declared[name] = f"({rounded(low, 2)!r}, {rounded(high, 2)!r})", rounded(value)
        return f"self.{name}"


def suits(setting: Setting) -> bool:
    """Whether a controller can be written: a vector is observed, and an action is one push or one of a list."""
    profile, observation = setting.profile, setting.profile.observation
    if not profile.single or observation.kind != "box" or not 0 < (observation.vector or 0) <= _MAX_ENTRIES:
        return False
    if setting.all_actions is not None:
        return (profile.actions.size or 2) > 1
    bounds = (*profile.actions.low, *profile.actions.high)
    return profile.actions.kind == "box" and profile.actions.vector == 1 and all(map(math.isfinite, bounds))


def push_unit(setting: Setting) -> float:
    """The size of a strong push."""
    bounds = (*setting.profile.actions.low, *setting.profile.actions.high)
    return max(map(abs, bounds)) if setting.all_actions is None else 1.0


def written(setting: Setting, controller: Controller) -> Draft:
    """The Planner of a controller."""
    features = {feature.name: feature for feature in features_of(setting.profile)}
    constants = _Constants()
    push = _node_lines(controller.node, features, push_unit(setting), constants, "")
    answer = answer_lines(controller)
    if controller.answer == "rest":
        constants.add("DEAD_ZONE", controller.dead_zone, 0.0, max(1.0, _REACH * rounded(controller.dead_zone)))
    observed = computing(list(features.values()), set(_used(controller.node)))
    sample = [
        f"def sample_action({setting.sample_arguments}):",
        *(f"    {line}" for line in [*observed, *push, *answer]),
    ]
    needed = {
        "import math": any("math." in line for line in observed),
        "import numpy as np": controller.answer in ("clip", "bang"),
    }
    text = planner_text(
        setting,
        HEADLINES[controller.answer],
        "\n".join(sample),
        constants=tunable_constants(**constants.declared),
        state=bounds_state(setting) if setting.all_actions is None else (),
    )
    return Draft(tuple(line for line, is_needed in needed.items() if is_needed), text)


def answer_lines(controller: Controller) -> list[str]:
    """The statements that turn ``push`` into an action."""
    below, about, above = controller.actions
    either = f"return self.actions[{above}] if push > 0 else self.actions[{below}]"
    return {
        "either": [either],
        "rest": ["if abs(push) < self.DEAD_ZONE:", f"    return self.actions[{about}]", either],
        "clip": ["return np.clip([push], self.low, self.high).astype(np.float32)"],
        "bang": ["return np.where(push > 0, self.high, self.low).astype(np.float32)"],
    }[controller.answer]


def _used(node: Node) -> Iterator[str]:
    if isinstance(node, Sum):
        yield from (factor for term in node.terms for factor in term.factors)
    else:
        yield node.feature
        yield from _used(node.near)
        yield from _used(node.far)


def _node_lines(node: Node, features: dict[str, Feature], unit: float, constants: _Constants, prefix: str) -> list[str]:
    if isinstance(node, Sum):
        return _sum_lines(node, features, unit, constants, prefix)
    kinds = ("WINDOW", "NEAR_", "FAR_") if node.window else ("THRESHOLD", "HIGH_", "LOW_")
    scale = features[node.feature].scale
    low = 0.0 if node.window else -scale
    level = constants.add(f"{prefix}{node.feature.upper()}_{kinds[0]}", node.level * scale, low, scale)
    test = f"abs({node.feature}) < {level}" if node.window else f"{node.feature} > {level}"
    near = _node_lines(node.near, features, unit, constants, f"{prefix}{kinds[1]}")
    far = _node_lines(node.far, features, unit, constants, f"{prefix}{kinds[2]}")
    otherwise = (
        [f"el{far[0]}", *far[1:]] if isinstance(node.far, Switch) else ["else:", *(f"    {line}" for line in far)]
    )
    return [f"if {test}:", *(f"    {line}" for line in near), *otherwise]


def _sum_lines(node: Sum, features: dict[str, Feature], unit: float, constants: _Constants, prefix: str) -> list[str]:
    common = _common(node.terms)
    parts = []
    for term in node.terms:
        size = unit / math.prod(features[name].scale for name in term.factors)
        value = rounded(term.weight * size)
        reach = max(_REACH * abs(value), size)
        name = constants.add(f"{prefix}{_constant_name(term.factors)}", value, -reach, reach)
        rest = Counter(term.factors) - Counter(common)
        parts.append(" * ".join([name, *_products(sorted(rest.elements()))]))
    joined = " + ".join(parts)
    factor = " * ".join(_products(common))
    if common:
        joined = f"{factor} * ({joined})" if len(parts) > 1 else " * ".join([parts[0], *_products(common)])
    return [f"push = {joined}"] if len(joined) <= _LINE else _wrapped(parts, factor)


def _wrapped(parts: Sequence[str], factor: str) -> list[str]:
    opening = f"push = {factor} * (" if factor else "push = ("
    return [opening, *(f"    {'+ ' if index else ''}{part}" for index, part in enumerate(parts)), ")"]


def _common(terms: Sequence[Term]) -> list[str]:
    """The factors that all terms share."""
    shared = Counter(terms[0].factors)
    for term in terms[1:]:
        shared &= Counter(term.factors)
    return sorted(shared.elements())


def _products(factors: Sequence[str]) -> list[str]:
    return [name if power == 1 else f"{name}**{power}" for name, power in Counter(factors).items()]


def _constant_name(factors: Sequence[str]) -> str:
    if not factors:
        return "BIAS"
    return "_".join(f"{name.upper()}{_POWERS[power]}" for name, power in Counter(factors).items()) + "_WEIGHT"
