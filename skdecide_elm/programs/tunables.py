"""The constants of a program, apart from its structure: which may be tuned, within which bounds, and to what values.

A program declares its tunables beside the assignments, in a class body or at module level::

    TUNABLES = {"GAIN": (0.1, 10.0, "log"), "DEPTH": (1, 8, "int"), "WEIGHTS": (-1.0, 1.0)}
    GAIN = 0.5
    DEPTH = 3
    WEIGHTS = (0.2, -0.4)

or by annotations: ``GAIN: Annotated[float, 0.1, 10.0, "log"] = 0.5``. Each number of a tuple or list is a tunable
of its own; ``"choice"`` says of whole numbers that they have no order, as those of actions have none. Only literals
change when values are put in; comments and layout stay.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from skdecide_elm.errors import ProgramError
from skdecide_elm.programs.markers import lines_inside
from skdecide_elm.programs.normal_form import normal_form, parse
from skdecide_elm.programs.text_positions import TextPositions

__all__ = [
    "Scale",
    "Tunable",
    "number_value",
    "read_tunables",
    "rounded",
    "structure_of",
    "tunables_by_place",
    "with_values",
]

Scale = Literal["linear", "log", "int", "choice"]

_WHOLE = ("int", "choice")
_MOST_CHOICES = 100

_Body: TypeAlias = "ast.Module | ast.ClassDef"
_STEPS = 1000
"""Distinct values across a linear range: more digits would only burden the reader."""


@dataclass(frozen=True)
class Tunable:
    """A number of a program that may be tuned.

    Attributes:
        name: ``Planner.GAIN``, ``GAIN`` at module level, ``Planner.WEIGHTS[1]`` for the second number of a tuple.
        low, high: bounds, both included; they enclose ``value``.
        scale: ``linear``, ``log`` (both bounds are positive), ``int``, or ``choice``: an int whose order means nothing.
        value: what the program says now.
    """

    name: str
    low: float
    high: float
    scale: Scale
    value: float


@dataclass(frozen=True)
class _Place:
    """A tunable and the expression that holds its value."""

    tunable: Tunable
    node: ast.expr


def read_tunables(code: str) -> tuple[Tunable, ...]:
    """The tunables that a program declares inside its evolve block, in reading order.

    A declaration that cannot be meant (no such constant, no number, bounds out of order or not positive for ``log``,
    more than 100 choices) is passed over: it costs the tuning, not the program.

    Raises:
        ProgramError: the text is not Python.
    """
    return tuple(place.tunable for place in _places(code))


def tunables_by_place(code: str) -> dict[tuple[int, int], Tunable]:
    """The same, each under the line and the column (as ``ast`` counts them) where its number begins.

    Raises:
        ProgramError: the text is not Python.
    """
    return {(place.node.lineno, place.node.col_offset): place.tunable for place in _places(code)}


def with_values(code: str, values: Mapping[str, float]) -> str:
    """The program with other values for some of its tunables, clipped to their bounds and `rounded`.

    Raises:
        ProgramError: the text is not Python, or declares no tunable of one of these names.
    """
    places = {place.tunable.name: place for place in _places(code)}
    unknown = sorted(values.keys() - places.keys())
    if unknown:
        raise ProgramError(f"expected tunables among {sorted(places)}; found {unknown}; declare them in TUNABLES")
    positions = TextPositions(code)
    edits = []
    for name, value in values.items():
        place = places[name]
        new = rounded(place.tunable, value)
        if new != place.tunable.value:
            edits.append((*positions.span(place.node), repr(new)))
    return positions.replaced(edits)


def structure_of(code: str) -> str:
    """The normal form of the program without the values and bounds of its tunables: what tuning leaves as it is.

    Raises:
        ProgramError: the text is not Python.
    """
    bounds = [
        value
        for _, body in _scopes(parse(code))
        for name, node in _assignments(body)
        if name == "TUNABLES" and isinstance(node, ast.Dict)
        for value in node.values
    ]
    positions = TextPositions(code)
    nodes = [*bounds, *(place.node for place in _places(code))]
    return normal_form(positions.replaced([(*positions.span(node), "0") for node in nodes]))


def rounded(tunable: Tunable, value: float) -> float:
    """The nearest value within the bounds that is short enough to be read: an int where the scale has ints."""
    clipped = min(max(value, tunable.low), tunable.high)
    if tunable.scale in _WHOLE:
        return round(clipped)
    if tunable.scale == "log":
        short = float(f"{clipped:.3g}")
    else:
        short = round(clipped, math.ceil(math.log10(_STEPS / (tunable.high - tunable.low)))) + 0.0  # no -0.0
    return min(max(short, tunable.low), tunable.high)


def number_value(node: ast.expr) -> float | None:
    """The value of a number literal, with or without a minus sign; None for any other expression."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        return None
    return sign * node.value if math.isfinite(node.value) else None


def _places(code: str) -> list[_Place]:
    tree = parse(code)
    inside = lines_inside(code)
    found = [place for prefix, body in _scopes(tree) for place in _places_in(prefix, body)]
    return sorted(
        (place for place in found if place.node.lineno in inside),
        key=lambda place: (place.node.lineno, place.node.col_offset),
    )


def _scopes(tree: ast.Module) -> list[tuple[str, _Body]]:
    """The module and its classes, each with what precedes the names of its constants."""
    return [("", tree), *((f"{node.name}.", node) for node in tree.body if isinstance(node, ast.ClassDef))]


def _places_in(prefix: str, body: _Body) -> Iterator[_Place]:
    assignments = dict(_assignments(body))
    declared = _declared(assignments.get("TUNABLES"))
    annotated = {
        statement.target.id: bounds
        for statement in body.body
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and (bounds := _annotated(statement.annotation)) is not None
    }
    for name, bounds in {**annotated, **declared}.items():
        numbers = _numbers(assignments[name]) if name in assignments else []
        for suffix, node in numbers:
            tunable = _tunable(f"{prefix}{name}{suffix}", bounds, number_value(node))
            if tunable is not None:
                yield _Place(tunable, node)


def _assignments(body: _Body) -> Iterator[tuple[str, ast.expr]]:
    for statement in body.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if isinstance(target, ast.Name):
            yield target.id, value


def _declared(node: ast.expr | None) -> dict[str, tuple[object, ...]]:
    """The entries of a ``TUNABLES`` dict that are literals."""
    if not isinstance(node, ast.Dict):
        return {}
    pairs = [(_literal(key), _literal(value)) for key, value in zip(node.keys, node.values, strict=True) if key]
    return {key: tuple(value) for key, value in pairs if isinstance(key, str) and isinstance(value, (tuple, list))}


def _annotated(node: ast.expr) -> tuple[object, ...] | None:
    """The bounds in ``Annotated[float, low, high]``."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
        return None
    name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return tuple(map(_literal, node.slice.elts[1:])) if name == "Annotated" else None


def _literal(node: ast.expr) -> object:
    try:
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError):
        return None
    return value


def _numbers(node: ast.expr, suffix: str = "") -> list[tuple[str, ast.expr]]:
    """The numbers of a literal, a tuple or a list, with the indices that lead to them."""
    if isinstance(node, (ast.Tuple, ast.List)):
        entries = enumerate(node.elts)
        return [number for index, entry in entries for number in _numbers(entry, f"{suffix}[{index}]")]
    return [] if number_value(node) is None else [(suffix, node)]


def _tunable(name: str, bounds: tuple[object, ...], value: float | None) -> Tunable | None:
    low, high, scale = (*bounds, "linear")[:3] if len(bounds) in (2, 3) else (None, None, None)
    if value is None or not _is_finite(low) or not _is_finite(high) or scale not in ("linear", "log", "int", "choice"):
        return None
    assert isinstance(low, (int, float)) and isinstance(high, (int, float))
    if scale in _WHOLE and not all(float(number).is_integer() for number in (low, high, value)):
        return None
    if low >= high or (scale == "log" and min(low, value) <= 0):
        return None
    if scale == "choice" and max(high, value) - min(low, value) >= _MOST_CHOICES:
        return None
    return Tunable(name, min(low, value), max(high, value), scale, value)


def _is_finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
