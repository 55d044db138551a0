"""Reading OpenEvolve's prompts and writing replies that OpenEvolve applies as meant."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openevolve.config import PromptConfig
from openevolve.prompt.sampler import PromptSampler
from openevolve.utils.code_utils import apply_diff_blocks, extract_diffs, parse_full_rewrite

from skdecide_elm.errors import ReplyError
from skdecide_elm.llm.embedded.reply import current_program, diff_reply, full_reply, other_programs, wants_diff
from skdecide_elm.prompts.sections import code_block

FENCED = '''# EVOLVE-BLOCK-START
class Planner:
    """Shows code:

```
# Task
```
"""
# EVOLVE-BLOCK-END
'''

PLAIN = "# EVOLVE-BLOCK-START\nclass Planner:\n    pass\n# EVOLVE-BLOCK-END\n"


def _prompt(program, diff=True):
    top = [{"code": "class Other:\n    pass\n", "metrics": {"combined_score": 1.0}}]
    sampler = PromptSampler(PromptConfig())
    return sampler.build_prompt(
        current_program=program, parent_program=program, top_programs=top, diff_based_evolution=diff
    )["user"]


@pytest.mark.parametrize("program", [FENCED, PLAIN, PLAIN.rstrip("\n"), PLAIN + "\n\n"])
@pytest.mark.parametrize("diff", [True, False])
def test_the_current_program_is_found_among_others(program, diff):
    prompt = _prompt(program, diff)
    assert current_program(prompt) == program
    assert wants_diff(prompt) == diff


def test_a_longer_fence_ends_at_its_like():
    text = PLAIN.replace("    pass", '    """\n````\n```\n    """')
    prompt = f"# Current Program\n{code_block(text)}\n\n```python\nclass Planner: ...\n```\n"
    assert "`````python" in prompt
    assert current_program(prompt) == text.rstrip()


def test_the_heading_inside_a_program_does_not_mislead():
    program = PLAIN.replace("    pass", "    pass\n# Current Program\n# it is this one")
    assert current_program(_prompt(program)) == program


def test_instructions_may_stand_in_the_system_message():
    prompt = f"# Current Program\n```python\n{PLAIN}```\n"
    assert not wants_diff(prompt)
    assert wants_diff(prompt, "Answer with\n<<<<<<< SEARCH\n...")


@pytest.mark.parametrize("prompt", ["", "Improve this.", "# Current Program\n```python\nclass Planner:"])
def test_a_prompt_without_program_is_an_error(prompt):
    with pytest.raises(ReplyError, match="expected fenced code") as raised:
        current_program(prompt)
    assert raised.value.kind == "no_program"


def test_a_small_change_is_a_small_block():
    old = "a = 1\nb = 2\nc = 3\n"
    assert diff_reply("Why.", old, "a = 1\nb = 5\nc = 3\n") == (
        "Why.\n\n<<<<<<< SEARCH\nb = 2\n=======\nb = 5\n>>>>>>> REPLACE\n"
    )


def test_a_repeated_line_gets_the_context_that_singles_it_out():
    reply = diff_reply("Why.", "x = 0\ny = 1\nx = 0\n", "x = 0\ny = 1\nx = 9\n")
    assert reply == "Why.\n\n<<<<<<< SEARCH\ny = 1\nx = 0\n=======\ny = 1\nx = 9\n>>>>>>> REPLACE\n"


def test_code_with_the_delimiters_cannot_be_expressed():
    assert diff_reply("Why.", "'''\n=======\n'''\n", "'''\n=======\n\n'''\n") is None


def test_a_whole_program_comes_back_whole():
    assert parse_full_rewrite(full_reply("Why.", PLAIN), "python") == PLAIN.strip()


@given(
    st.lists(st.sampled_from(["", "a", "b", "  a", "b  ", "    c"]), min_size=1, max_size=12),
    st.integers(0, 2**32),
)
def test_blocks_turn_the_old_text_into_the_new(lines, seed):
    rng = random.Random(seed)
    changed = [rng.choice(["new", "", line, line]) for line in lines] + rng.choice([[], ["end"]])
    old, new = ("\n".join(["first", *text, "last"]) for text in (lines, changed))
    reply = diff_reply("Why.", old, new)
    blocks = extract_diffs(reply)
    assert apply_diff_blocks(old, blocks) == (new, len(blocks))


def test_the_other_programs_of_a_prompt_are_found_and_nothing_else():
    planner = "class Planner:\n    X = {}\n"
    fenced = "```python\n{}```\n"
    others = [planner.format(number) for number in range(2)]
    shown = "".join(f"## Program\n{fenced.format(other)}" for other in others)
    prompt = f"{shown}{fenced.format('print(1)')}# Current Program\n{fenced.format(planner.format(9))}"
    assert other_programs(prompt) == others
