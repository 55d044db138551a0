"""The embedded proposer as OpenEvolve meets it."""

import asyncio
import copy
import logging
import pickle
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from openevolve.config import LLMModelConfig, PromptConfig
from openevolve.llm.ensemble import LLMEnsemble
from openevolve.prompt.sampler import PromptSampler
from openevolve.utils.code_utils import apply_diff_blocks, extract_diffs, parse_full_rewrite

import skdecide_elm.llm.embedded as embedded
from skdecide_elm.errors import ReplyError
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.llm.embedded.source import is_usable
from skdecide_elm.llm.profile import ArgumentProfile, DomainProfile, FieldProfile, SpaceProfile

DOMAIN = (ArgumentProfile("domain", "domain"),)
VECTOR = SpaceProfile("box", shape=(2,), low=(-1.0, -1.0), high=(1.0, float("inf")))
PAIR = SpaceProfile("multi_discrete", shape=(2,), hashable=True)
FOUR = SpaceProfile("enumerable", 4, hashable=True, listed=True)
INTEGERS = SpaceProfile("discrete", 3, hashable=True, listed=True)
PUSH = SpaceProfile("box", shape=(1,), low=(-2.0,), high=(2.0,))
STRUCTURE = SpaceProfile(fields=(FieldProfile("size", ".size"), FieldProfile("room", ".room", 3, True)))

GOALS = DomainProfile(
    "integrated",
    DOMAIN,
    PAIR,
    FOUR,
    fully_observable=True,
    deterministic_model=True,
    goals=True,
    listed_goals=True,
)

PROFILES = {
    "none": None,
    "goals": GOALS,
    "model": replace(GOALS, observation=VECTOR, goals=False),
    "control": DomainProfile("integrated", DOMAIN, VECTOR, INTEGERS),
    "box": DomainProfile("integrated", DOMAIN, VECTOR, PUSH),
    "restricted": DomainProfile("integrated", DOMAIN, STRUCTURE, replace(INTEGERS, size=None), restricted_actions=True),
    "agents": DomainProfile("integrated", DOMAIN, FOUR, FOUR, agents=2),
    "parallel": DomainProfile("integrated", DOMAIN, PAIR, FOUR, sequential=False),
    "proxy": DomainProfile("proxy", (ArgumentProfile("actions", "choices"),), PAIR, SpaceProfile()),
}

TAIL = "\nSCALE = 1\n"
HEADER = "from skdecide import Domain\n\nSCALE = 3\n\n\n"


def _random_program(profile):
    arguments = ", ".join(["self", *(argument.name for argument in profile.arguments)]) if profile else "self, domain"
    restricted = profile is not None and profile.restricted_actions
    return (
        f"{HEADER}# EVOLVE-BLOCK-START\nimport random\n\n\nclass Planner:\n"
        f'    """Takes random actions."""\n\n    def __init__({arguments}):\n        self.steps = 0\n\n'
        f"    def sample_action(self, observation{', applicable_actions' if restricted else ''}):\n"
        "        self.steps += 1\n        return random.choice(self.choices)\n"
        f"# EVOLVE-BLOCK-END\n{TAIL}"
    )


def _prompt(program, diff=True, **shown):
    sampler = PromptSampler(PromptConfig())
    prompt = sampler.build_prompt(current_program=program, parent_program=program, diff_based_evolution=diff, **shown)
    return prompt["user"]


def _chain(name, seed, length, diff=True):
    """Programs each proposed from the one before."""
    profile = PROFILES[name]
    proposer, programs = EmbeddedProposer(profile, seed), [_random_program(profile)]
    for _ in range(length):
        reply = proposer.reply(_prompt(programs[-1], diff))
        if diff:
            blocks = extract_diffs(reply)
            child, applied = apply_diff_blocks(programs[-1], blocks)
            assert applied == len(blocks) > 0
        else:
            child = parse_full_rewrite(reply, "python") + "\n"
        programs.append(child)
    return programs


@pytest.mark.parametrize("name", PROFILES)
def test_every_proposal_applies_and_keeps_what_is_outside(name):
    for seed in range(4):
        programs = _chain(name, seed, 15)
        for parent, child in pairwise(programs):
            assert child != parent
            assert is_usable(child)
            assert child.startswith(HEADER + "# EVOLVE-BLOCK-START\n")
            assert child.endswith("# EVOLVE-BLOCK-END\n" + TAIL)


def test_a_prompt_for_a_rewrite_is_answered_by_a_whole_program():
    assert all(map(is_usable, _chain("goals", 0, 5, diff=False)))


def test_the_same_seed_call_and_prompt_give_the_same_reply():
    prompts = [_prompt(program) for program in _chain("control", 3, 4)]
    first = [EmbeddedProposer(PROFILES["control"], 1, calls).reply(prompt) for calls, prompt in enumerate(prompts)]
    proposer = EmbeddedProposer(PROFILES["control"], 1)
    assert [proposer.reply(prompt) for prompt in prompts] == first
    assert proposer.calls == len(prompts)
    others = {EmbeddedProposer(PROFILES["control"], seed).reply(prompts[0]) for seed in range(10)}
    assert len(others) > 3


def test_times_that_differ_between_equal_runs_change_no_reply():
    program = _random_program(PROFILES["control"])
    slow = [
        _prompt(program, program_artifacts={"error": f"the last decision was not made within {seconds} s"})
        for seconds in (0.00522, 0.0055)
    ]
    assert slow[0] != slow[1]
    assert len({EmbeddedProposer(PROFILES["control"], 1).reply(prompt) for prompt in slow}) == 1


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda proposer: pickle.loads(pickle.dumps(proposer))])
def test_copies_go_on_where_the_original_was(duplicate):
    proposer = EmbeddedProposer(PROFILES["goals"], 5)
    prompt = _prompt(_random_program(PROFILES["goals"]))
    proposer.reply(prompt)
    assert duplicate(proposer).reply(prompt) == proposer.reply(prompt)


def test_openevolve_can_use_it_as_a_model():
    config = LLMModelConfig(name="embedded", init_client=lambda _: EmbeddedProposer(PROFILES["goals"], 0))
    prompt = _prompt(_random_program(PROFILES["goals"]))
    messages = [{"role": "user", "content": prompt}]
    reply = asyncio.run(LLMEnsemble([config]).generate_with_context("Improve the planner.", messages))
    assert reply == EmbeddedProposer(PROFILES["goals"], 0).reply(prompt)


def test_it_says_what_it_is(caplog):
    with caplog.at_level(logging.DEBUG, "skdecide_elm"):
        EmbeddedProposer(None, 0)
    assert "not a language model" in caplog.text and len(caplog.records) == 1


@pytest.mark.parametrize("program", ["x = 1\n", "class Planner\n", "class Planner:\n    pass\n"])
def test_a_program_that_cannot_be_varied_is_an_error(program):
    with pytest.raises(ReplyError, match="one top-level Planner class") as raised:
        EmbeddedProposer(None, 0).reply(_prompt(program))
    assert raised.value.kind == "nothing_to_vary"


def test_no_domain_is_named_in_its_source():
    root = Path(embedded.__file__).parent
    files = [*root.rglob("*.py"), root.parent / "profile.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files).lower()
    names = r"maze|cart.?pole|mountain|pendulum|acrobot|mastermind|rock|scissors|grid.?world|taxi|frozen.?lake"
    assert not re.findall(rf"{names}|bin.?packing|knapsack|rcpsp|gripper|gymnasium|pddl", text)
