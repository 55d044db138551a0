"""Every module says what it exports, and exports what it says."""

import ast
import importlib
import inspect
import pkgutil
import re

import pytest

import skdecide_elm

MODULES = sorted(
    [
        skdecide_elm.__name__,
        *(module.name for module in pkgutil.walk_packages(skdecide_elm.__path__, f"{skdecide_elm.__name__}.")),
    ]
)


def isort_key(name: str) -> tuple[int, list[tuple[bool, int, str]]]:
    """The order of ruff's RUF022: constants, classes, the rest; numbers by their value."""
    group = 0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2
    return group, [
        (not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.findall(r"\d+|\D+", name)
    ]


def public_definitions(source: str) -> set[str]:
    """Names of the functions and classes defined at the top level of a module."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = {node.name for node in ast.parse(source).body if isinstance(node, definitions)}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("name", MODULES)
def test_all_is_complete_true_and_sorted(name):
    module = importlib.import_module(name)
    assert hasattr(module, "__all__"), f"{name} has no __all__"
    exported = list(module.__all__)
    assert [member for member in exported if not hasattr(module, member)] == []
    assert exported == sorted(set(exported), key=isort_key)
    # D is scikit-decide's name for the characteristics of the domain, or the solver's domains, that a module defines
    assert public_definitions(inspect.getsource(module)) - set(exported) - {"D"} == set()


@pytest.mark.parametrize("member", skdecide_elm.__all__ if hasattr(skdecide_elm, "__all__") else [])
def test_public_names_come_from_the_top(member):
    assert getattr(skdecide_elm, member).__doc__


def test_the_order_is_that_of_ruff():
    assert sorted(["b", "A", "X_2", "item10", "item9", "B", "X_1"], key=isort_key) == [
        *("X_1", "X_2", "A", "B", "b", "item9", "item10")
    ]


def test_private_and_nested_definitions_are_not_public():
    assert public_definitions("def f(): ...\nclass C:\n    def g(self): ...\ndef _h(): ...\nx = 1") == {
        "f",
        "C",
    }
