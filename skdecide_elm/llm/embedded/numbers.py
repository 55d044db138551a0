"""The numbers in a Planner and how they move."""

from __future__ import annotations

import ast
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from skdecide_elm.llm.embedded.source import Source, Splice
from skdecide_elm.programs import tunables
from skdecide_elm.programs.tunables import Tunable, tunables_by_place

__all__ = ["NumberGroup", "number_groups", "perturbed", "rounded"]

_STEP_SIZES = (0.1, 0.3, 1.0)
_SMALL_INTEGER = 10


@dataclass(frozen=True)
class NumberGroup:
    """Numbers that belong together: the value of one class constant, or a single literal elsewhere.

    Attributes:
        nodes: the literals.
        class_level: they are a class constant's.
        tunables: what the program declares of each; None where it declares nothing.
    """

    nodes: tuple[ast.expr, ...]
    class_level: bool
    tunables: tuple[Tunable | None, ...]


def number_groups(source: Source) -> list[NumberGroup]:
    """The numbers of the Planner class, in reading order, without the bounds of its tunables."""
    groups, declared = [], tunables_by_place(source.text)
    for statement in source.planner.body:
        if _declares_tunables(statement):
            continue
        nodes = tuple(_literals(statement))
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            own = tuple(declared.get((node.lineno, node.col_offset)) for node in nodes)
            groups.append(NumberGroup(nodes, True, own))
        else:
            groups.extend(NumberGroup((node,), False, (None,)) for node in nodes)
    return [group for group in groups if group.nodes]


def perturbed(source: Source, group: NumberGroup, rng: random.Random) -> list[Splice]:
    """Splices that move one number of the group, about half of them, or all: tunables within their bounds.

    Of choices, which say nothing of each other, one changes, or about two.
    """
    choices = all(tunable is not None and tunable.scale == "choice" for tunable in group.tunables)
    share = rng.choice((0.0, 0.0, 2 / len(group.nodes)) if choices else (0.0, 0.5, 1.0))
    nodes = [node for node in group.nodes if rng.random() < share] or [rng.choice(group.nodes)]
    values = [ast.literal_eval(node) for node in group.nodes]
    typical = sum(map(abs, values)) / len(values) or 1.0
    step = rng.choice(_STEP_SIZES)
    declared = dict(zip(group.nodes, group.tunables, strict=True))
    splices = []
    for node in nodes:
        value, tunable = ast.literal_eval(node), declared[node]
        if tunable is not None:
            moved = _moved_within_bounds(tunable, typical, step, rng)
        else:
            moved = _moved_integer(value, rng) if isinstance(value, int) else _moved_float(value, typical, step, rng)
        splices.append(Splice(*source.span(node), repr(moved)))
    return splices


def rounded(value: float, digits: int = 3) -> float:
    """The value with so many significant digits, more would only burden the reader; never a negative zero."""
    return float(f"{value:.{digits}g}") + 0.0


def _declares_tunables(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "TUNABLES"


def _literals(node: ast.AST) -> list[ast.expr]:
    """Number literals below ``node`` with their signs, not those inside f-strings or annotations."""
    if isinstance(node, ast.JoinedStr):
        return []
    if isinstance(node, ast.expr) and _is_number(node):
        return [node]
    skipped = getattr(node, "annotation", None)
    return [literal for child in ast.iter_child_nodes(node) if child is not skipped for literal in _literals(child)]


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return False
    return isinstance(node.value, (int, float)) and math.isfinite(node.value)


def _moved_within_bounds(tunable: Tunable, typical: float, step: float, rng: random.Random) -> float:
    """Another value that the program declares possible: where the scale is logarithmic, by a factor."""
    if tunable.scale == "choice" or (tunable.scale == "int" and tunable.high - tunable.low <= _SMALL_INTEGER):
        values = range(math.ceil(tunable.low), math.floor(tunable.high) + 1)
        moved: float = rng.choice([value for value in values if value != tunable.value] or [tunable.value])
    elif tunable.scale == "int":
        moved = _moved_integer(int(tunable.value), rng, least=int(tunable.low))
    elif tunable.scale == "log":
        moved = tunable.value * math.exp(step * rng.gauss(0, 1))
    else:
        moved = _moved_float(tunable.value, typical, step, rng)
    return tunables.rounded(tunable, moved)


def _moved_float(value: float, typical: float, step: float, rng: random.Random) -> float:
    scale = abs(value) or typical
    moves: tuple[Callable[[], float], ...] = (
        lambda: value + step * rng.gauss(0, scale),
        lambda: -value,
        lambda: rng.gauss(0, typical),
        lambda: 0.0,
    )
    return rounded(rng.choices(moves, (80, 8, 8, 4))[0]())


def _moved_integer(value: int, rng: random.Random, least: int = 1) -> int:
    """A neighbour, the half or the double; what was a count or a size stays positive, or at least so great."""
    moved = value + rng.choice((-2, -1, 1, 2))
    if abs(value) >= _SMALL_INTEGER:
        moved = rng.choice((value // 2, value * 2, round(value * rng.uniform(0.8, 1.2))))
    return max(least, moved) if value > 0 else moved
