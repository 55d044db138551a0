"""Imports point down only; what may import what is said here and nowhere else."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import skdecide_elm

ROOT = "skdecide_elm"

# From high to low. A module may import its own room (the first name below the package) and every lower layer.
LAYERS = [
    {"cli", "demo"},
    {"tune", "config"},
    {"solvers"},
    {"report"},
    {"backends", "elm", "hyperparameters"},
    {"operators", "search", "evaluation"},
    {"bridges"},
    {"prompts"},
    {"domain_api"},
    {"llm"},
    {"programs", "checkpoints"},
    {"core", "errors"},
]
RANK = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}
FOUNDATION = LAYERS[-1]
ON_THE_SIDE = {"environments", "testing"}
APPLICATIONS = {"cli", "demo"}  # they alone import the rooms on the side, and the package by its own name
WITHOUT_SKDECIDE = {"programs", "llm", "core", "errors", "checkpoints", "search"}

ENGINE_IMPORTER = f"{ROOT}.backends.openevolve"
ENGINE = [
    "openevolve.controller",
    "openevolve.process_parallel",
    "openevolve.database",
    "openevolve.api",  # runs the controller
    "openevolve.OpenEvolve",  # is the controller
]
PEER = "skdecide.hub.solver.openevolve"


@dataclass(frozen=True)
class Import:
    """One imported name: ``target`` is a module, or a module and a name in it, by its full dotted path."""

    importer: str
    target: str
    where: str


def violations(package: Path) -> list[str]:
    """What is wrong with the imports of the package in that folder, whatever its name; one line each."""
    modules = {_module_name(path, package): path for path in sorted(package.rglob("*.py"))}
    imports = [found for name, path in modules.items() for found in _imports(name, path)]
    edges = [(found, target) for found in imports if (target := _module_of(found.target, modules))]
    return [
        *(f"{name}: not in LAYERS, give its room a place" for name in modules if not _is_known(_room(name))),
        *(f"{found.where}: {problem}" for found, target in edges if (problem := _upward(found.importer, target))),
        *(f"{found.where}: {problem}" for found in imports if (problem := _foreign(found))),
        *_cycles(edges),
    ]


def _module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join([ROOT, *(parts[:-1] if parts[-1] == "__init__" else parts)])


def _imports(module: str, path: Path) -> Iterator[Import]:
    """Every import statement of a file, wherever it stands: also under TYPE_CHECKING and in functions."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            targets = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for target in targets:
            yield Import(module, target, f"{module}, line {node.lineno}")


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _module_of(target: str, modules: dict[str, Path]) -> str | None:
    """The module of the package that an import reaches, None for a foreign one."""
    if target in modules:
        return target
    parent = target.rpartition(".")[0]
    return parent if parent in modules else None


def _room(module: str) -> str:
    """``""`` for the package itself, which gathers the public names from everywhere."""
    return module.removeprefix(ROOT).removeprefix(".").partition(".")[0]


def _is_known(room: str) -> bool:
    return room == "" or room in RANK or room in ON_THE_SIDE


def _upward(importer: str, target: str) -> str | None:
    """Why one module of the package may not import another, None if it may."""
    above, below = _room(importer), _room(target)
    if above == below or above in {"", "testing"}:
        return None
    if below in ON_THE_SIDE or below == "":
        allowed, reason = above in APPLICATIONS, "which only cli and demo may"
    elif above in ON_THE_SIDE:
        allowed, reason = below in FOUNDATION, f"it may import {sorted(FOUNDATION)} only"
    else:
        allowed, reason = RANK.get(above, 0) < RANK.get(below, len(LAYERS)), "which is not below it"
    return None if allowed else f"{above} imports {below or ROOT}, {reason}"


def _foreign(found: Import) -> str | None:
    """Why a module of the package may not import something from outside, None if it may."""
    if _is_within(found.target, PEER):
        return f"imports {PEER}, the peer"
    if not _is_within(found.importer, ENGINE_IMPORTER) and any(_is_within(found.target, engine) for engine in ENGINE):
        return f"imports {found.target}, which only {ENGINE_IMPORTER} may"
    if _room(found.importer) in WITHOUT_SKDECIDE and _is_within(found.target, "skdecide"):
        return f"{_room(found.importer)} imports {found.target}; it must work without scikit-decide"
    return None


def _is_within(target: str, name: str) -> bool:
    return target == name or target.startswith(f"{name}.")


def _cycles(edges: list[tuple[Import, str]]) -> list[str]:
    graph: dict[str, set[str]] = {}
    for found, target in edges:
        graph.setdefault(found.importer, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return ["import cycle: " + " <- ".join(error.args[1])]
    return []


# ---- the package


def test_the_imports_of_the_package_point_down():
    assert violations(Path(skdecide_elm.__file__).parent) == []


# ---- the checker, on small packages written for it

SOUND = {
    "__init__.py": "from skdecide_elm.solvers import Solver",
    "errors.py": "",
    "core.py": "import math\nimport numpy as np",
    "programs/__init__.py": "",
    "programs/text.py": "from skdecide_elm.errors import ElmError\nfrom openevolve.config import Config",
    "programs/reply.py": "from . import text\nfrom .text import child\nfrom ..core import Evaluation",
    "evaluation/__init__.py": "",
    "evaluation/task.py": "import skdecide\nfrom skdecide_elm import bridges\nfrom ..programs import text",
    "bridges.py": "from skdecide.core import Domain",
    "backends/__init__.py": "",
    "backends/openevolve.py": "from openevolve.controller import OpenEvolve\nfrom skdecide_elm import core",
    "solvers.py": "from skdecide_elm.backends import openevolve",
    "environments/maze.py": "from skdecide import Domain\nfrom skdecide_elm.core import Seedable",
    "testing.py": "from skdecide_elm.solvers import Solver",
    "demo.py": "import skdecide_elm\nfrom skdecide_elm.environments.maze import Maze",
}


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_sound_package_has_no_violations(tmp_path):
    assert violations(write(tmp_path, SOUND)) == []


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "core.py",
            "from skdecide_elm.programs.text import x",
            "core, line 1: core imports programs, which is not",
        ),
        ("core.py", "import skdecide_elm.errors", "core imports errors, which is not below it"),
        (
            "bridges.py",
            "def f():\n    from .backends import openevolve",
            "bridges, line 2: bridges imports backends",
        ),
        (
            "search/a.py",
            "from skdecide_elm.operators import b",
            "search imports operators, which is not below it",
        ),
        ("operators/b.py", "from ..evaluation.task import Task", "operators imports evaluation"),
        (
            "prompts/p.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from skdecide_elm import solvers",
            "prompts imports solvers",
        ),
        (
            "solvers.py",
            "from skdecide_elm.environments.maze import Maze",
            "solvers imports environments, which only",
        ),
        (
            "hyperparameters.py",
            "from skdecide_elm import IntegratedOpenEvolve",
            "hyperparameters imports skdecide_elm, which only",
        ),
        (
            "evaluation/task.py",
            "import skdecide_elm.testing",
            "evaluation imports testing, which only",
        ),
        (
            "environments/maze.py",
            "import skdecide_elm.bridges",
            "environments imports bridges, it may import",
        ),
        ("llm/client.py", "import skdecide", "llm imports skdecide; it must work without"),
        (
            "search/a.py",
            "from skdecide.core import D",
            "search imports skdecide.core.D; it must work without",
        ),
        ("solvers.py", "from openevolve import database", "imports openevolve.database, which only"),
        ("backends/elm.py", "from openevolve import OpenEvolve", "imports openevolve.OpenEvolve, which only"),
        (
            "evaluation/task.py",
            "import openevolve.process_parallel as p",
            "imports openevolve.process_parallel",
        ),
        (
            "solvers.py",
            "from skdecide.hub.solver import openevolve",
            "imports skdecide.hub.solver.openevolve, the peer",
        ),
        ("testing.py", "from skdecide.hub.solver.openevolve.x import y", "the peer"),
        ("new_room.py", "", "skdecide_elm.new_room: not in LAYERS"),
        (
            "programs/text.py",
            "from skdecide_elm.programs.reply import x",
            "import cycle: skdecide_elm.programs.",
        ),
        (
            "programs/__init__.py",
            "from .text import x\nfrom . import y",
            "import cycle: skdecide_elm.programs",
        ),
    ],
)
def test_a_planted_violation_is_found(tmp_path, file, text, expected):
    files = {"operators/b.py": "", **SOUND, file: text}
    found = violations(write(tmp_path, files))
    assert len(found) == 1
    assert expected in found[0]
