import domains
import pytest
from skdecide import Domain
from skdecide.builders.domain import MultiAgent, SingleAgent
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.rock_paper_scissors import RockPaperScissors

from skdecide_elm.domain_api.characteristics import (
    characteristic_meaning,
    characteristics,
    check_supported,
    has_goals,
    has_restricted_actions,
    is_multi_agent,
    is_parallel,
    leading_characteristics,
)
from skdecide_elm.errors import UnsupportedDomainError


@pytest.mark.parametrize(
    ("factory", "restricted", "multi_agent", "parallel", "goals"),
    [
        (Maze, False, False, False, True),
        (RockPaperScissors, False, True, False, False),
        (domains.BlindMaze, True, False, False, True),
        (domains.Lamps, False, False, True, False),
        (domains.Duel, True, True, True, False),
    ],
)
def test_questions(factory, restricted, multi_agent, parallel, goals):
    domain = factory()
    assert has_restricted_actions(domain) is restricted
    assert is_multi_agent(domain) is multi_agent
    assert is_parallel(domain) is parallel
    assert has_goals(domain) is goals


def test_leading_characteristics_leave_out_what_they_refine():
    names = [cls.__name__ for cls in leading_characteristics(Maze())]
    assert sorted(names) == [
        "DeterministicInitialized",
        "DeterministicTransitions",
        "FullyObservable",
        "Goals",
        "Markovian",
        "PositiveCosts",
        "Renderable",
        "Sequential",
        "SingleAgent",
        "UnrestrictedActions",
    ]
    assert {SingleAgent, MultiAgent} <= set(characteristics(Maze()))


def test_ready_made_domains_are_no_characteristics():
    found = characteristics(domains.small_rcpsp())
    assert not any(issubclass(cls, Domain) for cls in found)
    assert "WithPrecedence" in {cls.__name__ for cls in found}


def test_meaning_comes_from_the_docstring_where_we_have_no_sentence():
    class Foggy:
        """A domain must inherit this class if the weather is
        unknown. More about fog.

        And more.
        """

    assert characteristic_meaning(Foggy) == "The weather is unknown"


def test_supported_domain_passes():
    check_supported(Maze())


def test_missing_characteristic_is_named():
    with pytest.raises(UnsupportedDomainError, match=r"Unresettable lacks Initializable \(reset\(\)"):
        check_supported(domains.Unresettable())


def test_object_that_is_no_domain_lacks_everything():
    with pytest.raises(UnsupportedDomainError, match=r"Initializable .* Environment .* Events"):
        check_supported(object())
