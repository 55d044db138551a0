"""The idiom that weighs what is remembered of each action: where it leads, how often it was taken, what came before."""

from __future__ import annotations

import ast
import random
from collections.abc import Sequence
from dataclasses import dataclass

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunable_constants
from skdecide_elm.llm.embedded.numbers import rounded

__all__ = ["MEMORY_IDIOMS"]

_MEMORY = "Take the action against which least is remembered: a weighted sum."
_MAX_PREFERENCES = 8
_KEPT_SHARE = 0.5
_BOUNDS = "(-3.0, 3.0)"


@dataclass(frozen=True)
class _Term:
    """A quantity that is summed up.

    Attributes:
        weight: the constant's name.
        expression: the quantity itself.
        asks_where: it needs to know where the action leads.
        low, high: of the first weights.
    """

    weight: str
    expression: str
    asks_where: bool = False
    low: float = -2.0
    high: float = 2.0


_VISITED = _Term("VISITED", "self.visits[there]", True, 0.1)
_UNKNOWN = _Term("UNKNOWN", "(there is None)", True)
_TERMS = (
    _VISITED,
    _Term("TRIED", "self.tries[observation, action]", low=0.1),
    _Term("BACK", "(there == self.before)", True),
    _Term("REPEATED", "(action == self.last_action)"),
)
_PREFERENCE = "self.PREFERENCE[self.actions.index(action)]"


def _fits(setting: Setting) -> bool:
    return setting.counts_actions


def _choices(setting: Setting) -> int:
    """As the setting has it, and where the program writes the actions out, how many these are."""
    if setting.choices or setting.all_actions is None:
        return setting.choices
    try:
        return len(ast.literal_eval(setting.all_actions))
    except (ValueError, TypeError):
        return 0


def _write(setting: Setting, rng: random.Random) -> Draft:
    has_model, choices = setting.profile.has_model, _choices(setting)
    known = _TERMS if has_model else (*_TERMS, _UNKNOWN)
    terms = [term for term in known if rng.random() < _KEPT_SHARE] or [_VISITED]
    constants: dict[str, object] = {term.weight: rounded(rng.uniform(term.low, term.high)) for term in terms}
    products = [f"self.{term.weight} * {term.expression}" for term in terms]
    if 1 < choices <= _MAX_PREFERENCES and rng.random() < _KEPT_SHARE:
        constants["PREFERENCE"] = tuple(rounded(rng.uniform(-1, 1)) for _ in range(choices))
        products.append(_PREFERENCE)
    shuffles, learns = rng.random() < 1 / 3, _learns(terms, has_model)
    memory = _memory(terms, learns)
    text = planner_text(
        setting,
        _MEMORY,
        _sample(setting, memory, shuffles),
        _reluctance(terms, products, has_model),
        details="Where an action leads is learned on the way, within one episode." if learns else "",
        constants=tunable_constants(**{name: (_BOUNDS, value) for name, value in constants.items()}),
        state=memory,
    )
    counts = any("Counter()" in assignment for assignment in memory)
    imports = [*(["import random"] if shuffles else []), *(["from collections import Counter"] if counts else [])]
    return Draft(tuple(imports), text)


def _uses(terms: Sequence[_Term], name: str) -> bool:
    return any(name in term.expression for term in terms)


def _learns(terms: Sequence[_Term], has_model: bool) -> bool:
    return not has_model and any(term.asks_where for term in terms)


def _memory(terms: Sequence[_Term], learns: bool) -> list[str]:
    """Assignments of the constructor."""
    parts = {
        "self.visits = Counter()": _uses(terms, "self.visits"),
        "self.tries = Counter()": _uses(terms, "self.tries"),
        "self.outcomes = {}": learns,
        "self.before = None": learns or _uses(terms, "self.before"),
        "self.last_action = None": learns or _uses(terms, "self.last_action"),
    }
    return [assignment for assignment, needed in parts.items() if needed]


def _sample(setting: Setting, memory: Sequence[str], shuffles: bool) -> str:
    lines = {
        "self.visits[observation] += 1": "self.visits = Counter()" in memory,
        "self.outcomes[self.before, self.last_action] = observation": "self.outcomes = {}" in memory,
        f"actions = list({setting.actions})": shuffles,
        "random.shuffle(actions)": shuffles,
        f"action = min({'actions' if shuffles else setting.actions}, "
        "key=lambda action: self.reluctance(observation, action))": True,
        "self.tries[observation, action] += 1": "self.tries = Counter()" in memory,
        "self.before = observation": "self.before = None" in memory,
        "self.last_action = action": "self.last_action = None" in memory,
        "return action": True,
    }
    head = f"def sample_action({setting.sample_arguments}):"
    return "\n".join([head, *(f"    {line}" for line, needed in lines.items() if needed)])


def _reluctance(terms: Sequence[_Term], products: Sequence[str], has_model: bool) -> str:
    lines = ["def reluctance(self, observation, action):"]
    if any(term.asks_where for term in terms):
        model, learned = "self.domain.get_next_state(observation, action)", "self.outcomes.get((observation, action))"
        lines.append(f"    there = {model if has_model else learned}")
    if len(products) == 1:
        return "\n".join([*lines, f"    return {products[0]}"])
    summed = [f"        {'+ ' if place else ''}{product}" for place, product in enumerate(products)]
    return "\n".join([*lines, "    return (", *summed, "    )"])


MEMORY_IDIOMS = (Idiom(_MEMORY, _fits, _write, weight=2.0),)
