import functools
import math
from typing import Any

import domains
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skdecide import Domain
from skdecide.hub.domain.mastermind import MasterMind
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.maze.maze import Action, State
from skdecide.hub.domain.rock_paper_scissors.rock_paper_scissors import State as RockState

from skdecide_elm.domain_api.sources import Imports, call_source, is_importable


def local_factory():
    class Local(Maze):
        pass

    return Local


class Outer:
    class Inner:
        pass


def test_importable():
    assert is_importable(Maze)
    assert is_importable(domains.gripper)
    assert is_importable(Outer.Inner)
    assert not is_importable(local_factory())
    assert not is_importable(lambda: Maze())
    assert not is_importable(Maze().reset)
    assert not is_importable(functools.partial(Maze))


def test_something_replaced_in_its_module_is_not_importable(monkeypatch):
    original = domains.gripper
    monkeypatch.setattr(domains, "gripper", lambda: None)
    assert not is_importable(original)


@pytest.mark.parametrize(
    ("factory", "source"),
    [
        (Maze, "Maze()"),
        (domains.small_rcpsp, "small_rcpsp()"),
        (functools.partial(MasterMind, 3, n_positions=2), "MasterMind(3, n_positions=2)"),
        (functools.partial(functools.partial(MasterMind, 3), 4), "MasterMind(3, 4)"),
        (functools.partial(Maze, maze_str="+o+\n+x+"), "Maze(maze_str='+o+\\n+x+')"),
    ],
)
def test_call_that_can_be_written(factory, source):
    assert call_source(factory, Imports()) == (source, "")


@pytest.mark.parametrize(
    ("factory", "reason"),
    [
        (lambda: Maze(), "cannot be imported by name"),
        (local_factory(), "cannot be imported by name"),
        (domains.RCPSP, "RCPSP needs arguments"),
        (functools.partial(domains.BlindMaze, domains.Cell(1, 1)), "cannot be written as short literals"),
        (functools.partial(Maze, "o" * 3000), "cannot be written as short literals"),
        (functools.partial(MasterMind, np.int64(3)), "cannot be written as short literals"),
        (functools.partial(MasterMind, math.inf), "cannot be written as short literals"),
        (functools.partial(MasterMind, nonsense=1), "needs arguments"),
    ],
)
def test_call_that_cannot_be_written(factory, reason):
    source, why = call_source(factory, Imports())
    assert source == ""
    assert reason in why


def test_call_whose_name_is_taken():
    assert call_source(Maze, Imports(taken=frozenset({"Maze"})))[1].startswith("the name Maze clashes")


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def echo(*args: Any, **kwargs: Any) -> Any:
    return args, kwargs


@given(st.lists(literals, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), literals))
def test_written_call_is_the_call(args, kwargs):
    source, _ = call_source(functools.partial(echo, *args, **kwargs), Imports())
    assert eval(source, {"echo": echo}) == (tuple(args), kwargs)


def test_imports_of_annotations():
    imports = Imports(taken=frozenset({"Domain"}))
    assert imports.annotation(dict[str, State | None]) == "dict[str, State | None]"
    assert imports.annotation(Action) == "Action"
    assert imports.annotation(RockState) == "Any"  # another State is imported already
    assert imports.annotation(Domain) == "Any"  # its name is taken
    assert imports.annotation(Domain.T_state) == "Any"
    assert imports.annotation(Outer.Inner) == "Outer.Inner"
    assert imports.lines() == (
        ["from typing import Any"],
        ["from skdecide.hub.domain.maze.maze import Action, State", f"from {__name__} import Outer"],
    )
