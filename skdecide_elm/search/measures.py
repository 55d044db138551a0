"""Features: what a program, or its evaluation, can be measured by."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from skdecide_elm.core import Program
from skdecide_elm.errors import ConfigError

__all__ = [
    "CODE_FEATURES",
    "Bounds",
    "Feature",
    "ast_depth",
    "ast_nodes",
    "code_length",
    "cyclomatic_complexity",
]

Bounds = tuple[tuple[float, float], ...]
"""Lower and upper bound of each dimension of behaviour space."""

_BRANCHES = (
    *(ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension),
    *(ast.match_case, ast.Assert),
)


def code_length(code: str) -> float:
    """Lines that are not blank."""
    return float(sum(1 for line in code.splitlines() if line.strip()))


def cyclomatic_complexity(code: str) -> float:
    """Decisions of the whole module plus one (McCabe 1976); NaN where the code cannot be parsed."""
    tree = _parsed(code)
    return math.nan if tree is None else 1.0 + sum(map(_decisions, ast.walk(tree)))


def ast_depth(code: str) -> float:
    """Nodes on the longest path of the syntax tree; NaN where the code cannot be parsed."""
    tree = _parsed(code)
    if tree is None:
        return math.nan
    depth = 0
    level: list[ast.AST] = [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return float(depth)


def ast_nodes(code: str) -> float:
    """Nodes of the syntax tree, the finest measure of size; NaN where the code cannot be parsed."""
    tree = _parsed(code)
    return math.nan if tree is None else float(sum(1 for _ in ast.walk(tree)))


CODE_FEATURES: Mapping[str, Callable[[str], float]] = MappingProxyType(
    {
        "code_length": code_length,
        "cyclomatic_complexity": cyclomatic_complexity,
        "ast_depth": ast_depth,
        "ast_nodes": ast_nodes,
    }
)
"""Features of the text of a program, by name."""


@dataclass(frozen=True)
class Feature:
    """One dimension of behaviour space.

    Attributes:
        name: for reports; without a ``function``, a metric of the evaluation or one of `CODE_FEATURES`.
        bounds: the range that cells divide; values beyond it fall into the outermost cells. None: a scale is learned.
        function: computes the value from a program.
    """

    name: str
    bounds: tuple[float, float] | None = None
    function: Callable[[Program], float] | None = None

    def __post_init__(self) -> None:
        if self.bounds is not None and not -math.inf < self.bounds[0] < self.bounds[1] < math.inf:
            raise ConfigError(
                f"expected bounds (low, high) of the feature {self.name} with low < high, both finite; "
                f"found {self.bounds}; give None to have them learned"
            )

    def __call__(self, program: Program) -> float:
        """The value for a program that was evaluated; NaN if it has none."""
        if self.function is not None:
            return float(self.function(program))
        if self.name in CODE_FEATURES:
            return CODE_FEATURES[self.name](program.code)
        return float(program.evaluation.metrics.get(self.name, math.nan))


def _decisions(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    conditions = len(node.ifs) if isinstance(node, ast.comprehension) else 0
    return conditions + isinstance(node, _BRANCHES)


def _parsed(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
