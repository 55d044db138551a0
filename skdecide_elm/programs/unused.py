"""What nothing needs any more when a part of a program is gone: names, constants with their bounds, imports, code that
is not reached."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from skdecide_elm.programs.markers import END, START, lines_inside
from skdecide_elm.programs.normal_form import parse
from skdecide_elm.programs.text_positions import TextPositions

__all__ = ["without_newly_unused"]

_Entry: TypeAlias = "tuple[ast.expr, ast.expr]"
_Path: TypeAlias = "tuple[str, ...]"


class _Names(NamedTuple):
    """Plain names, and those of attributes."""

    plain: frozenset[str]
    attributes: frozenset[str]


def without_newly_unused(code: str, before: str) -> str:
    """The program without what only its form ``before`` has used, within the evolve blocks.

    What that form did not use either stays: it may be there for somebody else.

    Raises:
        ProgramError: a text is not Python.
    """
    before_tree = parse(before)
    used, local = _used(before_tree), dict(_local_names(before_tree))
    while True:
        tree = parse(code)
        now = _used(tree)
        attributes = used.attributes - now.attributes
        # constants of a class are read as attributes, those of a module as plain names
        gone = _Names((used.plain | used.attributes) - now.plain - now.attributes, attributes)
        spans = (range(first, last + 1) for first, last in _spans(tree, gone, local))
        lines = {number for span in spans for number in span} & lines_inside(code)
        if not lines:
            return _without_bounds(code, gone)
        code = _without(code, lines)


def _local_names(node: ast.AST, path: _Path = ()) -> Iterator[tuple[_Path, frozenset[str]]]:
    """The plain names that each function reads, by where it is defined; none of those that bind names of others."""
    path = (*path, getattr(node, "name", ""))
    if isinstance(node, ast.FunctionDef):
        is_closed = not any(isinstance(inner, (ast.Global, ast.Nonlocal)) for inner in ast.walk(node))
        yield path, _used(node).plain if is_closed else frozenset()
    for child in ast.iter_child_nodes(node):
        yield from _local_names(child, path)


def _used(tree: ast.AST) -> _Names:
    """All that is read, called or counted up."""
    increments = [node.target for node in ast.walk(tree) if isinstance(node, ast.AugAssign)]
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))]
    read = [node for node in nodes if isinstance(node.ctx, ast.Load) or node in increments]
    return _Names(
        frozenset(node.id for node in read if isinstance(node, ast.Name)),
        frozenset(node.attr for node in read if isinstance(node, ast.Attribute)),
    )


def _spans(
    node: ast.AST, gone: _Names, local: Mapping[_Path, frozenset[str]], path: _Path = ()
) -> Iterator[tuple[int, int]]:
    """The lines, from and to, of what is there for names that are gone, and of what is not reached.

    Args:
        local: the plain names that functions have used before, by `_local_names`.
    """
    path = (*path, getattr(node, "name", ""))
    if isinstance(node, ast.FunctionDef):
        gone = gone._replace(plain=local.get(path, frozenset()) - _used(node).plain)
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            reached, unreached = _by_reach(block)
            dispensable = [statement for statement in reached if _is_dispensable(statement, gone)]
            lost = [*(dispensable if len(dispensable) < len(reached) else ()), *unreached]
            yield from ((_first_line(statement), statement.end_lineno or 0) for statement in lost)
    if isinstance(node, ast.Assign) and _is_declaration(node):
        yield from _entries(node, gone)
    for child in ast.iter_child_nodes(node):
        yield from _spans(child, gone, local, path)


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(node.lineno for node in decorators)])


def _by_reach(block: list[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements up to the first that leaves the block, and those after it."""
    jumps = (ast.Return, ast.Raise, ast.Break, ast.Continue)
    end = next((number for number, node in enumerate(block, start=1) if isinstance(node, jumps)), len(block))
    return block[:end], block[end:]


def _is_dispensable(statement: ast.stmt, gone: _Names) -> bool:
    if isinstance(statement, ast.Assign):
        return all(_is_gone(part, gone) for target in statement.targets for part in _parts(target))
    if isinstance(statement, ast.AnnAssign):
        return _is_gone(statement.target, gone)
    if isinstance(statement, ast.FunctionDef):
        return statement.name in gone.plain
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return gone.plain.issuperset(alias.asname or alias.name.split(".")[0] for alias in statement.names)
    return False


def _parts(target: ast.expr) -> list[ast.expr]:
    return [part for entry in target.elts for part in _parts(entry)] if isinstance(target, ast.Tuple) else [target]


def _is_gone(target: ast.expr, gone: _Names) -> bool:
    """Whether a target is a name or an attribute of ``self`` that is gone."""
    if isinstance(target, ast.Name):
        return target.id in gone.plain
    return isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self" and target.attr in gone.attributes


def _is_declaration(statement: ast.Assign) -> bool:
    """Whether it declares bounds, all of them in its own text."""
    value = statement.value
    return ast.unparse(statement.targets[0]) == "TUNABLES" and isinstance(value, ast.Dict) and None not in value.keys


def _entries(statement: ast.Assign, gone: _Names) -> Iterator[tuple[int, int]]:
    """The lines of the bounds of constants that are gone; the whole declaration if no other is left."""
    lost, kept = _divided(statement, gone)
    if lost and not kept:
        yield statement.lineno, statement.end_lineno or 0
    elif len({key.lineno for key, _ in (*lost, *kept)} | {statement.lineno}) > len(lost) + len(kept):
        yield from ((key.lineno, value.end_lineno or 0) for key, value in lost)


def _divided(declaration: ast.Assign, gone: _Names) -> tuple[list[_Entry], list[_Entry]]:
    """The entries for constants that are gone, and the others."""
    lost: list[_Entry] = []
    kept: list[_Entry] = []
    assert isinstance(declaration.value, ast.Dict)
    for key, value in zip(declaration.value.keys, declaration.value.values, strict=True):
        assert key is not None
        (lost if isinstance(key, ast.Constant) and key.value in gone.plain else kept).append((key, value))
    return lost, kept


def _without_bounds(code: str, gone: _Names) -> str:
    """The text without the bounds of constants that are gone, where several stand in a line."""
    positions = TextPositions(code)
    edits = []
    for node in ast.walk(parse(code)):
        if isinstance(node, ast.Assign) and _is_declaration(node):
            lost, kept = _divided(node, gone)
            if not lost:
                continue
            entries = [f"{positions.source(key)}: {positions.source(value)}" for key, value in kept]
            edits.append((*positions.span(node.value), "{" + ", ".join(entries) + "}"))
    return positions.replaced(edits)


def _without(code: str, numbers: set[int]) -> str:
    """The text without some lines, and without the blank ones that would then stand beside others or a marker."""
    kept: list[str] = []
    is_after_gap = False
    for number, line in enumerate(code.split("\n"), start=1):
        if number in numbers:
            is_after_gap = True
        elif is_after_gap and not line.strip() and kept and (not kept[-1].strip() or START in kept[-1]):
            continue
        else:
            while is_after_gap and END in line and kept and not kept[-1].strip():
                kept.pop()
            is_after_gap = False
            kept.append(line)
    return "\n".join(kept)
