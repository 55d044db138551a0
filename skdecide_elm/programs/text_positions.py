"""Where the nodes of a syntax tree stand in the text, and edits at these places."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

__all__ = ["TextPositions"]


class TextPositions:
    """Offsets of nodes, in characters: `ast` counts bytes within lines.

    Args:
        text: what the tree was parsed from.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        ends = [match.end() for match in re.finditer(r"\r\n|\r|\n", text)]  # where `ast` sees a new line
        self._starts = [0, *ends]
        self._lines = [text[start:end] for start, end in zip(self._starts, [*ends, len(text)], strict=True)]

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """The first character of a node, and the first after it."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node, without parentheses around it."""
        return self._text[slice(*self.span(node))]

    def offset(self, line: int, byte_column: int) -> int:
        """The offset of a line (from 1) and a column in bytes (from 0)."""
        prefix = self._lines[line - 1].encode()[:byte_column]
        return self._starts[line - 1] + len(prefix.decode())

    def replaced(self, edits: Iterable[tuple[int, int, str]]) -> str:
        """The text after edits (start, end, new text) that do not overlap."""
        text = self._text
        for start, end, new in sorted(edits, key=lambda edit: edit[:2], reverse=True):
            text = text[:start] + new + text[end:]
        return text
