"""A priority rule as the text of a Planner: named features, named constants with bounds, no statement too many."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from skdecide_elm.llm.embedded.idioms.base import Draft, Setting, planner_text, tunable_constants
from skdecide_elm.llm.embedded.numbers import rounded
from skdecide_elm.llm.embedded.priorities.model import Condition, Preference, Rule, Term
from skdecide_elm.llm.profile import ChoiceProfile

__all__ = ["HEADLINES", "ORDINALS", "level_written", "scale", "suits", "written"]

HEADLINES = {
    False: "Take the action that a priority rule puts first.",
    True: "Try each action in the model, follow a priority rule from there, and take the cheapest.",
}

ORDINALS = ("first", "second", "third", "fourth")
"""Names of preferences; a rule has at most as many besides the last one."""

_REACH = 3.0
"""A constant may move to this many times its size."""

_LEAST_REACH = 0.3
"""And this far in any case, in units in which the actions of a decision differ by about 1."""

_FARTHEST = 1000
"""Steps that a rule is followed in the model at most."""

_LINE = 100

_LOOK_AHEAD = """
def sample_action({arguments}):
    actions = {actions}
    if len(actions) == 1:
        return actions[0]
    favourite = self.choose(observation, actions)
    return min([favourite, *actions], key=lambda action: self.cost(observation, action))
"""

_COST = """
def cost(self, state, action):
    total = 0.0
    for _ in range(self.HORIZON):
        successor = self.domain.get_next_state(state, action)
        total += self.domain.get_transition_value(state, action, successor).cost
        if self.domain.is_terminal(successor):
            break
        state = successor
        action = self.choose(state, {actions})
    return total
"""


@dataclass
class _Constants:
    """The constants written so far: bounds and value by name."""

    declared: dict[str, tuple[str, float]] = field(default_factory=dict)

    def add(self, name: str, value: float, low: float, high: float, integer: bool = False) -> str:
        while name in self.declared:
            name += "_TOO"
        bounds = f"{math.floor(low)}, {math.ceil(high)}" if integer else f"{rounded(low, 2)!r}, {rounded(high, 2)!r}"
        self.declared[name] = (f'({bounds}, "int")', round(value)) if integer else (f"({bounds})", rounded(value))
        return f"self.{name}"


def suits(setting: Setting) -> bool:
    """Whether a rule can be written: one of some listed actions is taken, and they differ in numbers."""
    return setting.profile.single and setting.actions is not None and bool(setting.profile.choices)


def written(setting: Setting, rule: Rule) -> Draft:
    """The Planner of a rule."""
    features = {feature.name: feature for feature in setting.profile.choices}
    constants = _Constants()
    body = _rule_lines(rule, features, constants)
    listed = f"{'list' if _holds_objects(setting) else 'np.asarray'}({setting.actions})"
    if rule.horizon:
        constants.add("HORIZON", rule.horizon, 1, _FARTHEST, integer=True)
        methods = [
            _LOOK_AHEAD.format(arguments=setting.sample_arguments, actions=listed),
            _method("def choose(self, observation, actions):", body),
            _COST.format(actions=listed.replace(str(setting.actions), setting.actions_at("state"))),
        ]
    else:
        methods = [_method(f"def sample_action({setting.sample_arguments}):", [f"actions = {listed}", *body])]
    text = planner_text(
        setting, HEADLINES[rule.horizon > 0], *methods, constants=tunable_constants(**constants.declared)
    )
    return Draft(("import numpy as np",) if "np." in text else (), text)


def scale(factors: Sequence[str], features: Mapping[str, ChoiceProfile]) -> float:
    """By how much the actions of a decision differ in a product of features."""
    return math.prod(features[name].spread or 1.0 for name in factors)


def level_written(level: float, feature: ChoiceProfile) -> float:
    """A level as the program's text says it."""
    return round(level) if feature.integer else rounded(level)


def _holds_objects(setting: Setting) -> bool:
    return any("for action in actions" in feature.expression for feature in setting.profile.choices)


def _method(signature: str, body: Sequence[str]) -> str:
    return "\n".join([signature, *(f"    {line}" for line in body)])


def _rule_lines(rule: Rule, features: Mapping[str, ChoiceProfile], constants: _Constants) -> list[str]:
    lines = []
    *preferred, fallback = rule.preferences
    for name, preference in zip(ORDINALS, preferred, strict=False):
        lines.extend(_preference_lines(name, preference, features, constants))
    prefix = "OTHERWISE_" if preferred else ""
    index = _index(fallback.index, features, constants, prefix)
    answer = _return("", index) if index else ["return actions[0]"]
    observed = [f"{name} = {features[name].expression}" for name in _needed(rule, features)]
    return [*observed, *lines, *answer]


def _preference_lines(
    name: str, preference: Preference, features: Mapping[str, ChoiceProfile], constants: _Constants
) -> list[str]:
    prefix = f"{name.upper()}_"
    tests = [_condition(condition, features, constants, prefix) for condition in preference.conditions]
    index = _index(preference.index, features, constants, prefix)
    answer = _return(name, index) if index else [f"return actions[np.argmax({name})]"]
    return [*_tests_lines(name, tests), f"if {name}.any():", *(f"    {line}" for line in answer)]


def _tests_lines(name: str, tests: Sequence[str]) -> list[str]:
    joined = tests[0] if len(tests) == 1 else " & ".join(f"({test})" for test in tests)
    if len(joined) <= _LINE:
        return [f"{name} = {joined}"]
    return [f"{name} = (", *(f"    {'& ' if number else ''}({test})" for number, test in enumerate(tests)), ")"]


def _return(mask: str, index: list[str]) -> list[str]:
    """The statements that take the action of the highest index, among those that a mask marks."""
    joined = " ".join(index)
    short = f"return actions[np.argmax({f'np.where({mask}, {joined}, -np.inf)' if mask else joined})]"
    if len(short) <= _LINE:
        return [short]
    value = f"np.where({mask}, index, -np.inf)" if mask else "index"
    return ["index = (", *(f"    {part}" for part in index), ")", f"return actions[np.argmax({value})]"]


def _condition(condition: Condition, features: Mapping[str, ChoiceProfile], constants: _Constants, prefix: str) -> str:
    feature = features[condition.feature]
    side = "AT_MOST" if condition.at_most else "AT_LEAST"
    name = _level(condition.level, feature, constants, f"{prefix}{feature.name.upper()}_{side}")
    return f"{feature.name} {'<=' if condition.at_most else '>='} {name}"


def _level(value: float, feature: ChoiceProfile, constants: _Constants, name: str) -> str:
    """A constant that may move as far as the nearer end of the levels seen, and a little at least."""
    level = level_written(value, feature)
    lowest, highest = feature.levels[0], feature.levels[-1]
    room = max(min(level - lowest, highest - level), (highest - lowest) / 30)
    low, high = max(lowest, level - 2 * room), min(highest, level + 2 * room)
    return constants.add(name, level, low, high, feature.integer)


def _index(
    terms: Sequence[Term], features: Mapping[str, ChoiceProfile], constants: _Constants, prefix: str
) -> list[str]:
    """The parts of a sum: the first with a sign only, the others with constants."""
    parts = []
    for number, term in enumerate(terms):
        product = _product(term, features, constants, prefix)
        if number == 0:
            parts.append(f"-{product}" if term.weight < 0 else product)
            continue
        unit = scale(terms[0].factors, features) / scale(term.factors, features)
        value = term.weight * unit
        reach = max(_REACH * abs(value), _LEAST_REACH * unit)
        name = constants.add(f"{prefix}{_constant_name(term.factors)}", value, -reach, reach)
        parts.append(f"+ {name} * {product}")
    return parts


def _product(term: Term, features: Mapping[str, ChoiceProfile], constants: _Constants, prefix: str) -> str:
    if term.target is None:
        return " * ".join(_powers(term.factors))
    [name] = term.factors
    return f"abs({name} - {_level(term.target, features[name], constants, f'{prefix}{name.upper()}_TARGET')})"


def _powers(factors: Sequence[str]) -> list[str]:
    return [name if power == 1 else f"{name}**{power}" for name, power in Counter(factors).items()]


def _constant_name(factors: Sequence[str]) -> str:
    powers = {1: "", 2: "_SQUARED"}
    return "_".join(f"{name.upper()}{powers[power]}" for name, power in Counter(factors).items()) + "_WEIGHT"


def _needed(rule: Rule, features: Mapping[str, ChoiceProfile]) -> list[str]:
    """The features to compute, with those that others are computed from, in order."""
    used = set(_used(rule))
    for name in [*used]:
        used |= {other for other in features if features[name].expression.startswith((f"{other} - ", f"{other} / "))}
    return [name for name in features if name in used]


def _used(rule: Rule) -> Iterator[str]:
    for preference in rule.preferences:
        yield from (condition.feature for condition in preference.conditions)
        yield from (name for term in preference.index for name in term.factors)
