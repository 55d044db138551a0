"""What a program could do without: one part at a time, each with all that only this part has needed.

Like the reduction of failing inputs (delta debugging: Zeller & Hildebrandt 2002), with the program as the input and "no
worse" as the test. What is left keeps its text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from skdecide_elm.errors import ProgramError
from skdecide_elm.programs.markers import lines_inside
from skdecide_elm.programs.normal_form import normal_form, parse
from skdecide_elm.programs.text_positions import TextPositions
from skdecide_elm.programs.unused import without_newly_unused

__all__ = ["Omission", "omissions"]

_WIDTH = 110
_SAFE_IN_SUMS = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Attribute, ast.Subscript, ast.Constant)
_Edit = tuple[int, int, str]


@dataclass(frozen=True)
class Omission:
    """A program without one of its parts.

    Attributes:
        part: what was left out, as Python in one line.
        code: the program without it.
    """

    part: str
    code: str


def omissions(code: str) -> list[Omission]:
    """All ways to leave one part out, the largest part first.

    Parts are branches, conditions, terms of sums, operands of ``and`` and ``or``, loops, and statements that are there
    for their effect, within the evolve blocks. Some of the programs will not run.

    Raises:
        ProgramError: the text is not Python.
    """
    text = _Text(code)
    found: dict[str, tuple[int, Omission]] = {}
    for part, edits, size in text.parts():
        try:
            new = without_newly_unused(_joined(text.positions.replaced(edits), min(edits)[0]), code)
            key = normal_form(new)
        except ProgramError:  # a layout that the edits do not foresee
            continue
        found.setdefault(key, (size, Omission(" ".join(part.split()), new)))
    return [omission for _, omission in sorted(found.values(), key=lambda entry: -entry[0])]


class _Text:
    """A program with the places of its parts."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._tree = parse(code)
        self._inside = lines_inside(code)
        self.positions = TextPositions(code)
        self._lines = code.split("\n")

    def parts(self) -> Iterator[tuple[str, list[_Edit], int]]:
        """(what is left out, the edits that leave it out, its size in nodes)."""
        for statement in ast.walk(self._tree):
            for field in ("body", "orelse"):
                block = getattr(statement, field, None)
                if isinstance(block, list) and not isinstance(statement, (ast.Module, ast.ClassDef)):
                    for node in block:
                        yield from self._of_statement(node, len(block) > 1) if self._is_inside(node) else ()
        for node in _expressions(self._tree):
            if self._is_inside(node):
                yield from self._of_expression(node)

    def _is_inside(self, node: ast.stmt | ast.expr) -> bool:
        return {node.lineno, node.end_lineno} <= self._inside

    def _of_statement(self, node: ast.stmt, has_others: bool) -> Iterator[tuple[str, list[_Edit], int]]:
        if isinstance(node, ast.If):
            yield from self._of_if(node, has_others)
        elif has_others and _is_effect(node):
            yield ast.unparse(node), [self._without_lines(node.lineno, _end(node))], _size(node)

    def _of_if(self, node: ast.If, has_others: bool) -> Iterator[tuple[str, list[_Edit], int]]:
        first, last = node.body[0].lineno, _end(node.body[-1])
        if first == node.lineno:
            return
        is_elif = self._line(node.lineno).startswith("elif")
        test = f"if {ast.unparse(node.test)}"
        lost = sum(map(_size, node.orelse)) + _size(node.test)
        indent = node.col_offset
        if is_elif:  # the branch stays where it is, after an else
            kept = " " * indent + "else:\n" + self._between(self._header_end(node) + 1, last)
        else:
            kept = _moved(self._between(self._header_end(node) + 1, last), indent)
        yield f"{test}: always", [self._lines_replaced(node.lineno, _end(node), kept)], lost
        gain = sum(map(_size, node.body)) + _size(node.test)
        if not node.orelse:
            if has_others or is_elif:
                yield f"{test}: never", [self._without_lines(node.lineno, last)], gain
            return
        following = node.orelse[0]
        is_chain = isinstance(following, ast.If) and self._line(following.lineno).startswith("elif")
        if is_elif:
            yield f"{test}: never", [self._without_lines(node.lineno, last)], gain
        elif is_chain:
            rest = re.sub("^( *)elif", r"\1if", self._between(following.lineno, _end(node)))
            yield f"{test}: never", [self._lines_replaced(node.lineno, _end(node), rest)], gain
        elif following.lineno > last + 1:
            begin = next(line for line in range(following.lineno - 1, last, -1) if self._line(line).startswith("else"))
            rest = _moved(self._between(begin + 1, _end(node)), indent)
            yield f"{test}: never", [self._lines_replaced(node.lineno, _end(node), rest)], gain

    def _of_expression(self, node: ast.expr) -> Iterator[tuple[str, list[_Edit], int]]:
        if isinstance(node, ast.BinOp) and _is_sum(node) and not _is_textual(node):
            yield self._expression(node, self._operand(node.left), node.right)
            if not _is_sum(node.left):  # else term by term
                sign = "-" if isinstance(node.op, ast.Sub) else ""
                yield self._expression(node, self._operand(node.right, sign), node.left)
        elif isinstance(node, ast.IfExp):
            yield self._expression(node, self._operand(node.body), node.orelse, node.test)
            yield self._expression(node, self._operand(node.orelse), node.body, node.test)
        elif isinstance(node, ast.BoolOp):
            symbol = " and " if isinstance(node.op, ast.And) else " or "
            for left_out in node.values:
                rest = [f"({self._source(value)})" for value in node.values if value is not left_out]
                new = ast.unparse(ast.parse(symbol.join(rest), mode="eval"))
                yield self._expression(node, f"({new})" if len(rest) > 1 else new, left_out)

    def _expression(self, node: ast.expr, new: str, *lost: ast.expr) -> tuple[str, list[_Edit], int]:
        part = " and ".join(map(ast.unparse, lost))
        return part, [(*self.positions.span(node), new)], sum(map(_size, lost))

    def _operand(self, node: ast.expr, sign: str = "") -> str:
        source = self._source(node)
        if not isinstance(node, _SAFE_IN_SUMS):
            return f"{sign}({source})"
        return f"{sign}({source})" if sign and _is_sum(node) else f"{sign}{source}"

    def _source(self, node: ast.expr) -> str:
        return self._code[slice(*self.positions.span(node))]

    def _line(self, number: int) -> str:
        return self._lines[number - 1].strip()

    def _between(self, first: int, last: int) -> str:
        return "".join(f"{line}\n" for line in self._lines[first - 1 : last])

    def _header_end(self, node: ast.If) -> int:
        """The line of the colon."""
        lines = range(_end(node.test), node.body[0].lineno)
        return next((line for line in lines if self._line(line).split("#")[0].rstrip().endswith(":")), lines[0])

    def _without_lines(self, first: int, last: int) -> _Edit:
        return self._lines_replaced(first, last, "")

    def _lines_replaced(self, first: int, last: int, new: str) -> _Edit:
        return self.positions.offset(first, 0), self.positions.offset(last, 0) + len(self._lines[last - 1]) + 1, new


def _expressions(tree: ast.AST) -> Iterator[ast.expr]:
    """All expressions but those in f-strings, whose positions are wrong before Python 3.12."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.expr):
            yield child
        if not isinstance(child, ast.JoinedStr):
            yield from _expressions(child)


def _is_effect(node: ast.stmt) -> bool:
    """Whether a statement does something beyond giving names a value."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Subscript) for target in node.targets)
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    return isinstance(node, (ast.For, ast.While, ast.AugAssign))


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))


def _is_textual(node: ast.BinOp) -> bool:
    """Whether a ``+`` joins texts rather than adds numbers, as far as can be seen."""
    return any(
        isinstance(part, ast.JoinedStr) or (isinstance(part, ast.Constant) and isinstance(part.value, str))
        for part in (node.left, node.right)
    )


def _size(node: ast.AST) -> int:
    return sum(1 for _ in ast.walk(node))


def _end(node: ast.stmt | ast.expr) -> int:
    assert node.end_lineno is not None
    return node.end_lineno


def _moved(lines: str, indent: int) -> str:
    """The lines of a block, moved to the left."""
    first = next((line for line in lines.split("\n") if line.strip()), "")
    surplus = len(first) - len(first.lstrip()) - indent
    return re.sub(f"^ {{{surplus}}}", "", lines, flags=re.MULTILINE) if surplus > 0 else lines


def _joined(code: str, at: int) -> str:
    """The program with the statement at an offset in one line, if it was broken into several and fits now."""
    positions = TextPositions(code)
    for node in ast.walk(parse(code)):
        if isinstance(node, (ast.Assign, ast.Return, ast.Expr, ast.AugAssign)):
            start, end = positions.span(node)
            if start <= at <= end and "\n" in code[start:end] and "#" not in code[start:end]:
                line = ast.unparse(node)
                if node.col_offset + len(line) <= _WIDTH and "\n" not in line:
                    return positions.replaced([(start, end, line)])
    return code
