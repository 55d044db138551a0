"""What stands between a domain and a planner."""

from __future__ import annotations

import functools

import cloudpickle
import pytest
from domains import BlindMaze, Duel, Lamps, Step

from skdecide_elm.bridges import Integrated, Proxy, act, call_with_domain, planner_copy
from skdecide_elm.errors import MissingDomainError


class Recorder:
    """A planner that remembers what it was asked."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def sample_action(self, *seen):
        self.asked.append(seen)
        return self.answer


def test_unrestricted_actions_need_no_domain():
    planner = Recorder("left")
    assert act(Integrated(), planner, 7, None, restricted=False) == "left"
    assert planner.asked == [(7,)]


def test_restricted_actions_are_shown_as_the_space_of_the_moment():
    domain = BlindMaze()
    observation = domain.reset()
    planner = Recorder(Step.east)
    assert act(Integrated(), planner, observation, domain, restricted=True) is Step.east
    ((seen, space),) = planner.asked
    assert seen is observation
    assert [action for action in Step if space.contains(action)] == [Step.east]


def test_several_agents_are_shown_their_spaces_by_name():
    domain = Duel()
    planner = Recorder({"left": [1], "right": [2]})
    act(Integrated(), planner, domain.reset(), domain, restricted=True)
    ((seen, spaces),) = planner.asked
    assert seen == {"left": 0, "right": 0}
    assert set(spaces) == {"left", "right"}


def test_a_proxy_translates_in_both_directions():
    domain = BlindMaze()
    planner = Recorder("east")
    bridge = Proxy(
        obs_converter=lambda sight: sight.at_exit,
        action_converter=lambda name: Step[name],
        applicable_actions_converter=lambda space: [step.name for step in space],
    )
    assert act(bridge, planner, domain.reset(), domain, restricted=True) is Step.east
    assert planner.asked == [(False, ["east"])]


@pytest.mark.parametrize("domain", [None, Lamps()], ids=["none", "one that restricts nothing"])
def test_restricted_actions_without_the_domain(domain):
    with pytest.raises(MissingDomainError, match=r"call sample_action\(observation, domain=domain\)"):
        act(Integrated(), Recorder(None), 7, domain, restricted=True)


def test_what_a_planner_is_made_of():
    domain = BlindMaze()
    assert Integrated().planner_kwargs(domain) == {"domain": domain}
    assert Proxy().planner_kwargs(domain) == {}
    assert Proxy(kwargs_factory=lambda d: {"rows": d.rows}).planner_kwargs(domain) == {"rows": domain.rows}


def test_the_public_api_only():
    view = Integrated(enforce_public_api=True).planner_kwargs(BlindMaze())["domain"]
    assert isinstance(view, BlindMaze)
    with pytest.raises(AttributeError, match="Access to private member '_exit' is not allowed"):
        view._exit  # noqa: B018


@pytest.mark.parametrize("bridge", [Integrated(True), Proxy(obs_converter=lambda n: n + 1)])
def test_bridges_can_be_carried_to_another_process(bridge):
    carried = cloudpickle.loads(cloudpickle.dumps(bridge))
    assert type(carried) is type(bridge)
    assert carried.observation(1) == bridge.observation(1)


# --- factories that may want to see the domain


class Sketch:
    """A domain of the planner's own, made from the rollout's."""

    def __init__(self, domain=None):
        self.domain = domain


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        (lambda: "nothing", "nothing"),
        (lambda domain: domain, "the domain"),
        (lambda domain, seed=3: (domain, seed), ("the domain", 3)),
        (lambda seed=3: seed, 3),
        (lambda *args, **kwargs: (args, kwargs), ((), {})),
        (functools.partial(lambda size, domain: (size, domain), 4), (4, "the domain")),
        (functools.partial(lambda domain, size: (domain, size), size=4), ("the domain", 4)),
        (dict, {}),
    ],
)
def test_a_factory_gets_the_domain_if_it_has_a_parameter_to_fill(factory, expected):
    assert call_with_domain(factory, "the domain") == expected


def test_a_class_with_an_optional_argument_is_called_without():
    assert call_with_domain(Sketch, "the domain").domain is None


@pytest.mark.parametrize("argument", [False, True], ids=["lambda: domain", "lambda domain: domain"])
def test_the_planners_copy_is_never_the_rollouts_domain(argument):
    domain = BlindMaze()
    copy = planner_copy((lambda given: given) if argument else (lambda: domain), domain)
    assert isinstance(copy, BlindMaze)
    assert copy is not domain
    copy.reset()
    copy.start = None
    assert domain.start is not None


def test_a_new_domain_is_taken_as_it_is():
    made = BlindMaze()
    assert planner_copy(lambda: made, BlindMaze()) is made
