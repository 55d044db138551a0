"""A program in colours, whatever is in it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from views import HOSTILE, long_program

from skdecide_elm.report.highlighting import highlighted

SPAN = re.compile(r'<span class="(\w)">|</span>')
PROGRAMS = [HOSTILE, long_program(1, 5), "", "\n\n", "x = 1", "s = '''a\nb\n\n'''\n", "def f(:\n  ?? $\n"]


def said(html):
    """The text that a reader sees."""
    bare = SPAN.sub("", html)
    assert "<" not in bare
    return Markup(bare).unescape()


@pytest.mark.parametrize("code", PROGRAMS)
def test_the_html_says_the_program(code):
    assert said(highlighted(code)) == code


@given(st.text(alphabet="ab1 \n\t'\"#\\<>&(){}[]:=@", max_size=60))
def test_the_html_says_any_text_and_nothing_else(code):
    assert said(highlighted(code)) == code


def test_kinds_of_tokens():
    html = highlighted("return max(1.5, 'a')  # why")
    found = re.findall(r'<span class="(\w)">(.*?)</span>', html)
    assert [(kind, Markup(text).unescape()) for kind, text in found] == [
        ("k", "return"),
        ("b", "max"),
        ("m", "1.5"),
        ("s", "'a'"),
        ("c", "# why"),
    ]
