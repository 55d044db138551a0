"""Other priority rules made of known ones: the operators of genetic programming (Koza 1992) on this grammar."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from skdecide_elm.llm.embedded.idioms.base import Setting
from skdecide_elm.llm.embedded.priorities.behaviour import ObservedDecisions
from skdecide_elm.llm.embedded.priorities.drafts import draft, horizons, ordering
from skdecide_elm.llm.embedded.priorities.edits import EDITS
from skdecide_elm.llm.embedded.priorities.model import Preference, Rule, Term
from skdecide_elm.llm.embedded.priorities.simplification import simplified
from skdecide_elm.llm.embedded.priorities.writer import ORDINALS
from skdecide_elm.llm.profile import ChoiceProfile

__all__ = ["varied", "weighing_all"]

_CROSSOVER_SHARE = 0.2
_HORIZON_SHARE = 0.15
_TWICE = 0.35
"""Chance of a second edit: some changes help only together."""

_HARDLY = 0.01
"""A weight with which a term changes few decisions, and is still there to be tuned."""


def varied(setting: Setting, rule: Rule, mates: Sequence[Rule], rng: random.Random) -> tuple[str, Rule]:
    """(what was done, another rule): an edit, less often two at once, or a preference of a mate's."""
    what, child = _varied_once(setting, rule, mates, rng)
    if rng.random() < _TWICE:
        again, child = _varied_once(setting, child, mates, rng)
        what = f"{what} {again}"
    return what, simplified(child)


def weighing_all(rule: Rule, features: Sequence[ChoiceProfile], rng: random.Random) -> Rule | None:
    """The rule with all else that orders actions added to its last index, with weights that hardly matter yet.

    That is for who tunes the weights: from a good rule with small steps. None where too little is known of an action.
    """
    index = rule.preferences[-1].index
    used = {name for term in index for name in term.factors}
    others = [name for name in ordering(features) if name not in used]
    if not index or len(others) < 2:
        return None
    added = [Term((name,), rng.choice((-_HARDLY, _HARDLY))) for name in others]
    return rule.spliced(len(rule.preferences) - 1, 1, Preference((), (*index, *added)))


def _varied_once(setting: Setting, rule: Rule, mates: Sequence[Rule], rng: random.Random) -> tuple[str, Rule]:
    observed = ObservedDecisions(setting.profile.choices)
    chosen = observed.chosen_actions(rule)

    def acts_otherwise(child: Rule) -> bool:
        if child.horizon != rule.horizon:
            return True
        return child != rule and not np.array_equal(observed.chosen_actions(child), chosen)

    for _ in range(20):
        if mates and rng.random() < _CROSSOVER_SHARE:
            what, child = "Take over a part of another program.", _crossed(rule, rng.choice(mates), rng)
        elif len(horizons(setting)) > 1 and rng.random() < _HORIZON_SHARE:
            what, child = "Look ahead, or not so far.", replace(rule, horizon=rng.choice(horizons(setting)))
        else:
            edit = rng.choices([edit for _, edit in EDITS], [weight for weight, _ in EDITS])[0]
            edited = edit(rule, setting.profile.choices, rng)
            what, child = (edit.__doc__ or "").split("\n")[0], edited or rule
        if len(child.preferences) <= len(ORDINALS) + 1 and acts_otherwise(child):
            return what, child
    return "Start anew.", draft(setting, rng)


def _crossed(rule: Rule, mate: Rule, rng: random.Random) -> Rule:
    """The rule with a preference of the mate's before the others or in place of one, or with its last one."""
    given = rng.choice(mate.preferences)
    if not given.conditions:
        return rule.spliced(len(rule.preferences) - 1, 1, given)
    at = rng.randrange(len(rule.preferences))
    instead = at < len(rule.preferences) - 1 and rng.random() < 0.5
    return rule.spliced(at, 1 if instead else 0, given)
