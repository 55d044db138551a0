import copy
import inspect
import pickle

import domains
import pytest
from skdecide import autocast_all
from skdecide.builders.domain import MultiAgent, Parallel
from skdecide.hub.domain.mastermind import MasterMind
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.rock_paper_scissors import RockPaperScissors
from skdecide.utils import rollout

from skdecide_elm.core import Seedable
from skdecide_elm.domain_api import public_proxy
from skdecide_elm.domain_api.characteristics import characteristics

FACTORIES = [
    Maze,
    RockPaperScissors,
    MasterMind,
    domains.BlindMaze,
    domains.Duel,
    domains.Lamps,
    domains.Road,
    domains.small_rcpsp,
    domains.gripper,
]


@pytest.mark.parametrize("factory", FACTORIES)
def test_proxy_is_an_instance_of_every_characteristic(factory):
    domain = factory()
    proxy = public_proxy(domain)
    assert isinstance(proxy, type(domain))
    for characteristic in characteristics(domain):
        assert isinstance(proxy, characteristic)


@pytest.mark.parametrize("factory", FACTORIES)
def test_domain_can_be_played_through_the_proxy(factory):
    proxy = public_proxy(factory())
    first = proxy.reset()
    outcome = proxy.step(domains.some_action(proxy))
    assert type(outcome.observation) is type(first)


def test_missing_protocols_are_still_missing():
    assert not isinstance(public_proxy(Maze()), Seedable)


def test_private_member_is_refused():
    proxy = public_proxy(Maze())
    proxy.reset()
    with pytest.raises(AttributeError, match=r"^Access to private member '_goal' is not allowed\.$"):
        proxy._goal  # noqa: B018
    assert not hasattr(proxy, "_memory")
    assert not hasattr(proxy, "_get_next_state")


def test_attributes_can_be_neither_set_nor_deleted():
    proxy = public_proxy(Maze())
    with pytest.raises(AttributeError, match=r"Cannot change 'display_in_jupyter'.*read-only"):
        proxy.display_in_jupyter = True
    with pytest.raises(AttributeError, match="read-only"):
        del proxy.display_in_jupyter
    assert proxy.display_in_jupyter is False


def test_unknown_attribute_raises_as_on_the_domain():
    with pytest.raises(AttributeError, match="no_such_thing"):
        public_proxy(Maze()).no_such_thing  # noqa: B018


def leads_to(domain, thing):
    """Whether one of the usual dunder doors of an object leads to the domain."""
    doors = ("__self__", "__wrapped__", "__func__", "__dict__", "func", "__objclass__")
    return any(getattr(thing, door, None) is domain for door in doors)


@pytest.mark.parametrize("cast", [False, True])
def test_methods_do_not_hand_out_the_domain(cast):
    domain = domains.BlindMaze()
    if cast:  # what a solver does: its methods are then decorated bound methods, set on the instance

        class Joint(domains.BlindMaze, MultiAgent, Parallel):
            T_agent = MultiAgent.T_agent
            T_concurrency = Parallel.T_concurrency

        autocast_all(domain, domain, Joint)
    proxy = public_proxy(domain)
    assert not hasattr(proxy, "__dict__")
    assert not hasattr(proxy, "__wrapped__")
    for name in dir(proxy):
        assert not leads_to(domain, getattr(proxy, name)), name
        wrapped = getattr(getattr(proxy, name), "__wrapped__", None)
        assert wrapped is None, name
    observation = proxy.reset()
    assert isinstance(observation, dict) is cast


def test_a_method_that_returns_the_domain_returns_the_proxy():
    class Fluent(domains.BlindMaze):
        def itself(self):
            return self

        @property
        def me(self):
            return self

    proxy = public_proxy(Fluent())
    assert proxy.itself() is proxy
    assert proxy.me is proxy


def test_methods_keep_name_docstring_and_signature():
    method = public_proxy(Maze()).get_next_state
    assert method.__name__ == "get_next_state"
    assert method.__doc__ == Maze.get_next_state.__doc__
    assert list(inspect.signature(method).parameters) == ["memory", "action"]


def test_dir_lists_public_members_only():
    names = dir(public_proxy(Maze()))
    assert "get_next_state" in names
    assert not [name for name in names if name.startswith("_")]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_copy_is_a_proxy_of_a_copy(duplicate):
    proxy = public_proxy(domains.BlindMaze())
    proxy.reset()
    other = duplicate(proxy)
    other.step(domains.Step.east)
    # one step east of the start there is a wall: this would raise if the copy had moved the original
    proxy.step(domains.Step.east)
    assert isinstance(other, domains.BlindMaze)
    assert not hasattr(other, "_memory")


def test_pickling_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"cannot be pickled.*factory"):
        pickle.dumps(public_proxy(Maze()))


def test_scikit_decide_can_roll_out_a_proxy():
    [(_, actions, _)] = rollout(
        public_proxy(domains.gripper()), max_steps=5, render=False, verbose=False, return_episodes=True
    )
    assert 1 <= len(actions) <= 5
