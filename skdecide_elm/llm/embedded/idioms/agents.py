"""Idioms for several agents that act at once: a joint planner that answers for each of them."""

from __future__ import annotations

import random

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text, tunable_constants, tunables

__all__ = ["AGENT_IDIOMS"]

_FIXED = "Every agent always takes the same action of its own."
_REPLY = "Every agent answers what it last observed by a table."

_MAX_SIGHTS = 64


def _fits(setting: Setting) -> bool:
    profile = setting.profile
    integrated = profile.access == "integrated"
    return integrated and profile.agents > 0 and profile.sequential and profile.actions.listed


def _fits_reply(setting: Setting) -> bool:
    observation = setting.profile.observation
    return _fits(setting) and observation.listed and (observation.size or 0) <= _MAX_SIGHTS


def _spaces(setting: Setting) -> str:
    return "applicable_actions" if setting.profile.restricted_actions else "self.domain.get_action_space()"


def _write_fixed(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    chosen = {{}}
    for rank, (agent, space) in zip(self.RANKS, sorted({_spaces(setting)}.items())):
        actions = list(space.get_elements())
        chosen[agent] = actions[rank % len(actions)]
    return chosen
"""
    ranks = tuple(rng.randrange(setting.profile.actions.size or 2) for _ in range(setting.profile.agents))
    constants = tunable_constants(RANKS=(_rank_bounds(setting), ranks))
    return Draft((), planner_text(setting, _FIXED, sample, constants=constants, with_actions=False))


def _write_reply(setting: Setting, rng: random.Random) -> Draft:
    sample = f"""
def sample_action({setting.sample_arguments}):
    chosen = {{}}
    for replies, (agent, space) in zip(self.REPLIES, sorted({_spaces(setting)}.items())):
        actions = list(space.get_elements())
        seen = self.seeable[agent].index(observation[agent])
        chosen[agent] = actions[replies[seen] % len(actions)]
    return chosen
"""
    choices = setting.profile.actions.size or 2
    sights = setting.profile.observation.size or 1
    tables = [_table(sights, choices, rng) for _ in range(setting.profile.agents)]
    text = planner_text(
        setting,
        _REPLY,
        sample,
        details="A row per agent: the rank of its answer to each observation.",
        constants=[
            *tunables({"REPLIES": _rank_bounds(setting)}),
            *["REPLIES = (", *(f"    {table!r}," for table in tables), ")"],
        ],
        state=[
            "self.seeable = {",
            "    agent: list(space.get_elements())",
            "    for agent, space in domain.get_observation_space().items()",
            "}",
        ],
        with_actions=False,
    )
    return Draft((), text)


def _rank_bounds(setting: Setting) -> str:
    return f'(0, {max(2, setting.profile.actions.size or 2) - 1}, "int")'


def _table(sights: int, choices: int, rng: random.Random) -> tuple[int, ...]:
    """A shift of what was seen (0 repeats it), or arbitrary answers."""
    shift = rng.randrange(choices)
    if rng.random() < 0.5:
        return tuple((seen + shift) % choices for seen in range(sights))
    return tuple(rng.randrange(choices) for _ in range(sights))


AGENT_IDIOMS = (
    Idiom(_FIXED, _fits, _write_fixed),
    Idiom(_REPLY, _fits_reply, _write_reply),
)
