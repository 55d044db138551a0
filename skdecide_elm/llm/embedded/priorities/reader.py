"""The priority rule that a Planner's text says, if it says one as ``writer`` does."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from skdecide_elm.llm.embedded.idioms.base import Setting
from skdecide_elm.llm.embedded.priorities.drafts import normalised
from skdecide_elm.llm.embedded.priorities.model import Condition, Preference, Rule, Term
from skdecide_elm.llm.embedded.priorities.writer import ORDINALS, scale
from skdecide_elm.llm.embedded.source import Source
from skdecide_elm.llm.profile import ChoiceProfile

__all__ = ["read"]


class _NoRule(Exception):
    """The text says something else."""


def read(setting: Setting, source: Source) -> Rule | None:
    """The rule that the program's Planner is, or None."""
    methods = {node.name: node for node in source.planner.body if isinstance(node, ast.FunctionDef)}
    constants = source.constants()
    looks_ahead = "choose" in methods
    method = methods.get("choose" if looks_ahead else "sample_action")
    if method is None or looks_ahead != ("HORIZON" in constants):
        return None
    features = {feature.name: feature for feature in setting.profile.choices}
    try:
        preferences = _Reading(features, constants).preferences(method.body)
    except _NoRule:
        return None
    return Rule(tuple(preferences), int(constants.get("HORIZON", 0)))


class _Reading:
    def __init__(self, features: Mapping[str, ChoiceProfile], constants: Mapping[str, float]) -> None:
        self._features, self._constants = features, constants
        self._sum: ast.expr | None = None

    def preferences(self, body: Sequence[ast.stmt]) -> list[Preference]:
        """Those of a method that computes features, then returns from one preference after the other."""
        found: list[Preference] = []
        conditions: tuple[Condition, ...] = ()
        for statement in body:
            if isinstance(statement, ast.Assign):
                conditions = self._conditions_of(statement) or conditions
            elif isinstance(statement, ast.If) and conditions and not statement.orelse:
                found.append(Preference(conditions, self._answer(statement.body)))
                conditions = ()
            elif isinstance(statement, ast.Return) and not conditions:
                return [*found, Preference((), self._answer([statement]))]
            else:
                raise _NoRule
        raise _NoRule

    def _conditions_of(self, statement: ast.Assign) -> tuple[Condition, ...]:
        """Those that an assignment names; none where it computes a feature, the list of actions or an index."""
        name, value = ast.unparse(statement.targets[0]), statement.value
        if name in ORDINALS:
            return tuple(self._conditions(value))
        if name == "index":
            self._sum = value
        elif name != "actions" and (name not in self._features or ast.unparse(value) != self._expression(name)):
            raise _NoRule
        return ()

    def _expression(self, name: str) -> str:
        return ast.unparse(ast.parse(self._features[name].expression, mode="eval").body)

    def _conditions(self, node: ast.expr) -> list[Condition]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
            return [*self._conditions(node.left), *self._conditions(node.right)]
        if not isinstance(node, ast.Compare) or not isinstance(node.left, ast.Name):
            raise _NoRule
        if node.left.id not in self._features or not isinstance(node.ops[0], (ast.LtE, ast.GtE)):
            raise _NoRule
        return [Condition(node.left.id, isinstance(node.ops[0], ast.LtE), self._constant(node.comparators[0]))]

    def _answer(self, statements: Sequence[ast.stmt]) -> tuple[Term, ...]:
        """The index by which some statements choose."""
        for statement in statements[:-1]:
            if not isinstance(statement, ast.Assign) or self._conditions_of(statement):
                raise _NoRule
        last = statements[-1]
        if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Subscript):
            raise _NoRule
        value = last.value.slice
        if isinstance(value, ast.Constant) and value.value == 0:
            return ()
        if not isinstance(value, ast.Call) or ast.unparse(value.func) != "np.argmax":
            raise _NoRule
        index = value.args[0]
        if isinstance(index, ast.Call) and ast.unparse(index.func) == "np.where":
            index = index.args[1]
        return () if isinstance(index, ast.Name) and index.id in ORDINALS else self._index(index)

    def _index(self, node: ast.expr) -> tuple[Term, ...]:
        if isinstance(node, ast.Name) and node.id == "index" and self._sum is not None:
            node = self._sum
        return normalised([self._term(part, sign) for part, sign in _summands(node, 1.0)])

    def _term(self, node: ast.expr, sign: float) -> Term:
        weight, names, target = sign, [], None
        for factor in _factors(node):
            if isinstance(factor, ast.UnaryOp) and isinstance(factor.op, ast.USub):
                weight, factor = -weight, factor.operand
            name, power = factor, 1
            if isinstance(factor, ast.BinOp) and isinstance(factor.op, ast.Pow) and ast.unparse(factor.right) == "2":
                name, power = factor.left, 2
            if isinstance(factor, ast.Call):
                name, target = self._distance(factor)
            if isinstance(name, ast.Name) and name.id in self._features:
                names += [name.id] * power
            else:
                weight *= self._constant(factor)
        if not names or not weight or (target is not None and len(names) > 1):
            raise _NoRule
        return Term(tuple(sorted(names)), weight * scale(names, self._features), target)

    def _distance(self, call: ast.Call) -> tuple[ast.expr, float]:
        """The feature and the target between which a call gives the distance."""
        if ast.unparse(call.func) != "abs" or len(call.args) != 1:
            raise _NoRule
        difference = call.args[0]
        if not isinstance(difference, ast.BinOp) or not isinstance(difference.op, ast.Sub):
            raise _NoRule
        return difference.left, self._constant(difference.right)

    def _constant(self, node: ast.expr) -> float:
        name = node.attr if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self" else ""
        if name not in self._constants:
            raise _NoRule
        return self._constants[name]


def _summands(node: ast.expr, sign: float) -> list[tuple[ast.expr, float]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        other = sign if isinstance(node.op, ast.Add) else -sign
        return [*_summands(node.left, sign), *_summands(node.right, other)]
    return [(node, sign)]


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]
