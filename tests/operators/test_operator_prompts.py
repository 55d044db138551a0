"""The prompt of each operator, as a whole text."""

import pytest
from programs import BETTER, FAILED, GOOD, code, program

from skdecide_elm.core import Context
from skdecide_elm.errors import ConfigError, ReplyError
from skdecide_elm.llm.model import Prompt
from skdecide_elm.operators import OPERATORS, PromptSettings
from skdecide_elm.prompts import Templates

TASK = "Steer the cart."
CONTEXT = Context(iteration=3, seed=5)


def prompt(name, parents, context=CONTEXT, templates=None):
    settings = PromptSettings(TASK, Templates(templates))
    return OPERATORS[name](None, settings).prompt(parents, context)


REWRITE = """\
# Program to improve

combined_score: -12.5 (higher is better), cost: 12.5

```python
import math

# EVOLVE-BLOCK-START
class Planner:
    def sample_action(self, observation):
        return 1
# EVOLVE-BLOCK-END
```

# Task

Rewrite the program so that its planner scores higher. Say first, in a few sentences, what holds the program back and \
what you change. Then give the whole new program, with its marker lines, in one ```python block."""


def test_rewrite():
    assert prompt("rewrite", [GOOD]) == Prompt(REWRITE, TASK)
    assert prompt("rewrite", [GOOD]).seed == 5


EXAMPLES = """\
# Other program 1

combined_score: -3 (higher is better), cost: 3

```python
import math

# EVOLVE-BLOCK-START
class Planner:
    def sample_action(self, observation):
        return observation + 1
# EVOLVE-BLOCK-END
```

The last 2 proposals made from this program repeated a program that is known already, and counted for nothing: \
change more than layout, comments and names of no effect.

"""


def test_rewrite_with_examples_and_repeats():
    context = Context(iteration=3, seed=5, examples=(BETTER,), duplicates=2)
    head, task = REWRITE.split("# Task")
    assert prompt("rewrite", [GOOD], context).user == f"{head}{EXAMPLES}# Task{task}"


def test_diff():
    head = REWRITE.partition("Rewrite the program")[0]
    assert prompt("diff", [GOOD]) == Prompt(
        f"""{head}\
Change the program so that its planner scores higher. Say first, in a few sentences, what holds the program back and \
what you change. Then give each change as a block of this form:

<<<<<<< SEARCH
lines of the program, copied exactly
=======
the lines to put there
>>>>>>> REPLACE""",
        TASK,
    )


CROSSOVER = f"""\
# Programs to combine

# Program 1

combined_score: -12.5 (higher is better), cost: 12.5

```python
{code("1").rstrip()}
```

# Program 2

combined_score: -3 (higher is better), cost: 3

```python
{code("observation + 1").rstrip()}
```

# Task

Write one program that unites what is best in these programs. Say first, in a few sentences, which idea you take from \
each of them and how the ideas work together. Then give the whole new program in one ```python block, with the marker \
lines and what stands outside them as in program 1."""


def test_crossover():
    assert prompt("crossover", [GOOD, BETTER]) == Prompt(CROSSOVER, TASK)


def test_crossover_takes_a_missing_parent_from_the_examples():
    context = Context(iteration=3, seed=5, examples=(GOOD, BETTER, program("third", "3", 0.0)))
    assert prompt("crossover", [GOOD], context) == Prompt(CROSSOVER, TASK)


REPAIR = f"""\
# Program to repair

combined_score: -inf (higher is better)

```python
{code("missing").rstrip()}
```

# How it failed

error:

```
NameError: name 'missing' is not defined
```

traceback:

```
line 6
```

# Working program 1

combined_score: -3 (higher is better), cost: 3

```python
{code("observation + 1").rstrip()}
```

# Task

Repair the program: find the cause of the failure, remove it, and keep the idea of the program. Say first, in a few \
sentences, what the cause is. Then give the whole repaired program, with its marker lines, in one ```python block."""


def test_repair():
    context = Context(iteration=3, seed=5, examples=(BETTER, GOOD))
    assert prompt("repair", [FAILED], context) == Prompt(REPAIR, TASK)


def test_repair_finds_the_failure_in_the_context():
    context = Context(iteration=3, seed=5, examples=(BETTER,), failures=(FAILED, program("other", "x")))
    assert prompt("repair", [GOOD], context) == Prompt(REPAIR, TASK)
    with pytest.raises(ReplyError) as caught:
        prompt("repair", [GOOD])
    assert caught.value.kind == "nothing_to_repair"


def test_a_long_artifact_shows_its_end():
    failed = program("failed", "x", output="beginning" + "." * 5000 + "end")
    user = prompt("repair", [failed]).user
    assert "beginning" not in user and f"```\n…{'.' * 3997}end\n```" in user


def test_diff_model():
    assert prompt("diff_model", [GOOD]) == Prompt(
        "<NME> planner.py\n"
        "<BEF> class Planner:\n"
        "    def sample_action(self, observation):\n"
        "        return 1\n"
        "<MSG> Simplify the planner\n"
        "<DFF>",
        kind="completion",
        stop=("<NME>", "<BEF>", "<MSG>", "<|endoftext|>"),
    )


def test_the_commit_message_is_drawn_by_the_seed(tmp_path):
    (tmp_path / "diff_model_messages.txt").write_text("one\n\ntwo\nthree\n")
    prompts = [prompt("diff_model", [GOOD], Context(1, seed), tmp_path).user for seed in range(30)]
    assert {text.partition("<MSG> ")[2] for text in prompts} == {"one\n<DFF>", "two\n<DFF>", "three\n<DFF>"}
    assert prompts == [prompt("diff_model", [GOOD], Context(1, seed), tmp_path).user for seed in range(30)]


def lmx_text(*answers):
    blocks = [f"# Planner {n}\n```python\n{code(a)}```\n\n" for n, a in enumerate(answers, start=1)]
    return "".join(blocks) + f"# Planner {len(answers) + 1}\n```python\n"


def test_lmx():
    parents = [GOOD, BETTER]
    found = {prompt("lmx", parents, Context(1, seed)) for seed in range(20)}
    assert found == {
        Prompt(lmx_text(*answers), kind="completion", stop=("\n```",))
        for answers in [("1", "observation + 1"), ("observation + 1", "1")]
    }


def test_lmx_takes_missing_parents_from_the_examples():
    context = Context(1, 1, examples=(BETTER, GOOD, program("third", "3", 0.0), program("fourth", "4", 0.0)))
    assert sorted(lmx_text("1", "observation + 1", "3")) == sorted(prompt("lmx", [GOOD], context).user)


def test_a_program_with_fences_and_dollars_is_shown_as_it_is():
    text = code('"```python\\n$HOME ${x} $$\\n````"')
    shown = prompt("rewrite", [program("x", '"```python\\n$HOME ${x} $$\\n````"', 0.0)]).user
    assert f"`````python\n{text.rstrip()}\n`````" in shown


def test_a_users_template_replaces_that_of_the_package(tmp_path):
    (tmp_path / "rewrite.txt").write_text("Improve for $$5:\n$examples\n\n$parent\n")
    assert prompt("rewrite", [GOOD], templates=tmp_path).user == (
        f"Improve for $5:\ncombined_score: -12.5 (higher is better), cost: 12.5\n\n```python\n{code('1')}```"
    )
    assert prompt("crossover", [GOOD, BETTER], templates=tmp_path).user == CROSSOVER


@pytest.mark.parametrize("text", ["$programme", "costs $ 5", "$parent $"])
def test_a_template_that_cannot_be_filled_says_so(tmp_path, text):
    (tmp_path / "rewrite.txt").write_text(text)
    with pytest.raises(ConfigError, match=r"expected the template rewrite\.txt to use \$parent, .* only"):
        prompt("rewrite", [GOOD], templates=tmp_path)


def test_a_folder_of_templates_that_is_missing(tmp_path):
    with pytest.raises(ConfigError, match="expected a folder of prompt templates"):
        Templates(tmp_path / "none")
