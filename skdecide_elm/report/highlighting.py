"""A program in colours: the kinds of tokens that the page's stylesheet knows."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import TypeAlias

from markupsafe import Markup
from pygments.lexers.python import PythonLexer
from pygments.token import Token

__all__ = ["highlighted"]

_TokenType: TypeAlias = type(Token)  # type: ignore[valid-type]  # Pygments makes its types at run time
_KINDS = (
    (Token.Keyword, "k"),
    (Token.Operator.Word, "k"),
    (Token.Literal.String, "s"),
    (Token.Literal.Number, "m"),
    (Token.Comment, "c"),
    (Token.Name.Decorator, "d"),
    (Token.Name.Function, "f"),
    (Token.Name.Class, "f"),
    (Token.Name.Builtin, "b"),
    (Token.Name.Exception, "b"),
)


def highlighted(code: str) -> Markup:
    """A program as HTML: everything in it is escaped."""
    tokens = ((_kind(token), text) for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(code))
    pieces = ((kind, "".join(text for _, text in same)) for kind, same in groupby(tokens, key=lambda found: found[0]))
    return Markup("").join(_span(kind, text) for kind, text in pieces)


@cache
def _kind(token: _TokenType) -> str:
    return next((kind for family, kind in _KINDS if token in family), "")


def _span(kind: str, text: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(kind, text) if kind else Markup.escape(text)
