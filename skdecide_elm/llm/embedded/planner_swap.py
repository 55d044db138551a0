"""Put another Planner into a program: the class, and the imports of the evolve block that it needs."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from skdecide_elm.llm.embedded.idioms import Draft, Setting
from skdecide_elm.llm.embedded.source import Source, Splice, parse
from skdecide_elm.llm.profile import DomainProfile

__all__ = ["headline", "setting_of", "with_planner"]

_ACTION_WORDS = ("action", "move", "choice")
_PICKERS = ("choice", "choices", "sample")


def headline(source: Source) -> str:
    """First line of the Planner's docstring."""
    return (ast.get_docstring(source.planner) or "").split("\n")[0]


def setting_of(profile: DomainProfile, source: Source) -> Setting:
    """The profile together with the actions that the program writes out."""
    if profile.access == "integrated":
        return Setting(profile)
    found = next((text for node in ast.walk(source.tree) if (text := _written_actions(node))), None)
    return Setting(profile, found)


def with_planner(source: Source, draft: Draft) -> str:
    """The program with the draft in place of its Planner.

    Imports that the new class lacks are added to the evolve block; imports of the block that nothing uses any
    more are removed.
    """
    block_start, block_end = source.block_lines()
    start, end = source.planner_lines()
    swapped = parse(source.splice([Splice(start, end, _with_signatures_of(source, draft.text))]))
    assert swapped is not None, "an idiom is valid Python"
    unused = [node for node in _imports(swapped, block_start, block_end) if not _is_used(node, swapped.tree)]
    spans = [span for node in unused if (span := swapped.lines_span(node, node)) is not None]
    tidied = parse(swapped.splice(Splice(*span, "") for span in spans))
    assert tidied is not None, "removing imports keeps a program valid"
    return _with_imports(tidied, block_start, draft.imports)


def _with_signatures_of(source: Source, text: str) -> str:
    """The drafted class with the current signatures and annotations, where arguments have the same names."""
    draft = parse(text)
    assert draft is not None, "an idiom is valid Python"
    current = {method.name: method for method in _methods(source)}
    return draft.splice(
        Splice(*_header(draft, method), source.text[slice(*_header(source, current[method.name]))])
        for method in _methods(draft)
        if method.name in current and _arguments(method) == _arguments(current[method.name])
    )


def _methods(source: Source) -> list[ast.FunctionDef]:
    return [node for node in source.planner.body if isinstance(node, ast.FunctionDef)]


def _arguments(method: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in ast.walk(method.args) if isinstance(argument, ast.arg)]


def _header(source: Source, method: ast.FunctionDef) -> tuple[int, int]:
    """Offsets from ``def`` to the colon before the body."""
    start, body = source.span(method)[0], source.span(method.body[0])[0]
    return start, start + len(source.text[start:body].rstrip())


def _imports(source: Source, start: int, end: int) -> list[ast.Import | ast.ImportFrom]:
    """Top-level imports between two offsets."""
    nodes = [node for node in source.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return [node for node in nodes if start <= source.span(node)[0] < end]


def _bound_names(node: ast.Import | ast.ImportFrom) -> set[str]:
    return {alias.asname or alias.name.split(".")[0] for alias in node.names}


def _is_used(node: ast.Import | ast.ImportFrom, tree: ast.Module) -> bool:
    bound = _bound_names(node)
    future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    used = {name.id for name in ast.walk(tree) if isinstance(name, ast.Name)}
    return future or "*" in bound or bool(bound & used)


def _with_imports(source: Source, block_start: int, wanted: tuple[str, ...]) -> str:
    """The program with the wanted import lines, unless their names are imported already."""
    top_level = [node for node in source.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    present = {ast.unparse(node) for node in top_level}
    missing = sorted(line for line in wanted if line not in present)
    kept = _imports(source, block_start, source.planner_lines()[0])
    if kept:
        places: dict[int, str] = {}
        for line in missing:
            at = _place_among(source, kept, line)
            places[at] = f"{places.get(at, '')}{line}\n"
        return source.splice([Splice(at, at, lines) for at, lines in places.items()])
    rest = source.text[block_start:]
    blank = len(rest) - len(rest.lstrip("\n"))  # left over from imports that are gone
    text = "\n".join(missing)
    return source.splice([Splice(block_start, block_start + blank, text + "\n\n\n" if text else "")])


def _place_among(source: Source, imports: Sequence[ast.Import | ast.ImportFrom], line: str) -> int:
    """Where an import belongs in the alphabetical order of others."""
    for node in imports:
        if isinstance(node, ast.Import) and ast.unparse(node) > line:
            return source.span(node)[0]
    return source.text.index("\n", source.span(imports[-1])[1]) + 1


def _written_actions(node: ast.AST) -> str | None:
    """The actions that a node writes out: ``ACTIONS = (...)``, ``choice([...])``, ``randrange(4)``."""
    if isinstance(node, ast.Assign) and any(word in ast.unparse(node.targets[0]).lower() for word in _ACTION_WORDS):
        return _literal_collection(node.value)
    if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Name, ast.Attribute)) or not node.args:
        return None
    function = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
    if function in _PICKERS:
        return _literal_collection(node.args[0])
    if function in ("randrange", "randint") and all(isinstance(arg, ast.Constant) for arg in node.args):
        return _integer_range(function, [ast.literal_eval(arg) for arg in node.args])
    return None


def _literal_collection(node: ast.expr) -> str | None:
    """The text of a list or tuple of two or more constants, or of a ``range`` of constants."""
    if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) > 1:
        return ast.unparse(node) if all(isinstance(entry, ast.Constant) for entry in node.elts) else None
    is_range = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"
    if is_range and isinstance(node, ast.Call) and all(isinstance(arg, ast.Constant) for arg in node.args):
        return ast.unparse(node)
    return None


def _integer_range(function: str, bounds: list[object]) -> str | None:
    if not all(isinstance(bound, int) for bound in bounds) or len(bounds) > 2:
        return None
    *first, last = (int(str(bound)) for bound in bounds)
    arguments = [*first, last + (function == "randint")]
    return f"range({', '.join(map(str, arguments))})"
