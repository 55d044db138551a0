"""Typed edits and crossover of controllers: the usual operators of genetic programming (Koza 1992) on this grammar."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from skdecide_elm.llm.embedded.controllers.behaviour import Situations
from skdecide_elm.llm.embedded.controllers.drafts import (
    answers,
    chooses_actions,
    draft,
    random_actions,
    random_catch,
    random_product,
    random_sum,
    random_switch,
)
from skdecide_elm.llm.embedded.controllers.model import Controller, Node, Sum, Switch, Term, leaves, with_leaf
from skdecide_elm.llm.embedded.controllers.simplification import simplified
from skdecide_elm.llm.embedded.features import Feature, features_of
from skdecide_elm.llm.embedded.idioms.base import Setting

__all__ = ["varied"]

_MAX_TERMS = 8
_MAX_LEAVES = 4
_NEW_WEIGHT = 0.3

_Edit = Callable[[Node, "Sequence[Feature]", random.Random], "Node | None"]


def varied(
    setting: Setting, controller: Controller, mates: Sequence[Controller], rng: random.Random
) -> tuple[str, Controller]:
    """(what was done, a controller that acts otherwise): an edit, or a part of a mate's in place of an own one."""
    features = features_of(setting.profile)
    situations = Situations(features)
    answers_now = situations.answers(controller)
    for _ in range(20):
        if mates and rng.random() < _CROSSOVER_SHARE:
            what, child = "Take over a part of another program.", _crossed(controller, rng.choice(mates), rng)
        elif rng.random() < _ANSWER_SHARE:
            other = draft(setting, rng)
            changed = replace(other, node=controller.node, answer=rng.choice(answers(setting)))
            what, child = "Answer in another way.", _with_actions(setting, changed, rng)
        elif chooses_actions(setting) and rng.random() < _ACTIONS_SHARE:
            what, child = "Answer other actions.", _with_actions(setting, controller, rng)
        else:
            edit = rng.choices([edit for _, edit in _EDITS], [weight for weight, _ in _EDITS])[0]
            node = edit(controller.node, features, rng)
            what = (edit.__doc__ or "").split("\n")[0]
            child = controller if node is None else replace(controller, node=node)
        child = simplified(child)
        acts_otherwise = not np.array_equal(situations.answers(child), answers_now)
        if acts_otherwise and len(leaves(child.node)) <= _MAX_LEAVES:
            return what, child
    return "Start anew.", draft(setting, rng)


_CROSSOVER_SHARE = 0.2
_ANSWER_SHARE = 0.08
_ACTIONS_SHARE = 0.15


def _with_actions(setting: Setting, controller: Controller, rng: random.Random) -> Controller:
    """The controller with other ones of many actions."""
    if not chooses_actions(setting):
        return controller
    return replace(controller, actions=random_actions(setting, controller.answer, rng))


def _crossed(controller: Controller, mate: Controller, rng: random.Random) -> Controller:
    path, _ = rng.choice(leaves(controller.node))
    _, donated = rng.choice(leaves(mate.node))
    return replace(controller, node=with_leaf(controller.node, path, donated))


def _add_term(node: Node, features: Sequence[Feature], rng: random.Random) -> Node | None:
    """Let another quantity matter a little."""
    path, leaf = rng.choice(leaves(node))
    present = {term.factors for term in leaf.terms}
    wanted = random_product(features, rng) if rng.random() < 0.5 else (rng.choice(features).name,)
    factors: tuple[str, ...] = () if rng.random() < 0.15 else wanted
    if factors in present or len(present) >= _MAX_TERMS:
        return None
    return with_leaf(node, path, Sum((*leaf.terms, Term(factors, rng.gauss(0, _NEW_WEIGHT)))))


def _drop_term(node: Node, features: Sequence[Feature], rng: random.Random) -> Node | None:
    """Leave a quantity out."""
    path, leaf = rng.choice(leaves(node))
    if len(leaf.terms) < 2:
        return None
    dropped = rng.randrange(len(leaf.terms))
    return with_leaf(node, path, Sum(leaf.terms[:dropped] + leaf.terms[dropped + 1 :]))


def _swap_factor(node: Node, features: Sequence[Feature], rng: random.Random) -> Node | None:
    """Look at another feature."""
    path, leaf = rng.choice(leaves(node))
    index = rng.randrange(len(leaf.terms))
    factors = list(leaf.terms[index].factors)
    if not factors:
        return None
    factors[rng.randrange(len(factors))] = rng.choice(features).name
    new = tuple(sorted(factors))
    if new in {term.factors for term in leaf.terms}:
        return None
    terms = [*leaf.terms]
    terms[index] = Term(new, leaf.terms[index].weight)
    return with_leaf(node, path, Sum(tuple(terms)))


def _split(node: Node, features: Sequence[Feature], rng: random.Random) -> Node | None:
    """Act differently where a condition holds."""
    path, leaf = rng.choice(leaves(node))
    other = random_sum(features, rng)
    near, far = (leaf, other) if rng.random() < 0.5 else (other, leaf)
    return with_leaf(node, path, random_switch(features, rng, near, far))


def _catch(node: Node, features: Sequence[Feature], rng: random.Random) -> Node | None:
    """Come to rest near zero."""
    return random_catch(features, rng, node)


def _join(node: Node, features: Sequence[Feature], rng: random.Random) -> Node | None:
    """Do without a condition."""
    return None if isinstance(node, Sum) else rng.choice((node.near, node.far))


def _replace_leaf(node: Node, features: Sequence[Feature], rng: random.Random) -> Node | None:
    """Act in another way in one of the cases."""
    if isinstance(node, Sum):
        return None
    path, _ = rng.choice(leaves(node))
    return with_leaf(node, path, random_sum(features, rng))


def _shake(node: Node, features: Sequence[Feature], rng: random.Random) -> Node | None:
    """Move the constants."""
    size = rng.choice((0.1, 0.3, 1.0))
    if isinstance(node, Switch):
        near, far = _shake(node.near, features, rng), _shake(node.far, features, rng)
        assert near is not None and far is not None
        level = node.level * (1 + size * rng.gauss(0, 0.5))
        return replace(node, level=min(max(level, 0.0 if node.window else -1.0), 1.0), near=near, far=far)
    return Sum(tuple(Term(t.factors, t.weight + size * rng.gauss(0, max(abs(t.weight), 0.3))) for t in node.terms))


_EDITS: tuple[tuple[float, _Edit], ...] = (
    (3.0, _add_term),
    (2.0, _drop_term),
    (2.0, _swap_factor),
    (2.0, _split),
    (1.0, _catch),
    (1.0, _join),
    (1.5, _replace_leaf),
    (2.0, _shake),
)
