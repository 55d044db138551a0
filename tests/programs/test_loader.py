"""From the text of a program to its Planner class."""

from __future__ import annotations

import inspect
import pickle
import textwrap
import traceback

import pytest

from skdecide_elm.errors import PlannerError
from skdecide_elm.programs.loader import PROGRAM_FILENAME, load_planner_class

PLANNER = """
class Planner:
    def sample_action(self, observation):
        return observation.missing
"""


def load(code: str) -> type:
    return load_planner_class(textwrap.dedent(code))


def test_the_class_is_found():
    assert load(PLANNER).__name__ == "Planner"


def test_the_program_is_a_module_of_its_own():
    planner = load("SECRET = 7\nfrom dataclasses import dataclass\n@dataclass" + PLANNER)
    assert "SECRET" not in globals()
    assert planner() == planner()
    assert pickle.loads(pickle.dumps(planner())) == planner()


def test_nothing_is_inherited_from_the_loader():
    """A program's annotations are what they are in a file: evaluated, unless it says otherwise."""
    planner = load("""
        class Planner:
            limit: int = 3
            def sample_action(self, observation): ...
    """)
    assert planner.__annotations__ == {"limit": int}


def test_main_blocks_are_not_run():
    load(PLANNER + "\nif __name__ == '__main__':\n    raise SystemExit\n")


def test_tracebacks_and_inspect_show_its_lines():
    planner = load(PLANNER)
    with pytest.raises(AttributeError) as caught:
        planner().sample_action(3)
    last = traceback.extract_tb(caught.tb)[-1]
    assert (last.filename, last.lineno, last.line) == (PROGRAM_FILENAME, 4, "return observation.missing")
    assert inspect.getsource(planner) == PLANNER.lstrip("\n")


def test_the_next_program_replaces_the_lines():
    load("# another program\n" + PLANNER)
    planner = load(PLANNER)
    assert inspect.getsource(planner) == PLANNER.lstrip("\n")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("x = 1", "nothing of that name"),
        ("Planner = 7", "7"),
        ("def Planner(domain): ...", "<function Planner at .*>"),
        ("class Planner: pass", "<class 'evolved_program.Planner'>"),
        ("class Planner:\n    sample_action = 7", "<class 'evolved_program.Planner'>"),
    ],
)
def test_a_program_without_a_planner(code, found):
    with pytest.raises(PlannerError, match=f"a method sample_action; found {found}; keep `class Planner`"):
        load(code)


@pytest.mark.parametrize("raised", ["SystemExit", "KeyboardInterrupt", "ZeroDivisionError"])
def test_what_the_program_raises_is_raised(raised):
    with pytest.raises(BaseException) as caught:
        load(f"raise {raised}")
    assert type(caught.value).__name__ == raised


def test_a_text_that_is_not_python():
    with pytest.raises(SyntaxError, match=f"{PROGRAM_FILENAME}, line 1"):
        load("class Planner")
