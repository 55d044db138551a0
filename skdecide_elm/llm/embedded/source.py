"""A program as text with positions: the Planner class, the evolve block, splices that keep the rest."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

__all__ = ["Source", "Splice", "is_usable", "parse"]

_MARKER = re.compile(r"^[ \t]*#[ \t]*EVOLVE-BLOCK-(?:START|END)\b", re.MULTILINE)


@dataclass(frozen=True)
class Splice:
    """Replace the characters ``start:end`` by ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Source:
    """A parsed program with one ``Planner`` class.

    Attributes:
        text: the program.
        tree: its syntax tree.
        planner: the class within the tree.
    """

    text: str
    tree: ast.Module
    planner: ast.ClassDef
    _line_starts: tuple[int, ...] = field(repr=False)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Character offsets of a node that has a position."""
        return (
            self._offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self._offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def lines_span(self, first: ast.stmt, last: ast.stmt) -> tuple[int, int] | None:
        """Offsets of the whole lines from ``first`` to ``last``; None: they share a line with other code."""
        start, end = self.span(first)[0], self.span(last)[1]
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", end)
        line_end = len(self.text) if line_end < 0 else line_end + 1
        rest = self.text[end:line_end].strip()
        shares = self.text[line_start:start].strip() or (rest and not rest.startswith("#"))
        return None if shares else (line_start, line_end)

    def planner_lines(self) -> tuple[int, int]:
        """Offsets of the Planner class with its decorators, whole lines."""
        first = min([self.planner.lineno, *(node.lineno for node in self.planner.decorator_list)])
        end = self.text.find("\n", self.span(self.planner)[1])
        return self._line_starts[first - 1], len(self.text) if end < 0 else end + 1

    def block_lines(self) -> tuple[int, int]:
        """Offsets of the inside of the evolve block around the class; of the whole text without markers."""
        start, end = self.planner_lines()
        markers = list(_MARKER.finditer(self.text))
        before = [match for match in markers if match.start() < start]
        after = [match for match in markers if match.start() >= end]
        if not before or not after:
            return 0, len(self.text)
        return self.text.index("\n", before[-1].end()) + 1, after[0].start()

    def splice(self, splices: Iterable[Splice]) -> str:
        """The text after non-overlapping replacements."""
        text = self.text
        for splice in sorted(splices, key=lambda splice: splice.start, reverse=True):
            text = text[: splice.start] + splice.text + text[splice.end :]
        return text

    def constants(self) -> dict[str, float]:
        """The finite numbers that attributes of the Planner class are set to, by name."""
        found = {}
        for statement in self.planner.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                try:
                    value = ast.literal_eval(statement.value)
                except (ValueError, TypeError):
                    continue
                if isinstance(value, (int, float)) and math.isfinite(value):
                    found[statement.targets[0].id] = float(value)
        return found

    def walk(self) -> Iterator[ast.AST]:
        """The nodes of the Planner class that edits may touch: no docstrings, no insides of f-strings."""
        stack: list[ast.AST] = [self.planner]
        while stack:
            node = stack.pop()
            yield node
            if not isinstance(node, ast.JoinedStr):  # positions inside f-strings are wrong before Python 3.12
                stack.extend(reversed(list(ast.iter_child_nodes(node))))

    def _offset(self, line: int, byte_column: int) -> int:
        start = self._line_starts[line - 1]
        prefix = self.text[start:].split("\n", 1)[0].encode()[:byte_column]
        return start + len(prefix.decode())


def parse(text: str) -> Source | None:
    """The program's source, or None where it is not valid Python with a top-level ``Planner`` class."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    planners = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Planner"]
    if len(planners) != 1:
        return None
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return Source(text, tree, planners[0], tuple(starts))


def is_usable(text: str) -> bool:
    """Whether the program still defines ``Planner.sample_action``."""
    source = parse(text)
    return source is not None and any(
        isinstance(node, ast.FunctionDef) and node.name == "sample_action" for node in source.planner.body
    )
