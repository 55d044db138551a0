"""What to propose next: a weighted draw between idioms and small edits."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from skdecide_elm.llm.embedded import controllers, priorities
from skdecide_elm.llm.embedded.edits import EDITS, edited, perturb_numbers
from skdecide_elm.llm.embedded.idioms import IDIOMS, Draft, Idiom, Setting
from skdecide_elm.llm.embedded.planner_swap import headline, setting_of, with_planner
from skdecide_elm.llm.embedded.source import Source, parse
from skdecide_elm.llm.profile import DomainProfile
from skdecide_elm.programs.tunables import read_tunables, structure_of, with_values

__all__ = ["Proposal", "propose"]

T = TypeVar("T")

Proposal = tuple[str, str]
"""(what was done, the new program)."""

_ENTER_AN_IDIOM = 0.8
"""Chance that a program which is no idiom is replaced by one."""

_LEAVE_AN_IDIOM = 0.35
"""Chance that an idiom is replaced, by another or by itself with fresh parameters."""

_LEAVE_A_TABLE = 0.1
"""The same for an idiom with choices, late in a run: at first good ones are looked for, which have many variants."""

_TUNE_AN_IDIOM = 0.7
"""Chance that an idiom which stays only has its numbers moved."""

_CROSS = 0.5
"""Chance that an idiom with choices takes some over from another program, where there is one of its structure."""

_CONTROL = 0.9
"""Chance of a controller, or of a priority rule, where one suits."""

_FRESH = 0.3
"""Chance that a controller is replaced by a fresh one, rather than varied."""

_FRESH_RULE = 0.1
"""The same for a priority rule, late in a run: at first nearly all are fresh ones, so that good ones are varied."""

_HALF_FRESH = 50
"""Proposals after which such a chance, which is 1 at first, has come half of the way."""

_WEIGHINGS = 4
"""Proposals after the simple rules that weigh all that orders actions; each adds to the rule of the program in hand."""


@dataclass(frozen=True)
class _Grammar(Generic[T]):
    """A kind of programs that are written from a model of theirs, and read back."""

    read: Callable[[Setting, Source], T | None]
    draft: Callable[[Setting, random.Random, T | None], T]
    varied: Callable[[Setting, T, Sequence[T], random.Random], tuple[str, T]]
    written: Callable[[Setting, T], Draft]


_CONTROLLERS = _Grammar(
    controllers.read, lambda setting, rng, _: controllers.draft(setting, rng), controllers.varied, controllers.written
)
_RULES = _Grammar(priorities.read, priorities.draft, priorities.varied, priorities.written)


def propose(
    program: str,
    profile: DomainProfile | None,
    rng: random.Random,
    others: Sequence[str] = (),
    *,
    number: int,
) -> Proposal | None:
    """A variant of a program; None where nothing in it can be varied.

    A program that is no valid Python, or has no Planner, can only be left as it is.

    Args:
        others: programs from which parts may be taken over.
        number: how many proposals the run has made before.
    """
    source = parse(program)
    if source is None:
        return None
    setting = None if profile is None else setting_of(profile, source)
    if setting is not None and controllers.suits(setting) and rng.random() < _CONTROL:
        return _with_another(_CONTROLLERS, source, setting, others, rng, _FRESH)
    first = None if setting is None else _first_rule(source, setting, rng, number)
    if first is not None:
        return first
    if setting is not None and priorities.suits(setting) and rng.random() < _CONTROL:
        return _with_another(_RULES, source, setting, others, rng, _early(_FRESH_RULE, number))
    idioms = _fitting(profile, source)
    current = next((idiom for idiom in IDIOMS if idiom.headline == headline(source)), None)
    choices = _choices(program) if current else {}
    leave = _early(_LEAVE_A_TABLE, number) if choices else _LEAVE_AN_IDIOM
    if idioms and rng.random() < (leave if current else _ENTER_AN_IDIOM):
        return _with_idiom(source, profile, idioms, rng)
    if current and rng.random() < _TUNE_AN_IDIOM:
        crossed = _with_choices_of_another(program, choices, others, rng) if choices else None
        tuned = crossed or edited(source, rng, [(1.0, perturb_numbers)])
        if tuned is not None:
            return tuned
    return edited(source, rng, EDITS) or _with_idiom(source, profile, idioms, rng)


def _early(late: float, number: int) -> float:
    """A chance that is 1 at first."""
    left: float = 0.5 ** (number / _HALF_FRESH)
    return late + (1 - late) * left


def _first_rule(source: Source, setting: Setting, rng: random.Random, number: int) -> Proposal | None:
    """One of the priority rules that a run tries before it draws any: simple ones, then some that weigh everything."""
    simple = priorities.simple_rules(setting) if priorities.suits(setting) else []
    current = priorities.read(setting, source) if len(simple) <= number < len(simple) + _WEIGHINGS else None
    if number < len(simple):
        what, rule = "A simple rule to begin with.", simple[number]
    elif current and (weighed := priorities.weighing_all(current, setting.profile.choices, rng)):
        what, rule = "Let all that is known of an action matter a little.", weighed
    else:
        return None
    text = with_planner(source, priorities.written(setting, rule))
    return (what, text) if text != source.text else None


def _with_another(
    grammar: _Grammar[T], source: Source, setting: Setting, others: Sequence[str], rng: random.Random, fresh: float
) -> Proposal | None:
    """Another controller or priority rule: with chance ``fresh`` a fresh one, or a variant of the program's."""
    current = grammar.read(setting, source)
    if current is None or rng.random() < fresh:
        what, other = "Another approach.", grammar.draft(setting, rng, current)
    else:
        parsed = [found for text in others if (found := parse(text)) is not None]
        mates = [mate for found in parsed if (mate := grammar.read(setting, found)) not in (None, current)]
        what, other = grammar.varied(setting, current, [mate for mate in mates if mate is not None], rng)
    text = with_planner(source, grammar.written(setting, other))
    return (what, text) if text != source.text else None


def _with_choices_of_another(
    program: str, own: dict[str, float], others: Sequence[str], rng: random.Random
) -> Proposal | None:
    """The program with about half of the choices in which another of its structure differs (uniform crossover)."""
    if rng.random() >= _CROSS:
        return None
    structure = structure_of(program)
    mates = [_choices(text) for text in others if parse(text) is not None and structure_of(text) == structure]
    differing = [mate for mate in mates if mate != own]
    if not differing:
        return None
    mate = rng.choice(differing)
    taken = {name: value for name, value in mate.items() if value != own[name] and rng.random() < 0.5}
    return ("Choices of another program.", with_values(program, taken)) if taken else None


def _choices(program: str) -> dict[str, float]:
    return {tunable.name: tunable.value for tunable in read_tunables(program) if tunable.scale == "choice"}


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
