"""The embedded proposer as an OpenEvolve LLM client."""

from __future__ import annotations

import hashlib
import logging
import random
from typing import Any

from openevolve.llm.base import LLMInterface

from skdecide_elm.errors import ReplyError
from skdecide_elm.llm.embedded.proposals import Proposal, propose
from skdecide_elm.llm.embedded.reply import current_program, diff_reply, full_reply, other_programs, wants_diff
from skdecide_elm.llm.profile import DomainProfile

__all__ = ["EmbeddedProposer"]

_logger = logging.getLogger(__name__)

_ATTEMPTS = 20


class EmbeddedProposer(LLMInterface):  # type: ignore[misc]
    """Proposes programs without a key, a model or a network.

    This is not a language model and does not read what the prompt asks for: it is a generative
    hyper-heuristic (Burke et al., 2010). It takes the current program out of the prompt and answers with a
    small typed edit of its syntax tree, or with an idiom (search, memory, look-ahead, linear policy, priority
    index, ...) that fits the domain's characteristics and spaces. It never knows which domain it is.

    The answer depends only on the seed, the number of earlier calls, and what it reads of the prompt: the programs, and
    whether a diff is asked for. What else is in it, such as how long a program took, differs between equal runs.

    Args:
        profile: what planners can rely on; None: only small edits are proposed.
        seed: of all draws.
        calls: number of replies that were given before, to continue a run.
    """

    def __init__(self, profile: DomainProfile | None, seed: int, calls: int = 0) -> None:
        self.model = "embedded"
        self.last_usage: dict[str, Any] | None = None
        self.profile = profile
        self.seed = seed
        self.calls = calls
        _logger.debug(
            "Programs come from the embedded proposer: a generative hyper-heuristic "
            "(typed edits and idioms), not a language model."
        )

    async def generate(self, prompt: str, **kwargs: Any) -> str:
        """The next reply to a prompt; see `reply`."""
        return self.reply(prompt)

    async def generate_with_context(self, system_message: str, messages: list[dict[str, str]], **kwargs: Any) -> str:
        """The next reply to the last message of a conversation; see `reply`."""
        return self.reply(messages[-1]["content"] if messages else "", system_message)

    def reply(self, prompt: str, system: str = "") -> str:
        """SEARCH/REPLACE blocks, or a whole program if the prompt does not show the diff format.

        Raises:
            ReplyError: the prompt shows no program, or nothing in the program can be varied.
        """
        number, self.calls = self.calls, self.calls + 1
        program = current_program(prompt)
        others = other_programs(prompt)
        as_diff = wants_diff(prompt, system)
        rng = random.Random(f"{self.seed}:{number}:{_digest(program, *others)}:{as_diff}")
        for _ in range(_ATTEMPTS):
            proposal = propose(program, self.profile, rng, others, number=number)
            text = None if proposal is None else _written(proposal, program, as_diff)
            if text is not None:
                return text
        raise ReplyError(
            "nothing_to_vary",
            "expected a program with one top-level Planner class that can be varied, found none in "
            f"{len(program.splitlines())} lines; start from a valid program, or give the proposer a profile",
        )


def _digest(*programs: str) -> str:
    return hashlib.sha256("\0".join(programs).encode()).hexdigest()


def _written(proposal: Proposal, program: str, as_diff: bool) -> str | None:
    summary, text = proposal
    return diff_reply(summary, program, text) if as_diff else full_reply(summary, text)
