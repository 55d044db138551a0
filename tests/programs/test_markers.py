import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.errors import MarkerError
from skdecide_elm.programs.markers import (
    END,
    START,
    Blocks,
    evolve_blocks,
    has_markers,
    outside_diff,
    outside_evolve_blocks,
    restore_outside,
    split_blocks,
)

PROGRAM = """\
import math

# EVOLVE-BLOCK-START
class Planner:
    pass
# EVOLVE-BLOCK-END

print(Planner())
"""

newlines = st.sampled_from(["\n", "\r\n"])
ordinary_lines = st.builds(
    str.__add__,
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12).filter(
        lambda text: "EVOLVE" not in text
    ),
    newlines,
)
sections = st.lists(ordinary_lines, max_size=4).map("".join)
starts = st.builds(
    "{}{}{}".format, st.sampled_from(["", "  ", "\t"]), st.sampled_from([START, START + ": policy"]), newlines
)
ends = st.builds("{}{}".format, st.sampled_from([END, "  #EVOLVE-BLOCK-END"]), newlines)


@st.composite
def programs(draw, min_blocks=1, max_blocks=3):
    code = draw(sections)
    for _ in range(draw(st.integers(min_blocks, max_blocks))):
        code += draw(starts) + draw(sections) + draw(ends) + draw(sections)
    return code + draw(st.sampled_from(["", "x = 1"]))


@given(programs())
def test_join_undoes_split(code):
    blocks = split_blocks(code)
    assert blocks.join() == code
    assert len(blocks.outside) == len(blocks.inside) + 1
    assert not any(has_markers(content) for content in blocks.inside)


@given(programs(2, 2), programs(2, 2))
def test_restored_program_has_the_outside_of_one_and_the_inside_of_the_other(original, child):
    restored, repaired = restore_outside(original, child)
    assert outside_evolve_blocks(restored) == outside_evolve_blocks(original)
    assert evolve_blocks(restored) == evolve_blocks(child)
    assert repaired == (outside_diff(original, child) != "")
    assert restore_outside(original, restored) == (restored, False)


@given(programs())
def test_a_program_has_no_outside_difference_to_itself_with_other_line_endings(code):
    assert outside_diff(code, code) == ""
    unix = code.replace("\r", "")
    assert outside_diff(unix, unix.replace("\n", "\r\n")) == ""
    assert restore_outside(code, code) == (code, False)


def test_split_keeps_the_marker_lines_outside():
    assert split_blocks(PROGRAM) == Blocks(
        outside=(f"import math\n\n{START}\n", f"{END}\n\nprint(Planner())\n"),
        inside=("class Planner:\n    pass\n",),
    )


def test_an_end_marker_may_be_the_last_line_without_line_feed():
    assert evolve_blocks(f"{START}\nx = 1\n{END}") == ["x = 1\n"]


@pytest.mark.parametrize("code", [f'text = "{START}"\n', f"x = 1  {START}\n", "# EVOLVE-BLOCK-STARTER\n", ""])
def test_only_a_comment_line_of_its_own_is_a_marker(code):
    assert not has_markers(code)
    with pytest.raises(MarkerError, match="expected an evolve block, found no marker line; enclose"):
        split_blocks(code)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([START, "a", START, END], "line 3: .* inside the block opened on line 1"),
        ([START, END, "a", END], "line 4: '# EVOLVE-BLOCK-END' without"),
        (["a", END, START], "line 2: '# EVOLVE-BLOCK-END' without"),
        ([START, END, START], "line 3: '# EVOLVE-BLOCK-START' is never closed"),
    ],
)
def test_malformed_markers_are_refused_with_their_line(lines, message):
    with pytest.raises(MarkerError, match=message):
        split_blocks("\n".join(lines))


def test_a_form_feed_does_not_shift_the_line_numbers():
    with pytest.raises(MarkerError, match="line 2:"):
        split_blocks(f"a\x0cb\n{END}\n")


def test_outside_diff_is_a_unified_diff_that_leaves_the_blocks_out():
    other = PROGRAM.replace("import math", "import random").replace("    pass", "    speed = 1")
    assert outside_diff(PROGRAM, other).split("\n") == [
        "--- original",
        "+++ other",
        "@@ -1,4 +1,4 @@",
        "-import math",
        "+import random",
        " ",
        " # EVOLVE-BLOCK-START",
        " # EVOLVE-BLOCK-END",
    ]


def test_restore_outside_undoes_the_edits_around_the_block_only():
    child = PROGRAM.replace("import math", "import os").replace("    pass", "    speed = 1")
    assert restore_outside(PROGRAM, child) == (PROGRAM.replace("    pass", "    speed = 1"), True)


def test_a_lost_line_feed_at_the_end_is_put_back_without_counting_as_a_repair():
    assert restore_outside(PROGRAM, PROGRAM.rstrip("\n")) == (PROGRAM, False)


def test_another_number_of_blocks_cannot_be_mapped():
    with pytest.raises(MarkerError, match=r"expected 1 evolve block\(s\) as in the original, found 2"):
        restore_outside(PROGRAM, f"{PROGRAM}{START}\n{END}\n")
