"""What to propose next: a weighted draw between idioms and small edits."""

from __future__ import annotations

import random

from skdecide_elm.llm.embedded.edits import EDITS, edited, perturb_numbers
from skdecide_elm.llm.embedded.idioms import IDIOMS, Idiom
from skdecide_elm.llm.embedded.planner_swap import headline, setting_of, with_planner
from skdecide_elm.llm.embedded.source import Source, parse
from skdecide_elm.llm.profile import DomainProfile

__all__ = ["Proposal", "propose"]

Proposal = tuple[str, str]
"""(what was done, the new program)."""

_ENTER_AN_IDIOM = 0.8
"""Chance that a program which is no idiom is replaced by one."""

_LEAVE_AN_IDIOM = 0.35
"""Chance that an idiom is replaced, by another or by itself with fresh parameters."""

_TUNE_AN_IDIOM = 0.7
"""Chance that an idiom which stays only has its numbers moved."""


def propose(program: str, profile: DomainProfile | None, rng: random.Random) -> Proposal | None:
    """A variant of a program; None where nothing in it can be varied.

    A program that is no valid Python, or has no Planner, can only be left as it is.
    """
    source = parse(program)
    if source is None:
        return None
    idioms = _fitting(profile, source)
    current = next((idiom for idiom in IDIOMS if idiom.headline == headline(source)), None)
    chance = _LEAVE_AN_IDIOM if current else _ENTER_AN_IDIOM
    if idioms and rng.random() < chance:
        return _with_idiom(source, profile, idioms, rng)
    if current and rng.random() < _TUNE_AN_IDIOM:
        tuned = edited(source, rng, [(1.0, perturb_numbers)])
        if tuned is not None:
            return tuned
    return edited(source, rng, EDITS) or _with_idiom(source, profile, idioms, rng)


def _fitting(profile: DomainProfile | None, source: Source) -> list[Idiom]:
    if profile is None:
        return []
    setting = setting_of(profile, source)
    return [idiom for idiom in IDIOMS if idiom.fits(setting)]


def _with_idiom(
    source: Source, profile: DomainProfile | None, idioms: list[Idiom], rng: random.Random
) -> Proposal | None:
    if profile is None or not idioms:
        return None
    idiom = rng.choices(idioms, [idiom.weight for idiom in idioms])[0]
    draft = idiom.write(setting_of(profile, source), rng)
    text = with_planner(source, draft)
    return (f"Another approach. {idiom.headline}", text) if text != source.text else None
