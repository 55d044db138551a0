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
_ELSE = re.compile(r"else\s*:")
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

    Parts are the terms of sums, and the branches of conditions with an alternative, within the evolve blocks. What
    guards against rare cases is none: a condition without an alternative, an operand of ``and``, a limit of a loop.

    Raises:
        ProgramError: the text is not Python.
    """
    text = _Text(code)
    found: dict[str, tuple[int, Omission]] = {}
    for part, edit, size in text.parts():
        try:
            bare = _unwrapped(text.positions.replaced([edit]), edit[0], edit[0] + len(edit[2]))
            new = without_newly_unused(_joined(bare, edit[0]), code)
            key = normal_form(new)
        except ProgramError:  # a layout that the edits do not foresee
            continue
        found.setdefault(key, (size, Omission(" ".join(part.split()), new)))
    return [omission for _, omission in sorted(found.values(), key=lambda entry: -entry[0])]


class _Text:
    """A program with the places of its parts."""

    def __init__(self, code: str) -> None:
        self._tree = parse(code)
        self._inside = lines_inside(code)
        self.positions = TextPositions(code)
        self._lines = code.split("\n")

    def parts(self) -> Iterator[tuple[str, _Edit, int]]:
        """(what is left out, the edit that leaves it out, its size in nodes)."""
        for node in _nodes(self._tree):
            if isinstance(node, (ast.If, ast.BinOp, ast.IfExp)) and self._is_inside(node):
                if isinstance(node, ast.If):
                    yield from self._of_if(node) if node.orelse else ()
                else:
                    yield from self._of_expression(node)

    def _is_inside(self, node: ast.stmt | ast.expr) -> bool:
        return {node.lineno, node.end_lineno} <= self._inside

    def _of_if(self, node: ast.If) -> Iterator[tuple[str, _Edit, int]]:
        last, end, indent = _end(node.body[-1]), _end(node), node.col_offset
        following = node.orelse[0]
        if node.body[0].lineno == node.lineno or _ELSE.match(self._line(following.lineno)):
            return  # a branch in the line of its condition
        body = self._between(self._header_end(node) + 1, last)
        is_elif = self._line(node.lineno).startswith("elif")
        goes_on = self._line(following.lineno).startswith("elif")
        test = f"if {ast.unparse(node.test)}"
        always = " " * indent + "else:\n" + body if is_elif else _moved(body, indent)
        yield f"{test}: always", self._lines_replaced(node.lineno, end, always), _size(node.test, *node.orelse)
        if is_elif:  # the rest goes on from what stands before
            never = self._between(last + 1, end)
        elif goes_on:
            never = re.sub("^( *)elif", r"\1if", self._between(following.lineno, end))
        else:
            header = next(n for n in range(following.lineno - 1, last, -1) if _ELSE.match(self._line(n)))
            never = _moved(self._between(header + 1, end), indent)
        yield f"{test}: never", self._lines_replaced(node.lineno, end, never), _size(node.test, *node.body)

    def _of_expression(self, node: ast.BinOp | ast.IfExp) -> Iterator[tuple[str, _Edit, int]]:
        if isinstance(node, ast.IfExp):
            yield self._expression(node, self._operand(node.body), node.test, node.orelse)
            yield self._expression(node, self._operand(node.orelse), node.test, node.body)
        elif _is_sum(node) and not _is_textual(node):
            yield self._expression(node, self._operand(node.left), node.right)
            if not _is_sum(node.left):  # else term by term
                sign = "-" if isinstance(node.op, ast.Sub) else ""
                yield self._expression(node, self._operand(node.right, sign), node.left)

    def _expression(self, node: ast.expr, new: str, *lost: ast.expr) -> tuple[str, _Edit, int]:
        return ": ".join(map(ast.unparse, lost)), (*self.positions.span(node), new), _size(*lost)

    def _operand(self, node: ast.expr, sign: str = "") -> str:
        source = self.positions.source(node)
        if not isinstance(node, _SAFE_IN_SUMS):
            return f"{sign}({source})"
        return f"{sign}({source})" if sign and _is_sum(node) else f"{sign}{source}"

    def _line(self, number: int) -> str:
        return self._lines[number - 1].strip()

    def _between(self, first: int, last: int) -> str:
        return "".join(f"{line}\n" for line in self._lines[first - 1 : last])

    def _header_end(self, node: ast.If) -> int:
        """The line of the colon."""
        lines = range(_end(node.test), node.body[0].lineno)
        return next((line for line in lines if self._line(line).split("#")[0].rstrip().endswith(":")), lines[0])

    def _lines_replaced(self, first: int, last: int, new: str) -> _Edit:
        return self.positions.offset(first, 0), self.positions.offset(last, 0) + len(self._lines[last - 1]) + 1, new


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those in f-strings, whose positions are wrong before Python 3.12."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, ast.JoinedStr):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))


def _is_textual(node: ast.BinOp) -> bool:
    """Whether a ``+`` joins texts rather than adds numbers, as far as can be seen."""
    return any(
        isinstance(part, ast.JoinedStr) or (isinstance(part, ast.Constant) and isinstance(part.value, str))
        for part in (node.left, node.right)
    )


def _size(*nodes: ast.AST) -> int:
    return sum(1 for node in nodes for _ in ast.walk(node))


def _end(node: ast.stmt | ast.expr) -> int:
    assert node.end_lineno is not None
    return node.end_lineno


def _moved(lines: str, indent: int) -> str:
    """The lines of a block, moved to the left."""
    first = next((line for line in lines.split("\n") if line.strip()), "")
    surplus = len(first) - len(first.lstrip()) - indent
    return re.sub(f"^ {{{surplus}}}", "", lines, flags=re.MULTILINE) if surplus > 0 else lines


def _unwrapped(code: str, start: int, end: int) -> str:
    """The program without the parentheses around a part, if it means the same without them."""
    before, after = code[:start].rstrip(), code[end:].lstrip()
    if not (before.endswith("(") and after.startswith(")")) or code.startswith("-", start):
        return code
    bare = before[:-1] + code[start:end] + after[1:]
    try:
        return bare if normal_form(bare) == normal_form(code) else code
    except ProgramError:  # they are those of a call
        return code


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
