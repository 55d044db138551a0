"""When two programs are the same but for their layout."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import lru_cache

from skdecide_elm.errors import ProgramError

__all__ = ["Known", "fingerprint", "normal_form", "parse"]

# ast.parse and ast.unparse also fail on null bytes, lone surrogates and very deep nesting.
_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def parse(code: str) -> ast.Module:
    """The syntax tree of a program.

    Raises:
        ProgramError: the text is not Python; the message names the line where the parser stopped.
    """
    try:
        return ast.parse(code)
    except _UNPARSABLE as error:
        raise ProgramError(_reason(error)) from error


def normal_form(code: str) -> str:
    """The program without what does not change its behaviour: layout, comments, docstrings.

    The text is that of :func:`ast.unparse`, so it may differ from one Python version to the next.

    Raises:
        ProgramError: the text is not Python, or nested too deeply to be written out again.
    """
    tree = parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(node)
    try:
        return ast.unparse(tree)
    except RecursionError as error:
        raise ProgramError(_reason(error)) from error


# kept, so that who asks again, from another thread, parses nothing: two threads that parse at a time can make Python
# 3.11 raise SystemError ("AST constructor recursion depth mismatch")
@lru_cache(maxsize=1024)
def fingerprint(code: str) -> str:
    """A key equal for programs with the same normal form: 64 hexadecimal digits (SHA-256).

    A text that is not Python is its own normal form.
    """
    try:
        text = normal_form(code)
    except ProgramError:
        text = code
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Known:
    """The normal forms of the programs that a run has seen.

    Args:
        keys: from `to_json`.
    """

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = dict.fromkeys(keys)

    def __contains__(self, code: str) -> bool:
        return fingerprint(code) in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, code: str) -> bool:
        """Remember a program; False if it was known."""
        key = fingerprint(code)
        if key in self._keys:
            return False
        self._keys[key] = None
        return True

    def forget(self, code: str) -> None:
        """Have a program count as new again, for instance because it has to be tried again."""
        self._keys.pop(fingerprint(code), None)

    def to_json(self) -> list[str]:
        """The fingerprints, in order of arrival."""
        return list(self._keys)


def _drop_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    # All leading strings, not the first only: else the second would be the docstring of the normal form.
    while node.body and _is_string(node.body[0]):
        del node.body[0]
    if not node.body and not isinstance(node, ast.Module):
        node.body = [ast.Pass()]


def _is_string(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        found = f"{error.msg}: {(error.text or '').strip()[:80]!r}"
        return f"line {error.lineno}: expected Python, found a syntax error ({found}); correct that line"
    return f"expected a text that Python can parse, found one with {type(error).__name__}: {error}; simplify it"
