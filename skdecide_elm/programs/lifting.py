"""Undeclared numbers of a Planner become tunables: those in methods as class constants named after their use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from skdecide_elm.programs.markers import has_markers
from skdecide_elm.programs.normal_form import parse
from skdecide_elm.programs.text_positions import TextPositions
from skdecide_elm.programs.tunables import number_value, read_tunables

__all__ = ["lifted"]

_SPREAD = 2.0
"""A lifted number may move by this many times its size to either side."""

_ORDERINGS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_INDENT = "    "


@dataclass(frozen=True)
class _Use:
    """A number inside a method, and what it is for.

    Attributes:
        node: the literal, or the class constant as it is read.
        value: of the number.
        role: the name that it deserves, or has.
    """

    node: ast.expr
    value: float
    role: str

    @property
    def is_named(self) -> bool:
        """It is a class constant already."""
        return isinstance(self.node, ast.Attribute)


def lifted(code: str) -> str:
    """The program with the undeclared numbers of its Planner as tunables; itself where there are none.

    Only numbers that mean a quantity are lifted: floats, and whole numbers beyond ±1 that something is ordered by,
    added to or multiplied with, written in methods or read there as constants of the class. Indices, exponents,
    defaults and arguments of calls stay. The lifted program acts
    like the given one. A program that declares tunables is left as it is, and so is one whose Planner's class holds an
    evolve-block marker.

    Raises:
        ProgramError: the text is not Python.
    """
    planner = next(
        (node for node in parse(code).body if isinstance(node, ast.ClassDef) and node.name == "Planner"), None
    )
    if planner is None or read_tunables(code) or has_markers(ast.get_source_segment(code, planner) or ""):
        return code
    if planner.body[0].lineno == planner.lineno or "TUNABLES" in ast.dump(planner):
        return code
    constants, methods = _constants(planner), [node for node in planner.body if isinstance(node, ast.FunctionDef)]
    uses = [use for method in methods for use in _uses_in(method, constants)]
    if not uses:
        return code
    positions = TextPositions(code)
    named = {use.role: use.value for use in uses if use.is_named}
    literals = [use for use in uses if not use.is_named]
    names = _names(literals, planner)
    edits = [(*positions.span(use.node), f"self.{name}") for use, name in zip(literals, names, strict=True)]
    first = planner.body[1] if _is_docstring(planner.body[0]) and len(planner.body) > 1 else planner.body[0]
    line = min([first.lineno, *(node.lineno for node in getattr(first, "decorator_list", []))])
    at = positions.offset(line, 0)
    indent = " " * first.col_offset
    gap = "\n" if isinstance(first, ast.FunctionDef) else ""
    return positions.replaced([*edits, (at, at, _declarations(named, literals, names, indent) + gap)])


def _constants(planner: ast.ClassDef) -> dict[str, float]:
    """The numbers that attributes of the class are set to, once and for all, by name."""
    found: dict[str, float] = {}
    for node in planner.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = number_value(node.value)
            if value is not None:
                found[node.targets[0].id] = value
    names = [node for node in ast.walk(planner) if isinstance(node, (ast.Name, ast.Attribute))]
    bound = [
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in names
        if not isinstance(node.ctx, ast.Load)
    ]
    return {name: value for name, value in found.items() if bound.count(name) == 1}


def _uses_in(method: ast.FunctionDef, constants: Mapping[str, float]) -> Iterator[_Use]:
    if method.decorator_list or not method.args.args or method.args.args[0].arg != "self":
        return
    for statement in method.body:
        yield from _uses(statement, "NUMBER", constants)


def _uses(node: ast.AST, role: str, constants: Mapping[str, float]) -> Iterator[_Use]:
    """The numbers below a node that mean a quantity."""
    if isinstance(node, (ast.JoinedStr, ast.Subscript, ast.FunctionDef, ast.ClassDef)):
        return
    for child, role_of_child in _children(node, role):
        name = child.attr if isinstance(child, ast.Attribute) and ast.unparse(child.value) == "self" else ""
        value = constants.get(name) if name else number_value(child) if isinstance(child, ast.expr) else None
        if value is None:
            yield from _uses(child, role_of_child, constants)
        elif isinstance(value, float) or (abs(value) > 1 and _is_quantity(node)):
            assert isinstance(child, ast.expr)
            yield _Use(child, value, name or role_of_child)


def _children(node: ast.AST, role: str) -> Iterator[tuple[ast.AST, str]]:
    """The parts of a node that may hold quantities, each with the name that a number there deserves."""
    if isinstance(node, ast.Compare) and len(node.comparators) == 1:
        left, right = node.left, node.comparators[0]
        yield left, _name_of(right, "THRESHOLD")
        yield right, _name_of(left, "THRESHOLD")
    elif isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Pow):
        suffix = "WEIGHT" if isinstance(node.op, (ast.Mult, ast.Div)) else "OFFSET"
        yield node.left, _name_of(node.right, suffix)
        yield node.right, _name_of(node.left, suffix)
    elif isinstance(node, ast.BinOp):
        yield node.left, role
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        yield node.value, _name_of(target, "")
    elif isinstance(node, ast.Call):
        for argument in node.args:
            if number_value(argument) is None:
                yield argument, role
    else:
        for child in ast.iter_child_nodes(node):
            yield child, role


def _is_quantity(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return all(isinstance(operator, _ORDERINGS) for operator in node.ops)
    return isinstance(node, ast.BinOp) and isinstance(node.op, _ARITHMETIC)


def _name_of(node: ast.AST, suffix: str) -> str:
    """A constant's name from what stands on the other side: ``angle`` and WEIGHT give ``ANGLE_WEIGHT``."""
    words = re.findall(r"[A-Za-z]\w*", ast.unparse(node))
    told = [
        word for word in words if word not in ("self", "observation", "math", "np", "abs", "max", "min", "len", "sum")
    ]
    return "_".join(part for part in (told[0].upper() if told else "", suffix) if part) or "NUMBER"


def _names(uses: list[_Use], planner: ast.ClassDef) -> list[str]:
    taken = {node.id for node in ast.walk(planner) if isinstance(node, ast.Name)}
    taken |= {node.attr for node in ast.walk(planner) if isinstance(node, ast.Attribute)}
    names: list[str] = []
    for use in uses:
        count = 1
        while (name := use.role if count == 1 else f"{use.role}_{count}") in taken:
            count += 1
        taken.add(name)
        names.append(name)
    return names


def _declarations(named: Mapping[str, float], literals: list[_Use], names: list[str], indent: str) -> str:
    """The bounds of all, and the constants that are new."""
    new = {name: use.value for use, name in zip(literals, names, strict=True)}
    bounds = [f'{indent}{_INDENT}"{name}": {_bounds(value)},' for name, value in {**named, **new}.items()]
    values = [f"{indent}{name} = {value!r}" for name, value in new.items()]
    return "\n".join([f"{indent}TUNABLES = {{", *bounds, f"{indent}}}", *values]) + "\n"


def _bounds(value: float) -> str:
    if isinstance(value, int):
        low, high = sorted((value // abs(value), 4 * value))
        return f'({low}, {high}, "int")'
    reach = _SPREAD * abs(value) or 1.0
    return f"({float(f'{value - reach:.3g}')!r}, {float(f'{value + reach:.3g}')!r})"


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
