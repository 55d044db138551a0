"""Idioms that decide by a small tree: conditions on single numbers of the observation, actions at the leaves."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunable_constants
from skdecide_elm.llm.embedded.idioms.quantities import Quantity, computed, needed_imports, quantities_of

__all__ = ["TREE_IDIOMS"]

_TREE = "Take the action to which conditions on the observed numbers lead."

_MAX_DEPTH = 3
_LEAF_SHARE = 0.35
"""How often a branch ends before the tree's depth is reached."""


@dataclass(frozen=True)
class _Test:
    """Go on ``below`` where the quantity is less than the level, else ``above``."""

    quantity: Quantity
    level: float
    below: _Tree
    above: _Tree


_Tree: TypeAlias = "int | _Test"
"""A test, or the index of an action."""


def _fits(setting: Setting) -> bool:
    observed = quantities_of(setting.profile, random.Random(0))
    return setting.profile.single and setting.choices > 1 and any(quantity.varies for quantity in observed)


def _write(setting: Setting, rng: random.Random) -> Draft:
    quantities = quantities_of(setting.profile, rng)
    depth = rng.randint(1, _MAX_DEPTH)
    tree: _Tree = 0
    while isinstance(tree, int):  # a threshold may fall on the edge of a very narrow range
        tree = _random_test(quantities, setting.choices, depth, rng)
    writing = _Writing({quantity.name: quantity for quantity in quantities})
    conditions = writing.lines(tree)
    observed = computed(quantities, set(_used(tree)))
    body = [*observed, *conditions, "return self.actions[choice]"]
    sample = [f"def sample_action({setting.sample_arguments}):", *(f"    {line}" for line in body)]
    constants = writing.constants(setting.choices)
    return Draft(needed_imports(observed), planner_text(setting, _TREE, "\n".join(sample), constants=constants))


def _random_tree(quantities: Sequence[Quantity], actions: int, depth: int, rng: random.Random) -> _Tree:
    if depth == 0 or rng.random() < _LEAF_SHARE:
        return rng.randrange(actions)
    return _random_test(quantities, actions, depth, rng)


def _random_test(quantities: Sequence[Quantity], actions: int, depth: int, rng: random.Random) -> _Tree:
    """A test whose branches differ, and can both be reached; an action where no threshold is left."""
    varying = [quantity for quantity in quantities if quantity.varies]
    quantity = rng.choice(varying) if varying else None
    level = None if quantity is None else quantity.threshold(rng)
    if quantity is None or level is None:
        return rng.randrange(actions)
    low, high = (
        [part if quantity.name == other.name else other for other in quantities]
        for part in (quantity.below(level), quantity.above(level))
    )
    below = _random_tree(low, actions, depth - 1, rng)
    above = below
    while above == below:
        above = _random_tree(high, actions, depth - 1, rng)
    return _Test(quantity, level, below, above)


def _used(tree: _Tree) -> Iterator[str]:
    """The names of the quantities that are tested."""
    if isinstance(tree, _Test):
        yield tree.quantity.name
        yield from _used(tree.below)
        yield from _used(tree.above)


@dataclass
class _Writing:
    """The text of a tree and the constants that it needs.

    Attributes:
        quantities: what is observed, by name.
        levels: the thresholds so far by their names, each with the name of its quantity.
        choices: the actions at the leaves so far, in reading order.
    """

    quantities: dict[str, Quantity]
    levels: dict[str, tuple[str, float]] = field(default_factory=dict)
    choices: list[int] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    def lines(self, tree: _Tree) -> list[str]:
        """The statements that set ``choice``; the longer branch comes last, so that conditions stay in a chain."""
        if isinstance(tree, int):
            self.choices.append(tree)
            return [f"choice = self.CHOICES[{len(self.choices) - 1}]"]
        ends_below = isinstance(tree.below, int) or isinstance(tree.above, _Test)
        first, last = (tree.below, tree.above) if ends_below else (tree.above, tree.below)
        condition = self._condition(tree, is_below=ends_below)
        then, otherwise = self.lines(first), self.lines(last)
        chained = (
            [f"el{otherwise[0]}", *otherwise[1:]]
            if isinstance(last, _Test)
            else ["else:", *(f"    {line}" for line in otherwise)]
        )
        return [f"if {condition}:", *(f"    {line}" for line in then), *chained]

    def constants(self, actions: int) -> list[str]:
        """The lines of the class level."""
        levels = {name: (self.quantities[quantity].bounds(), level) for name, (quantity, level) in self.levels.items()}
        return tunable_constants(**levels, CHOICES=(f'(0, {actions - 1}, "int")', tuple(self.choices)))

    def _condition(self, test: _Test, is_below: bool) -> str:
        """Whether the quantity is below the level, or is not; one of two values needs no constant."""
        quantity = test.quantity
        if self.quantities[quantity.name].has_two_values:
            return f"{quantity.name} {'==' if is_below else '!='} {int(quantity.low)}"
        return f"{quantity.name} {'<' if is_below else '>='} self.{self._level(test)}"

    def _level(self, test: _Test) -> str:
        name = f"{test.quantity.name.upper()}_THRESHOLD".removeprefix("OBSERVATION_")
        self._counts[name] += 1
        name = f"{name}_{self._counts[name]}" if self._counts[name] > 1 else name
        self.levels[name] = test.quantity.name, test.level
        return name


TREE_IDIOMS = (Idiom(_TREE, _fits, _write),)
