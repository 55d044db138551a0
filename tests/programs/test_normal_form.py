import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.errors import ProgramError
from skdecide_elm.programs.normal_form import Known, fingerprint, normal_form, parse

TIDY = "class Planner:\n\n    def sample_action(self, observation):\n        return observation + 1"
SAME = [
    TIDY + "\n",
    TIDY.replace("\n\n", "\n").replace("    ", "  "),
    TIDY.replace("class", "# EVOLVE-BLOCK-START\nclass") + "  # why not\n# EVOLVE-BLOCK-END\n",
    TIDY.replace("        return", '        """Next."""\n        return').replace("observation + 1", "(observation+1)"),
    '"""A module."""\n"and another text"\n' + TIDY.replace("\n\n", "\n    '''A class.'''\n"),
]
OTHER = [
    TIDY.replace("+ 1", "+ 2"),
    TIDY.replace("Planner", "Other"),
    TIDY.replace("sample_action(self", "sample_action(this"),
    TIDY + "\nx = 'a text that is a value'",
]

statements = st.recursive(
    st.sampled_from(["x = 1", "'a text'", "f'{x}'", "pass", "x = 'doc'", "return x", "'''two\nlines'''", "x  =  x+1"]),
    lambda inner: st.builds(
        lambda head, body: head + "\n" + "\n".join(f"  {line}" for text in body for line in text.split("\n")),
        st.sampled_from(["def f(a, *, b=2):", "class C:  # comment", "async def g():", "if x:", "while (x):"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
sources = st.lists(statements, max_size=4).map("\n\n".join)


@pytest.mark.parametrize("code", SAME)
def test_layout_comments_and_docstrings_do_not_matter(code):
    assert normal_form(code) == TIDY
    assert fingerprint(code) == fingerprint(TIDY)


@pytest.mark.parametrize("code", OTHER)
def test_what_changes_behaviour_matters(code):
    assert fingerprint(code) != fingerprint(TIDY)


def test_a_body_of_a_docstring_alone_stays_a_body():
    assert normal_form('def f():\n    "doc"\n') == "def f():\n    pass"
    assert normal_form('"doc"') == ""


@given(sources)
def test_a_normal_form_is_its_own_normal_form(code):
    assert normal_form(normal_form(code)) == normal_form(code)


def test_a_text_that_is_not_python_has_the_fingerprint_of_its_characters():
    assert fingerprint("def (") == hashlib.sha256(b"def (").hexdigest()
    assert fingerprint("def  (") != fingerprint("def (")
    assert len(fingerprint("\ud800 (")) == 64  # a lone surrogate has no UTF-8 of its own


def test_layout_and_comments_make_no_new_program():
    known = Known()
    assert known.add("x = 1 + 1") and len(known) == 1
    assert "x = (1+1)  # two" in known
    assert not known.add("x = 1+1")
    assert "x = 2" not in known and known.add("x = 2")
    again = Known(json.loads(json.dumps(known.to_json())))
    assert "x = 1+1" in again and len(again) == 2


def test_a_syntax_error_is_named_with_its_line():
    with pytest.raises(ProgramError, match=r"line 2: expected Python, found a syntax error \(.*'y = = 2'\)"):
        normal_form("x = 1\ny = = 2\n")


@pytest.mark.parametrize("code", ["x = 1\0", "\ud800", "(" * 5000 + ")" * 5000])
def test_whatever_stops_the_parser_is_a_program_error(code):
    with pytest.raises(ProgramError):
        parse(code)
    assert fingerprint(code) != fingerprint("x = 1")


def test_a_tree_too_deep_to_write_out_is_a_program_error():
    with pytest.raises(ProgramError):
        normal_form("x = " + "-" * 800 + "1")
