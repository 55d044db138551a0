import difflib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skdecide_elm.errors import ReplyError
from skdecide_elm.programs.unified_diffs import apply_unified_diff, parse_hunks

TEXT = """\
class Planner:
    def __init__(self):
        self.count = 0

    def sample_action(self, observation):
        self.count += 1
        return 0

    def other(self):
        return 0"""


def edited(before, after):
    assert TEXT.count(before) == 1
    return TEXT.replace(before, after)


COUNTED = edited("        self.count += 1\n", "        self.count += 2\n")


@pytest.mark.parametrize(
    "header", ["@@ -6,1 +6,1 @@", "@@ -1,1 +1,1 @@", "@@ -900,4 +901,4 @@", "@@ @@", "@@ -6 +6 @@ def x"]
)
def test_line_numbers_may_be_wrong(header):
    assert apply_unified_diff(TEXT, f"{header}\n-        self.count += 1\n+        self.count += 2\n") == COUNTED


def test_a_diff_without_header():
    assert apply_unified_diff(TEXT, "-        self.count += 1\n+        self.count += 2\n") == COUNTED


def test_of_several_places_the_nearest_counts():
    diff = "@@ -{0},1 +{0},1 @@\n-        return 0\n+        return 1\n"
    first, last = TEXT.index("return 0"), TEXT.rindex("return 0")
    assert apply_unified_diff(TEXT, diff.format(8)) == TEXT[:first] + "return 1" + TEXT[first + 8 :]
    assert apply_unified_diff(TEXT, diff.format(9)) == TEXT[:last] + "return 1"


def test_the_indentation_of_the_text_is_kept():
    diff = "@@ -1,2 +1,3 @@\n def sample_action(self, observation):\n"
    diff += "-    self.count += 1\n+    self.count += 2\n+\n+    x = 1\n"
    assert apply_unified_diff(TEXT, diff) == COUNTED.replace("+= 2\n", "+= 2\n\n        x = 1\n")


def test_wrong_context_at_the_ends_is_forgiven():
    diff = "@@ -3,5 +3,5 @@\n     wrong\n     def sample_action(self, observation):\n-        self.count += 1\n"
    diff += "+        self.count += 2\n         return 7\n"
    assert apply_unified_diff(TEXT, diff) == COUNTED


def test_context_is_taken_from_the_text():
    diff = "@@ -5,3 +5,3 @@\n    def sample_action(self, observation):  \n"
    diff += "-        self.count += 1\n+        self.count += 2\n"
    assert apply_unified_diff(TEXT, diff) == COUNTED


def test_a_blank_context_line_may_lack_its_blank():
    diff = "@@ -3,4 +3,4 @@\n         self.count = 0\n\n     def sample_action(self, observation):\n"
    diff += "-        self.count += 1\n+        self.count += 2\n"
    assert apply_unified_diff(TEXT, diff) == COUNTED


def test_one_hunk_that_fits_is_enough():
    diff = (
        "@@ -1,1 +1,1 @@\n-nothing like it\n+x\n@@ -6,1 +6,1 @@\n-        self.count += 1\n+        self.count += 2\n"
    )
    assert apply_unified_diff(TEXT, diff) == COUNTED


def test_lines_that_are_only_added_go_where_the_header_says():
    assert apply_unified_diff("a\nb\nc", "@@ -1,0 +2,1 @@\n+x\n") == "a\nx\nb\nc"
    assert apply_unified_diff("a\nb\nc", "@@ -99,0 +2,1 @@\n+x\n") == "a\nb\nc\nx"


def test_file_headers_and_what_follows_the_diff_are_no_lines_of_it():
    diff = "--- a/planner.py\n+++ b/planner.py\n@@ -6 +6 @@\n-        self.count += 1\n+        self.count += 2\n"
    diff += "\\ No newline at end of file\n<|endoftext|>\n+ not this\n"
    assert apply_unified_diff(TEXT, diff) == COUNTED
    [hunk] = parse_hunks(diff)
    assert hunk.old == ("        self.count += 1",)


@pytest.mark.parametrize(
    ("diff", "kind"),
    [
        ("", "malformed_diff"),
        ("I would change it.", "malformed_diff"),
        ("@@ -1,2 +1,2 @@\n class Planner:\n", "malformed_diff"),
        ("@@ -1,1 +1,1 @@\n-class Plan:\n+class P:\n", "no_match"),
        ("+only an addition that says not where\n", "no_match"),
    ],
)
def test_what_is_no_diff_or_fits_nowhere(diff, kind):
    with pytest.raises(ReplyError) as caught:
        apply_unified_diff(TEXT, diff)
    assert caught.value.kind == kind


LINES = st.lists(st.sampled_from(["a", "b", "  c", "d d", ""]), min_size=1, max_size=25)


@given(LINES, LINES, st.integers(0, 3))
def test_a_correct_diff_is_applied_as_patch_does(old, new, context):
    assume(old != new)
    diff = list(difflib.unified_diff(old, new, lineterm="", n=context))
    if diff[-1] in (" ", "+", "-"):
        assume(False)  # an empty line at the very end cannot be told from the end of the reply
    assert apply_unified_diff("\n".join(old), "\n".join(diff)) == "\n".join(new)


@given(st.text("ab @-+\n0123456789,", max_size=80))
def test_any_text_is_applied_or_refused(diff):
    try:
        assert isinstance(apply_unified_diff(TEXT, diff), str)
    except ReplyError as error:
        assert error.kind in {"malformed_diff", "no_match"}
