"""The controller that a Planner's text says, if it says one: any polynomial of the features will do."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from skdecide_elm.llm.embedded.controllers.model import Answer, Controller, Node, Sum, Switch, Term
from skdecide_elm.llm.embedded.controllers.writer import answer_lines, push_unit
from skdecide_elm.llm.embedded.features import Feature, computing, features_of
from skdecide_elm.llm.embedded.idioms.base import Setting
from skdecide_elm.llm.embedded.source import Source

__all__ = ["read"]

_Polynomial: TypeAlias = "dict[tuple[str, ...], float]"
"""Coefficients by the sorted names of their factors."""

_EITHER = re.compile(r"return self\.actions\[(-?\d+)\] if push > 0 else self\.actions\[(-?\d+)\]")
_ABOUT = re.compile(r"return self\.actions\[(-?\d+)\]")


class _NoController(Exception):
    """The text says something else."""


def read(setting: Setting, source: Source) -> Controller | None:
    """The controller that the program's Planner is, or None."""
    methods = {node.name: node for node in source.planner.body if isinstance(node, ast.FunctionDef)}
    features = {feature.name: feature for feature in features_of(setting.profile)}
    if "sample_action" not in methods:
        return None
    reading = _Reading(features, source.constants(), push_unit(setting))
    try:
        return reading.controller(methods["sample_action"].body)
    except _NoController:
        return None


class _Reading:
    def __init__(self, features: Mapping[str, Feature], constants: Mapping[str, float], unit: float) -> None:
        self._features, self._constants, self._unit = features, constants, unit

    def controller(self, body: Sequence[ast.stmt]) -> Controller:
        statements = list(body)
        while statements and self._computes_features(statements[0]):
            statements.pop(0)
        if not statements:
            raise _NoController
        return replace(self._answer(statements[1:]), node=self._node(statements[0]))

    def _computes_features(self, statement: ast.stmt) -> bool:
        if not isinstance(statement, ast.Assign):
            return False
        names = {node.id for node in ast.walk(statement.targets[0]) if isinstance(node, ast.Name)}
        lines = computing(list(self._features.values()), names)
        return [ast.unparse(statement)] == [ast.unparse(ast.parse(line)) for line in lines]

    def _answer(self, statements: Sequence[ast.stmt]) -> Controller:
        lines = [line for statement in statements for line in ast.unparse(statement).split("\n")]
        either = _EITHER.fullmatch(lines[-1]) if lines else None
        about = _ABOUT.fullmatch(lines[1].strip()) if len(lines) == 3 else None
        actions = (int(either[2]), int(about[1]) if about else 0, int(either[1])) if either else (0, 0, -1)
        answers: tuple[Answer, ...] = ("either", "rest", "clip", "bang")
        for answer in answers:
            zone = self._constants.get("DEAD_ZONE", 0.0) if answer == "rest" else 0.0
            candidate = Controller(Sum(()), answer, actions, zone)
            if answer_lines(candidate) == lines:
                return candidate
        raise _NoController

    def _node(self, statement: ast.stmt) -> Node:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "push":
            return self._sum(self._polynomial(statement.value))
        if not isinstance(statement, ast.If) or len(statement.body) != 1 or len(statement.orelse) != 1:
            raise _NoController
        near, far = self._node(statement.body[0]), self._node(statement.orelse[0])
        return self._switch(statement.test, near, far)

    def _switch(self, test: ast.expr, near: Node, far: Node) -> Switch:
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            raise _NoController
        left, window = ast.unparse(test.left), isinstance(test.ops[0], ast.Lt)
        feature = left.removeprefix("abs(").removesuffix(")") if window else left
        known = feature in self._features and (window or isinstance(test.ops[0], ast.Gt))
        if not known or window != left.startswith("abs("):
            raise _NoController
        return Switch(feature, window, self._constant(test.comparators[0]) / self._features[feature].scale, near, far)

    def _sum(self, polynomial: _Polynomial) -> Sum:
        return Sum(
            tuple(
                Term(factors, weight * math.prod(self._features[name].scale for name in factors) / self._unit)
                for factors, weight in polynomial.items()
            )
        )

    def _polynomial(self, node: ast.expr) -> _Polynomial:
        if isinstance(node, ast.Name) and node.id in self._features:
            return {(node.id,): 1.0}
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            sign = 1.0 if isinstance(node.op, ast.Add) else -1.0
            return _added(self._polynomial(node.left), self._polynomial(node.right), sign)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            return _multiplied(self._polynomial(node.left), self._polynomial(node.right))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and ast.unparse(node.right) in ("2", "3"):
            base = self._polynomial(node.left)
            square = _multiplied(base, base)
            return square if ast.unparse(node.right) == "2" else _multiplied(base, square)
        return {(): self._constant(node)}

    def _constant(self, node: ast.expr) -> float:
        name = node.attr if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self" else ""
        if name not in self._constants:
            raise _NoController
        return self._constants[name]


def _added(left: _Polynomial, right: _Polynomial, sign: float) -> _Polynomial:
    total = dict(left)
    for factors, weight in right.items():
        total[factors] = total.get(factors, 0.0) + sign * weight
    return total


def _multiplied(left: _Polynomial, right: _Polynomial) -> _Polynomial:
    total: _Polynomial = {}
    for first, weight in left.items():
        for second, other in right.items():
            factors = tuple(sorted((*first, *second)))
            total[factors] = total.get(factors, 0.0) + weight * other
    return total
