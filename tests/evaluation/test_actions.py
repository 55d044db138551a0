"""What is sent of a space, and which answers are actions."""

from __future__ import annotations

import io
import pickle
from enum import Enum

import numpy as np
import pytest
from domains import BlackBoxMaze, BlindMaze, Lamp, Lamps, Road, Step, gripper, small_rcpsp
from gymnasium import spaces as gym_spaces
from hypothesis import given
from hypothesis import strategies as st
from local_actor import evaluate_here
from skdecide import Domain, ImplicitSpace
from skdecide.hub.space.gym import BoxSpace, DiscreteSpace, EnumSpace, GymSpace, ListSpace, MultiDiscreteSpace

from skdecide_elm.bridges import Integrated
from skdecide_elm.errors import EvaluationError
from skdecide_elm.evaluation import RolloutTask
from skdecide_elm.evaluation.actions import (
    AskedActions,
    EventLists,
    ListedActions,
    SpaceSender,
    action_codec,
    check_action,
)
from skdecide_elm.evaluation.codec import ActionError


def holds_domain(value: object) -> bool:
    found = []

    class Seeker(pickle.Unpickler):
        def find_class(self, module, name):
            cls = super().find_class(module, name)
            if isinstance(cls, type) and issubclass(cls, Domain):
                found.append(cls)
            return cls

    Seeker(io.BytesIO(pickle.dumps(value))).load()
    return bool(found)


# --- sending


@pytest.mark.parametrize("factory", [small_rcpsp, gripper, Road, BlindMaze], ids=lambda f: f.__name__)
def test_no_domain_is_sent_with_a_space(factory):
    domain = factory()
    domain.reset()
    spaces = domain.get_applicable_actions()
    sent = SpaceSender()(spaces)
    assert not holds_domain(sent)
    assert [str(action) for action in sent.get_elements()] == [str(action) for action in spaces.get_elements()]


def test_the_space_of_a_schedule_is_sent_as_its_elements():
    domain = small_rcpsp()
    domain.reset()
    assert isinstance(SpaceSender()(domain.get_applicable_actions()), ListedActions)


def test_a_space_that_can_be_sent_is_sent_as_it_is():
    space = ListSpace([1, 2])
    assert SpaceSender()({"ann": space}) == {"ann": space}


def test_a_space_that_can_neither_be_sent_nor_listed_is_asked():
    domain = BlackBoxMaze()
    domain.reset()
    sent = SpaceSender()(domain.get_applicable_actions())
    assert isinstance(sent, AskedActions)
    sent.bind(domain.get_applicable_actions().contains)
    assert [sent.contains(step) for step in Step] == [step in domain.get_applicable_actions() for step in Step]


def test_agents_need_spaces_that_can_be_sent():
    domain = BlackBoxMaze()
    domain.reset()
    with pytest.raises(EvaluationError, match=r"ImplicitSpace that can neither be pickled nor enumerated"):
        SpaceSender()({"ann": domain.get_applicable_actions()})


# --- listed actions


class Same:
    """Equal to all of its kind."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same)

    __hash__ = object.__hash__


def test_an_element_is_found_by_identity_first():
    elements = [Same(), Same(), Same()]
    assert [ListedActions(elements).index(element) for element in elements] == [0, 1, 2]
    assert ListedActions(elements).index(Same()) == 0


@given(st.lists(st.integers() | st.text(), min_size=1))
def test_an_element_is_found_by_equality(elements):
    listed = ListedActions(elements)
    assert all(elements[listed.index(element)] == element for element in elements)
    assert listed.contains(listed.sample())


def test_what_is_not_listed():
    with pytest.raises(ActionError, match="expected one of the 2 applicable actions; found 3"):
        ListedActions([1, 2]).index(3)


# --- checking


class Move(Enum):
    left = 0
    right = 1


class OtherMove(Enum):
    left = 0


DISCRETE = DiscreteSpace(3)
BOX = BoxSpace(np.array([-1.0, -1.0]), np.array([1.0, 1.0]), dtype=np.float64)
MULTI = MultiDiscreteSpace([2, 3])
PLAIN_BOX = GymSpace(gym_spaces.Box(0, 1, (2, 2)))
AGENTS = {"ann": DISCRETE, "bob": EnumSpace(Move)}
PARALLEL = EventLists(EnumSpace(Move))

GOOD = [
    (DISCRETE, 0), (DISCRETE, 2),
    (EnumSpace(Move), Move.left),
    (BOX, [0.5, -0.5]), (BOX, np.zeros(2)), (BOX, (1, 0)), (BOX, [1 + 1e-9, -1.0]),
    (PLAIN_BOX, [[0, 1], [1, 0]]),
    (MULTI, np.array([1, 2])),
    (AGENTS, {"ann": 1, "bob": Move.right}),
    (PARALLEL, []), (PARALLEL, [Move.left, Move.right]), (PARALLEL, Move.left),
    (ListSpace(["a", 1]), "a"),
    (ImplicitSpace(lambda n: n > 3), 4),
]  # fmt: skip
BAD = [
    (DISCRETE, 3), (DISCRETE, -1), (DISCRETE, 0.5), (DISCRETE, None), (DISCRETE, "0"), (DISCRETE, [0]),
    (EnumSpace(Move), OtherMove.left), (EnumSpace(Move), 0), (EnumSpace(Move), "left"), (EnumSpace(Move), [Move.left]),
    (BOX, [0.5]), (BOX, [7.0, 0.0]), (BOX, [0.0, -1.01]),
    (BOX, [np.nan, 0]), (BOX, [np.inf, 0]), (BOX, "ab"), (BOX, ["a", "b"]), (BOX, None), (BOX, {}),
    (BOX, [[0], [0, 1]]), (BOX, [1j, 0]),
    (MULTI, np.array([2, 0])), (MULTI, np.array([0])), (MULTI, 0),
    (AGENTS, {"ann": 1}), (AGENTS, {"ann": 1, "bob": Move.left, "eve": 1}), (AGENTS, {"ann": 3, "bob": Move.left}),
    (AGENTS, [1, Move.left]), (AGENTS, None),
    (PARALLEL, [Move.left, OtherMove.left]), (PARALLEL, (Move.left,)), (PARALLEL, None),
    (ListSpace(["a", 1]), "b"), (ListSpace(["a", 1]), ["a"]), (ListSpace(["a"]), []),
    (ImplicitSpace(lambda n: n > 3), 3),
]  # fmt: skip


@pytest.mark.parametrize(("space", "action"), GOOD)
def test_an_action(space, action):
    check_action(action, space)


@pytest.mark.parametrize(("space", "action"), BAD)
def test_what_is_no_action(space, action):
    with pytest.raises(ActionError, match=r"^expected .*; found "):
        check_action(action, space)


def test_a_space_whose_contains_says_nothing():
    domain = Road()
    domain.reset()
    space = domain.get_applicable_actions()
    assert space.contains("ab") is None or space.contains("ab")
    check_action("ab", space)
    with pytest.raises(ActionError, match="found bc"):
        check_action("bc", space)


# --- the schema of a domain


def test_the_classes_of_a_domains_actions():
    assert action_codec([BlindMaze()]).classes == (Step,)
    assert action_codec([Lamps()]).classes == (Lamp,)
    assert "SchedulingAction" in {cls.__name__ for cls in action_codec([small_rcpsp()]).classes}


PLAYED = {
    "a schedule": (small_rcpsp, "return applicable_actions.get_elements()[0]"),
    "a graph": (Road, "return applicable_actions.get_elements()[0]"),
    "a maze": (BlindMaze, "return observation.free[-1]"),
    "lamps": (Lamps, "return list(self.domain.get_action_space().get_elements())"),
    "planning": (gripper, "return applicable_actions.get_elements()[0]"),
}


@pytest.mark.parametrize("name", PLAYED)
def test_an_episode_of(name):
    factory, body = PLAYED[name]
    parameters = "observation" if name == "lamps" else "observation, applicable_actions"
    code = f"""
class Planner:
    def __init__(self, domain): self.domain = domain
    def sample_action(self, {parameters}): {body}
"""
    evaluation = evaluate_here(RolloutTask((factory,), Integrated(), num_episodes=1, max_steps=10), code)
    assert evaluation.is_valid, evaluation.artifacts


def test_a_planner_may_sort_the_elements_that_it_is_shown():
    listed = ListedActions([3, 1, 2])
    shown = listed.get_elements()
    shown.sort()
    assert listed.index(shown[0]) == 1
