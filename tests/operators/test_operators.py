"""From parents to proposals: each operator with replies from the loopback server."""

import asyncio

import pytest
from loopback import Loopback, Status
from openevolve.config import LLMModelConfig
from programs import BETTER, FAILED, GOOD, code

from skdecide_elm.core import Context, Operator, Program, Proposal
from skdecide_elm.errors import ConfigError, ReplyError, RequestError
from skdecide_elm.llm.clients import open_model
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.llm.profile import ArgumentProfile, DomainProfile, SpaceProfile
from skdecide_elm.operators import OPERATORS, Crossover, Embedded, PromptSettings

CONTEXT = Context(iteration=1, seed=1, failures=(FAILED,))
BLOCK = f"```python\n{code('2')}```\n"
DIFF = "<<<<<<< SEARCH\n        return 1\n=======\n        return 2\n>>>>>>> REPLACE\n"
REPLIES = {
    "rewrite": f"It is too low.\n\n{BLOCK}",
    "diff": f"It is too low.\n\n{DIFF}",
    "crossover": f"Both.\n\n{BLOCK}",
    "repair": f"The name is missing.\n\n{BLOCK}",
    "diff_model": " @@ -7,3 +7,3 @@\n     def sample_action(self, x):\n-        return 1\n+        return 2\n",
    "lmx": code("2"),
}


def propose(name, reply, parents, context=CONTEXT):
    with Loopback([reply]) as server:
        config = LLMModelConfig(name="loopback", api_base=server.url, api_key="x", timeout=5, retries=0, retry_delay=0)
        operator: Operator = OPERATORS[name](open_model(config), PromptSettings("Task."))
        assert operator.name == name
        return list(asyncio.run(operator.propose(parents, context)))


@pytest.mark.parametrize("name", OPERATORS)
def test_a_child(name):
    parents = [GOOD, BETTER][: OPERATORS[name].num_parents]
    [proposal] = propose(name, REPLIES[name], parents)
    expected = (FAILED.id,) if name == "repair" else tuple(parent.id for parent in parents)
    assert (proposal.code, proposal.operator, proposal.parents) == (code("2"), name, expected)
    assert not proposal.repaired


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("reply", [None, "", "I would not change anything."])
def test_no_child(name, reply):
    with pytest.raises(ReplyError):
        propose(name, reply, [GOOD, BETTER])


@pytest.mark.parametrize("name", OPERATORS)
def test_no_reply(name):
    with pytest.raises(RequestError):
        propose(name, Status(500), [GOOD, BETTER])


def test_what_is_outside_the_block_stays():
    outside = BLOCK.replace("import math", "import os")
    [proposal] = propose("rewrite", outside, [GOOD])
    assert proposal == Proposal(code("2"), "rewrite", ("good",), "Full rewrite", repaired=True)


def test_lmx_of_a_chat_model_that_opens_the_block_again():
    assert propose("lmx", f"```python\n{code('2')}\n```\nIs that better?", [GOOD])[0].code == code("2")


def test_a_diff_of_a_program_with_other_line_endings():
    parent = Program("crlf", GOOD.code.replace("\n", "\r\n"), GOOD.evaluation)
    assert propose("diff_model", REPLIES["diff_model"], [parent])[0].code == code("2").replace("\n", "\r\n")


def test_a_crossover_needs_two():
    with pytest.raises(ConfigError, match="at least 2; found 1"):
        Crossover(None, PromptSettings(), num_parents=1)


def embedded(context):
    operator: Operator = Embedded(EmbeddedProposer(None, 7), PromptSettings())
    [proposal] = asyncio.run(operator.propose([GOOD], context))
    return proposal


def test_embedded():
    proposal = embedded(Context(1, 1))
    assert proposal.code != GOOD.code and "class Planner" in proposal.code
    assert (proposal.operator, proposal.parents) == ("embedded", ("good",))
    assert proposal.changes and "```" not in proposal.changes
    assert embedded(Context(1, 1)) == proposal
    assert len({embedded(Context(n, 1)).code for n in range(20)}) > 1


def test_embedded_takes_over_parts_of_the_programs_that_the_search_shows():
    vector = SpaceProfile("box", shape=(4,), low=(-1.0,) * 4, high=(1.0,) * 4)
    actions = SpaceProfile("discrete", 2, hashable=True)
    profile = DomainProfile("integrated", (ArgumentProfile("domain", "domain"),), vector, actions)
    operator = Embedded(EmbeddedProposer(profile, 7), PromptSettings())

    def proposals(parent, *examples):
        contexts = [Context(n, 1, examples) for n in range(60)]
        return [asyncio.run(operator.propose([parent], context))[0] for context in contexts]

    controllers = [own.code for own in proposals(GOOD) if own.changes == "Another approach."]
    one, two = (Program(str(number), code, GOOD.evaluation) for number, code in enumerate(controllers[:2]))
    taken_over = "Take over a part of another program."
    assert taken_over in {own.changes for own in proposals(one, two)}
    assert taken_over not in {own.changes for own in proposals(one)}


def test_embedded_with_nothing_to_vary():
    operator = Embedded(EmbeddedProposer(None, 7), PromptSettings())
    broken = Program("broken", "# EVOLVE-BLOCK-START\nx = (\n# EVOLVE-BLOCK-END\n", GOOD.evaluation)
    with pytest.raises(ReplyError):
        asyncio.run(operator.propose([broken], Context(1, 1)))
