"""Features of code, and their bounds."""

import math

import pytest

from skdecide_elm.errors import ConfigError
from skdecide_elm.search.measures import (
    CODE_FEATURES,
    Feature,
    ast_depth,
    ast_nodes,
    code_length,
    cyclomatic_complexity,
)

BRANCHES = """
def f(x):
    for y in [z for z in x if z if not z]:   # 1 + 1 + 2

        while y and x or z:                  # 1 + 2
            try:
                assert x                     # 1
            except ValueError:               # 1
                return 1 if x else 2         # 1
"""


def test_code_features():
    assert code_length("a\n\n  \nb\n") == 2
    assert cyclomatic_complexity("x = 1") == 1
    assert cyclomatic_complexity(BRANCHES) == 1 + 4 + 3 + 3
    assert ast_depth("") == 1
    assert ast_depth("x = -1") == 4  # Module, Assign, UnaryOp, Constant (or USub)


def test_nodes():
    assert ast_nodes("") == 1
    assert ast_nodes("pass\npass") == 3
    assert ast_nodes("x = 1") == 5  # Module, Assign, Name, Store, Constant


@pytest.mark.parametrize("name", ["cyclomatic_complexity", "ast_depth", "ast_nodes"])
@pytest.mark.parametrize("code", ["def", "\0", "(" * 5000])
def test_code_that_cannot_be_parsed_has_no_features(name, code):
    assert math.isnan(CODE_FEATURES[name](code))


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), (0.0, math.inf), (math.nan, 1.0)])
def test_bounds_that_cannot_be(bounds):
    with pytest.raises(ConfigError, match="low < high"):
        Feature("a", bounds)
