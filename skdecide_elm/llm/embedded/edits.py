"""Small typed edits of a Planner: numbers, comparisons, arithmetic, statements and branches.

Each edit looks at the syntax tree and changes the text of single tokens or whole lines, so that comments and
formatting elsewhere stay. The operators are the usual point mutations of genetic programming (Koza, 1992).
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Sequence

from skdecide_elm.llm.embedded.numbers import number_groups, perturbed
from skdecide_elm.llm.embedded.source import Source, Splice, is_usable

__all__ = [
    "EDITS",
    "Edit",
    "change_arithmetic",
    "change_comparison",
    "delete_statement",
    "duplicate_statement",
    "edited",
    "perturb_numbers",
    "swap_branches",
]

Edit = Callable[[Source, random.Random], "list[Splice]"]
"""Draws one way of editing the program; an empty list where there is none."""

_ATTEMPTS = 40
_CLASS_LEVEL_SHARE = 0.85

_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">", ">=")),
    ast.LtE: ("<=", ("<", ">=", ">")),
    ast.Gt: (">", (">=", "<", "<=")),
    ast.GtE: (">=", (">", "<=", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.In: ("in", ("not in",)),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-",)),
    ast.Sub: ("-", ("+",)),
    ast.Mult: ("*", ("/",)),
    ast.Div: ("/", ("*",)),
}


def perturb_numbers(source: Source, rng: random.Random) -> list[Splice]:
    """Move one number, or several numbers of one class constant at once."""
    groups = number_groups(source)
    constants = [group for group in groups if group.class_level]
    others = [group for group in groups if not group.class_level]
    first, second = (constants, others) if rng.random() < _CLASS_LEVEL_SHARE else (others, constants)
    pool = first or second
    if not pool:
        return []
    chosen = [rng.choice(pool)]
    if chosen[0].class_level and rng.random() < 0.3:
        chosen = pool
    return [splice for group in chosen for splice in perturbed(source, group, rng)]


def change_comparison(source: Source, rng: random.Random) -> list[Splice]:
    """Replace a comparison operator by another of its family."""
    nodes = [
        node
        for node in source.walk()
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS
    ]
    if not nodes:
        return []
    node = rng.choice(nodes)
    symbol, others = _COMPARISONS[type(node.ops[0])]
    return _operator_splice(source, node.left, node.comparators[0], symbol, rng.choice(others))


def change_arithmetic(source: Source, rng: random.Random) -> list[Splice]:
    """Swap an arithmetic operator for its inverse, or negate an operand."""
    nodes = [
        node
        for node in source.walk()
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC and not _is_textual(node)
    ]
    if not nodes:
        return []
    node = rng.choice(nodes)
    if rng.random() < 0.5:
        return _negated(source, rng.choice([node.left, node.right]))
    symbol, others = _ARITHMETIC[type(node.op)]
    return _operator_splice(source, node.left, node.right, symbol, rng.choice(others))


def delete_statement(source: Source, rng: random.Random) -> list[Splice]:
    """Delete a statement, but none that ends its block or alone gives a name its value."""
    return _with_statement(
        source,
        rng,
        lambda node: not _ends_block(node) and not _is_only_binding(source, node),
        lambda text: "",
    )


def duplicate_statement(source: Source, rng: random.Random) -> list[Splice]:
    """Repeat a statement that goes on from what it has changed."""
    return _with_statement(source, rng, _goes_on, lambda text: text + text)


def swap_branches(source: Source, rng: random.Random) -> list[Splice]:
    """Exchange what happens if a condition holds with what happens if not."""
    nodes = [node for node in source.walk() if isinstance(node, (ast.If, ast.IfExp)) and node.orelse]
    if not nodes:
        return []
    node = rng.choice(nodes)
    if isinstance(node, ast.IfExp):
        return _swapped(source, source.span(node.body), source.span(node.orelse))
    assert isinstance(node, ast.If)
    body = source.lines_span(node.body[0], node.body[-1])
    orelse = source.lines_span(node.orelse[0], node.orelse[-1])
    if body is None or orelse is None or source.text[slice(*orelse)].lstrip().startswith("elif"):
        return []
    return _swapped(source, body, orelse)


EDITS: Sequence[tuple[float, Edit]] = (
    (6.0, perturb_numbers),
    (1.0, change_comparison),
    (1.0, change_arithmetic),
    (0.7, delete_statement),
    (0.3, duplicate_statement),
    (0.7, swap_branches),
)
"""Weights and edits."""


def edited(source: Source, rng: random.Random, edits: Sequence[tuple[float, Edit]] = EDITS) -> tuple[str, str] | None:
    """(what was done, the new program) for one edit drawn by weight; None where no edit applies."""
    block = source.block_lines()
    for _ in range(_ATTEMPTS):
        edit = rng.choices([edit for _, edit in edits], [weight for weight, _ in edits])[0]
        splices = edit(source, rng)
        inside = all(block[0] <= splice.start <= splice.end <= block[1] for splice in splices)
        text = source.splice(splices)
        if inside and text != source.text and is_usable(text):
            return (edit.__doc__ or "").split("\n")[0], text
    return None


def _operator_splice(source: Source, left: ast.expr, right: ast.expr, symbol: str, other: str) -> list[Splice]:
    start, end = source.span(left)[1], source.span(right)[0]
    found = re.search(rf"(?<![\w<>=!*/+-]){re.escape(symbol)}(?![\w<>=*/])", source.text[start:end])
    return [] if found is None else [Splice(start + found.start(), start + found.end(), other)]


def _negated(source: Source, operand: ast.expr) -> list[Splice]:
    start, end = source.span(operand)
    if isinstance(operand, ast.UnaryOp) and isinstance(operand.op, ast.USub):
        return [Splice(start, end, source.text[slice(*source.span(operand.operand))])]
    simple = isinstance(operand, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))
    return [Splice(start, start, "-")] if simple else []


def _is_textual(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )


def _with_statement(
    source: Source, rng: random.Random, fits: Callable[[ast.stmt], bool], change: Callable[[str], str]
) -> list[Splice]:
    nodes = [node for node in _statements(source) if fits(node)]
    span = source.lines_span(node := rng.choice(nodes), node) if nodes else None
    return [] if span is None else [Splice(*span, change(source.text[slice(*span)]))]


def _statements(source: Source) -> list[ast.stmt]:
    """The statements inside methods, without docstrings."""
    return [
        statement
        for method in source.planner.body
        if isinstance(method, ast.FunctionDef)
        for statement in ast.walk(method)
        if isinstance(statement, ast.stmt) and statement is not method and not _is_docstring(statement)
    ]


def _goes_on(statement: ast.stmt) -> bool:
    """Whether a statement done twice does more than one done once: it reads what it sets, or calls for the effect."""
    if isinstance(statement, ast.Assign):
        read = {ast.unparse(node) for node in ast.walk(statement.value) if isinstance(node, (ast.Name, ast.Attribute))}
        return any(ast.unparse(target) in read for target in statement.targets)
    is_call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    return is_call or isinstance(statement, ast.AugAssign)


def _ends_block(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Return, ast.Raise, ast.FunctionDef, ast.Break, ast.Continue, ast.Pass))


def _is_only_binding(source: Source, statement: ast.stmt) -> bool:
    """Whether something would be read that has no value without this assignment."""
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return False
    nodes = list(source.walk())
    names = [node for node in nodes if isinstance(node, (ast.Name, ast.Attribute))]
    increments = [node.target for node in nodes if isinstance(node, ast.AugAssign)]
    read = {ast.unparse(node) for node in names if isinstance(node.ctx, ast.Load) or node in increments}
    bound = [ast.unparse(node) for node in names if isinstance(node.ctx, ast.Store) and node not in increments]
    here = [node for target in _targets(statement) for node in ast.walk(target) if node in names]
    return any(name in read and bound.count(name) == 1 for name in map(ast.unparse, here))


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _swapped(source: Source, first: tuple[int, int], second: tuple[int, int]) -> list[Splice]:
    return [
        Splice(*first, source.text[slice(*second)]),
        Splice(*second, source.text[slice(*first)]),
    ]
