import domains
import pytest
from skdecide import ImplicitSpace
from skdecide.hub.space.gym import BoxSpace, EnumSpace, ListSpace, SetSpace

from skdecide_elm.domain_api.spaces import call_or_none, space_detail, spaces_by_agent


@pytest.mark.parametrize(
    ("space", "detail"),
    [
        (EnumSpace(domains.Lamp), "{Lamp.off, Lamp.on}"),
        (ListSpace([(1, [2]), "a"]), "{(1, [2]), 'a'}"),
        (ListSpace([]), "{}"),
        (ListSpace([lambda: 1]), "{...}"),
        (SetSpace([1, 2]), "Discrete(2)"),
        (BoxSpace(-1, 1, (2,)), "Box(-1.0, 1.0, (2,), float32)"),
        (ImplicitSpace(lambda x: True), ""),
    ],
)
def test_detail(space, detail):
    assert space_detail(space) == detail


def test_detail_is_short():
    assert space_detail(ListSpace(range(21))) == "{" + ", ".join(map(str, range(20))) + ", ...}"
    assert space_detail(ListSpace(range(20))) == "{" + ", ".join(map(str, range(20))) + "}"
    assert len(space_detail(ListSpace(["x" * 50] * 20))) == 303


def test_by_agent():
    assert spaces_by_agent({"a": 1}) == {"a": 1}
    assert spaces_by_agent([1]) == {None: [1]}


def test_method_that_is_not_implemented():
    assert call_or_none(domains.Unstarted().get_action_space) is None
    assert call_or_none(domains.gripper().get_action_space) is not None
