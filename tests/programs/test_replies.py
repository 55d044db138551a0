import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openevolve.config import Config

from skdecide_elm.errors import MarkerError, ReplyError
from skdecide_elm.programs.markers import evolve_blocks, outside_diff, outside_evolve_blocks
from skdecide_elm.programs.replies import REPLY_KINDS, Child, child_from_reply

PATTERN = Config().diff_pattern

PARENT = """\
import functools
import random

LIMIT = 3


@functools.cache
def zero():
        return 0


# EVOLVE-BLOCK-START
class Planner:
    def __init__(self, domain):
        self.domain = domain

    def sample_action(self, observation):
        return 0
# EVOLVE-BLOCK-END


if __name__ == "__main__":
    print(Planner(None).sample_action(None))
"""
RETURN_ONE = PARENT.replace("        return 0\n# EVOLVE", "        return 1\n# EVOLVE")
NEW_CLASS = """\
class Planner:
    def __init__(self, domain):
        pass

    def sample_action(self, observation):
        return random.choice([0, 1])
"""
NEW_PROGRAM = PARENT.replace(evolve_blocks(PARENT)[0], NEW_CLASS)


def edit(search, put):
    return f"<<<<<<< SEARCH\n{search}\n=======\n{put}\n>>>>>>> REPLACE\n"


EDIT = edit("        return 0", "        return 1")


def fenced(code, language="python"):
    return f"```{language}\n{code}```\n"


def child(reply, parent=PARENT, *, diff_based=True, max_code_length=10_000, diff_pattern=PATTERN):
    return child_from_reply(
        parent, reply, diff_based=diff_based, diff_pattern=diff_pattern, max_code_length=max_code_length
    )


def refusal(reply, parent=PARENT, **settings):
    with pytest.raises(ReplyError) as caught:
        child(reply, parent, **settings)
    assert caught.value.kind in REPLY_KINDS
    return caught.value.kind, str(caught.value)


# ---- SEARCH/REPLACE


@pytest.mark.parametrize(
    "reply",
    [
        EDIT,
        "I return one instead.\n\n" + EDIT + "\nDone.",
        fenced(EDIT, "diff"),
        "```diff\n" + EDIT,  # every block is whole, only the fence is not
        EDIT.replace("\n", "\r\n"),
        EDIT.replace("SEARCH\n", "SEARCH  \n").replace("=======", "  ======="),
        EDIT.replace("return 0", "return 0   "),
        f"<think>\nShould I write\n{fenced(NEW_PROGRAM)}? No.\n</think>\n" + EDIT,
        "no opening tag, as some servers cut it\n</think>" + EDIT,
    ],
)
@pytest.mark.parametrize("diff_based", [True, False])
def test_edits_are_applied_in_the_block_even_where_the_text_also_occurs_outside(reply, diff_based):
    expected = Child(RETURN_ONE, "Change 1: 'return 0' to 'return 1'", repaired=False)
    assert child(reply, diff_based=diff_based) == expected


def test_the_edits_that_match_are_applied_and_told():
    made = child(
        edit("        return 7", "        return 8") + EDIT + edit("        self.domain = domain", "        pass")
    )
    assert made.code == RETURN_ONE.replace("self.domain = domain", "pass")
    assert made.changes == ("Change 1: 'return 0' to 'return 1'\nChange 2: 'self.domain = domain' to 'pass'")


def test_edits_outside_the_block_are_undone_and_not_told():
    made = child(edit("LIMIT = 3", "LIMIT = 4") + EDIT)
    assert made == Child(RETURN_ONE, "Change 1: 'return 0' to 'return 1'", repaired=True)


def test_an_edit_may_span_the_markers_if_it_keeps_them():
    whole = "# EVOLVE-BLOCK-START\n" + evolve_blocks(PARENT)[0] + "# EVOLVE-BLOCK-END"
    made = child(edit(whole, f"# EVOLVE-BLOCK-START\n{NEW_CLASS}# EVOLVE-BLOCK-END"))
    assert (made.code, made.repaired) == (NEW_PROGRAM, False)


def test_a_pattern_of_ones_own():
    reply = "<find>        return 0</find><put>        return 1</put>"
    assert child(reply, diff_pattern=r"<find>(.*?)</find><put>(.*?)</put>").code == RETURN_ONE


def test_an_edit_in_the_second_of_two_blocks():
    parent = PARENT.replace("LIMIT = 3\n", "# EVOLVE-BLOCK-START\nLIMIT = 3\n# EVOLVE-BLOCK-END\n")
    made = child(EDIT, parent)
    assert evolve_blocks(made.code) == ["LIMIT = 3\n", evolve_blocks(RETURN_ONE)[0]]


# ---- whole programs


@pytest.mark.parametrize(
    "reply",
    [
        fenced(NEW_PROGRAM),
        "Here is\n\n" + fenced(NEW_PROGRAM, "").replace("\n", "\r\n") + "\nas you see.",
        fenced(PARENT) + "becomes\n" + fenced(NEW_PROGRAM) + "run it with\n" + fenced("python planner.py\n", "bash"),
        f"````python\n{NEW_PROGRAM}````",
        fenced("# EVOLVE-BLOCK-START\n" + NEW_CLASS + "# EVOLVE-BLOCK-END\n"),
        fenced(NEW_CLASS, "py"),
        fenced(PARENT[: PARENT.index("# EVOLVE")] + NEW_CLASS + PARENT[PARENT.index("\n\nif __name__") :]),
    ],
    ids=["fence", "crlf", "last", "long fence", "block", "class", "no markers"],
)
@pytest.mark.parametrize("diff_based", [True, False])
def test_a_rewrite_gives_the_block_its_new_content(reply, diff_based):
    assert child(reply, diff_based=diff_based) == Child(NEW_PROGRAM, "Full rewrite", repaired=False)


def test_a_rewrite_of_the_surroundings_is_undone():
    reply = fenced(NEW_PROGRAM.replace("LIMIT = 3", "LIMIT = 4").replace("print(", "breakpoint("))
    assert child(reply) == Child(NEW_PROGRAM, "Full rewrite", repaired=True)


def test_an_unfenced_program_is_found_by_its_markers():
    assert child("Sure:\n" + NEW_PROGRAM).code == NEW_PROGRAM


def test_what_a_program_without_markers_adds_comes_into_the_block():
    extra = "import math; import random\n\ndef zero():\n        return 0\n"
    made = child(fenced(extra + NEW_CLASS))
    assert evolve_blocks(made.code) == [extra + NEW_CLASS]  # `zero` has no decorator here, so it is another function


def test_a_docstring_with_seven_equal_signs_is_no_diff():
    heading = NEW_CLASS.replace("class Planner:\n", 'class Planner:\n    """\n    Planner\n    =======\n    """\n')
    assert evolve_blocks(child(fenced(heading)).code) == [heading]


def test_a_fence_inside_a_docstring_does_not_end_the_program():
    example = NEW_CLASS.replace("class Planner:\n", 'class Planner:\n    """\n    ```\n    x\n    ```\n    """\n')
    assert evolve_blocks(child(fenced(example)).code) == [example]


def test_a_longer_fence_may_hold_a_shorter_one():
    example = NEW_CLASS.replace("class Planner:\n", 'class Planner:\n    """\n```\nx\n```\n    """\n')
    assert evolve_blocks(child(f"````\n{example}````").code) == [example]


# ---- refusals


@pytest.mark.parametrize("reply", [None, "", " \r\n\n", "<think>What now?</think>\n"])
def test_empty(reply):
    assert refusal(reply)[0] == "empty"


@pytest.mark.parametrize(
    ("diff_based", "wanted"),
    [(True, "SEARCH/REPLACE blocks"), (False, "the whole program in a ```python block")],
)
def test_prose_has_no_code(diff_based, wanted):
    kind, message = refusal("I would look further ahead, with a class Planner.", diff_based=diff_based)
    assert (kind, message) == ("no_code", f"expected {wanted}, found prose; send code")


def test_a_block_of_another_language_is_no_code():
    assert refusal(fenced("pip install numpy\n", "bash"))[0] == "no_code"


@pytest.mark.parametrize(
    "reply",
    [
        "```python\n" + NEW_PROGRAM[:150],
        "```python\n" + NEW_PROGRAM[:150] + "\nOnce more.\n```python\n" + NEW_PROGRAM[:200],
        fenced("x = 1\n") + "```python\nclass Planner:\n    def",
        EDIT.replace(">>>>>>> REPLACE\n", ""),
        EDIT + "<<<<<<< SEARCH\n        self.dom",
        "<think>Should I write\n" + fenced(NEW_PROGRAM),
    ],
)
def test_truncated(reply):
    assert refusal(reply)[0] == "truncated"


@pytest.mark.parametrize(
    "reply",
    [
        EDIT.replace("=======\n", ""),
        EDIT.replace("=======\n", "=======\n=======\n"),
        EDIT.replace("<<<<<<< SEARCH\n", ""),
        EDIT + ">>>>>>> REPLACE\n",
        fenced("@@ -10 +10 @@\n-        return 0\n+        return 1\n", "diff"),
    ],
)
def test_malformed_diff(reply):
    kind, message = refusal(reply)
    assert kind == "malformed_diff"
    assert "'<<<<<<< SEARCH', '=======', '>>>>>>> REPLACE' in this order" in message


@pytest.mark.parametrize("search", ["        return 7", "return 0", ""])
def test_no_match(search):
    kind, message = refusal(edit(search, "        return 1"))
    assert kind == "no_match"
    assert "found none of 1" in message


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (fenced(PARENT), "found the program as it was"),
        (fenced(evolve_blocks(PARENT)[0]), "found the program as it was"),
        (edit("        return 0", "        return 0"), "found the program as it was"),
        (edit("LIMIT = 3", "LIMIT = 4"), "found edits outside the evolve blocks only"),
        (fenced(PARENT.replace("LIMIT = 3", "LIMIT = 4")), "found edits outside the evolve blocks only"),
    ],
)
def test_unchanged(reply, found):
    kind, message = refusal(reply)
    assert kind == "unchanged"
    assert found in message


@pytest.mark.parametrize(
    "reply",
    [
        edit("# EVOLVE-BLOCK-END", "# the end"),
        edit("        return 0", "        return 1\n# EVOLVE-BLOCK-END"),
        fenced(NEW_PROGRAM.replace("# EVOLVE-BLOCK-START\n", "")),
        fenced(NEW_PROGRAM + "# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n"),
    ],
)
def test_markers(reply):
    kind, message = refusal(reply)
    assert kind == "markers"
    assert message.endswith("keep the marker lines as they are and edit between them")


def test_a_class_without_markers_has_no_place_in_a_parent_of_two_blocks():
    parent = PARENT + "# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n"
    kind, message = refusal(fenced(NEW_CLASS), parent)
    assert kind == "markers"
    assert "expected markers around 2 evolve block(s)" in message


def test_a_class_without_markers_has_no_place_in_a_block_inside_a_class():
    parent = (
        NEW_CLASS.replace("        return", "        # EVOLVE-BLOCK-START\n        return") + "# EVOLVE-BLOCK-END\n"
    )
    assert refusal(fenced(NEW_CLASS), parent)[0] == "markers"


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (edit("        return 0", "        return = 1"), "line 18: "),
        (fenced(NEW_PROGRAM.replace("[0, 1]", "[0, 1")), "line 18: "),
        (fenced(NEW_CLASS.replace("[0, 1]", "[0, 1")), "line 6: "),  # of the code block
    ],
)
def test_syntax(reply, line):
    kind, message = refusal(reply)
    assert kind == "syntax"
    assert message.startswith(line)


def test_too_long():
    assert child(EDIT, max_code_length=len(PARENT)).code == RETURN_ONE
    kind, message = refusal(EDIT, max_code_length=len(PARENT) - 1)
    assert kind == "too_long"
    assert f"expected at most {len(PARENT) - 1} characters, found {len(PARENT)}" in message


@pytest.mark.parametrize(
    "reply",
    [
        edit("class Planner:", "class Player:"),
        fenced(NEW_PROGRAM.replace("class Planner", "class Player")),
        fenced("def sample_action(observation):\n    return 1\n"),
    ],
)
def test_no_planner(reply):
    assert refusal(reply)[0] == "no_planner"


def test_a_parent_without_blocks_is_the_callers_mistake():
    with pytest.raises(MarkerError, match="found no marker line"):
        child(EDIT, NEW_CLASS)


# ---- laws


@pytest.mark.parametrize("reply", [EDIT, fenced(NEW_PROGRAM), fenced(NEW_CLASS)])
def test_the_child_has_the_line_endings_of_its_parent(reply):
    made = child(reply, PARENT.replace("\n", "\r\n"))
    assert made.code == child(reply).code.replace("\n", "\r\n")


pieces = st.sampled_from(
    [
        *(
            "<<<<<<< SEARCH",
            "=======",
            ">>>>>>> REPLACE",
            "```",
            "```python",
            "```diff",
            "<think>",
            "</think>",
        ),
        *(
            "# EVOLVE-BLOCK-START",
            "# EVOLVE-BLOCK-END",
            "class Planner:",
            "    pass",
            "LIMIT = 3",
            "LIMIT = 4",
        ),
        *("        return 0", "        return 1", "prose", "", "    def sample_action(self, observation):"),
        *(EDIT, NEW_CLASS, NEW_PROGRAM),
    ]
)


@given(st.lists(pieces, max_size=12), st.sampled_from(["\n", "\r\n"]))
@example(["<<<<<<< SEARCH", "LIMIT = 3", "=======", "LIMIT = 4", ">>>>>>> REPLACE", EDIT], "\n")
def test_any_reply_gives_a_sound_child_or_a_counted_refusal(lines, newline):
    try:
        made = child(newline.join(lines))
    except ReplyError as error:
        assert error.kind in REPLY_KINDS
        return
    assert outside_evolve_blocks(made.code) == outside_evolve_blocks(PARENT)
    assert outside_diff(PARENT, made.code) == ""
    assert made.code != PARENT
    ast.parse(made.code)
