import types

import domains
import pytest
import skdecide.core
from skdecide.hub.domain.mastermind import MasterMind
from skdecide.hub.domain.maze import Maze
from skdecide.hub.domain.rock_paper_scissors import RockPaperScissors
from skdecide.hub.domain.simple_grid_world import SimpleGridWorld

from skdecide_elm.domain_api import ApiExtractionParams, extract_api
from skdecide_elm.domain_api.extract import AttributeApi, SpaceApi

FACTORIES = [
    Maze,
    RockPaperScissors,
    MasterMind,
    SimpleGridWorld,
    domains.BlindMaze,
    domains.BlackBoxMaze,
    domains.OpaqueMaze,
    domains.Duel,
    domains.Lamps,
    domains.Road,
    domains.Unstarted,
    domains.small_rcpsp,
    domains.gripper,
]


def method(api, name):
    [found] = [method for method in api.methods if method.name == name]
    return found


def class_names(api):
    return {cls.name for cls in api.classes}


@pytest.mark.parametrize("factory", FACTORIES)
def test_only_public_members_each_once(factory):
    api = extract_api(factory())
    for owner in (api, *api.classes):
        names = [member.name for member in (*owner.attributes, *owner.methods)]
        assert len(set(names)) == len(names)
        assert not [name for name in names if name.startswith("_")]
    assert len(class_names(api)) == len(api.classes)


@pytest.mark.parametrize("factory", FACTORIES)
def test_extraction_is_the_same_every_time(factory):
    assert extract_api(factory()) == extract_api(factory())


def test_maze():
    api = extract_api(Maze())
    assert [(type_.name, type_.type) for type_ in api.types] == [
        ("T_state", "State"),
        ("T_observation", "State"),
        ("T_event", "Action"),
        ("T_value", "float"),
        ("T_predicate", "bool"),
        ("T_info", "None"),
    ]
    assert api.action_spaces == (
        SpaceApi(
            "EnumSpace",
            ("can be sampled", "can be enumerated"),
            "{Action.up, Action.down, Action.left, Action.right}",
            None,
        ),
    )
    assert api.observation_spaces[0].detail == "MultiDiscrete([21 21])"
    assert api.attributes == (AttributeApi("display_in_jupyter", "bool"),)
    assert method(api, "get_next_state").signature == "(memory: State, action: Action) -> State"
    assert class_names(api) == {"State", "Action", "EnumSpace", "MultiDiscreteSpace"}
    state, action = api.classes[:2]
    assert state.fields == (AttributeApi("x", "int"), AttributeApi("y", "int"))
    assert [field.name for field in action.fields] == ["up", "down", "left", "right"]


def test_multi_agent_and_parallel_signatures():
    assert method(extract_api(RockPaperScissors()), "reset").signature == "() -> dict[str, Move]"
    api = extract_api(domains.Duel())
    assert method(api, "step").signature.startswith("(action: dict[str, list[int]]) -> EnvironmentOutcome[")
    assert [space.agent for space in api.action_spaces] == ["left", "right"]


def test_annotations_as_they_stand():
    api = extract_api(Maze(), ApiExtractionParams(simplify_signature=False))
    assert method(api, "get_applicable_actions").signature == (
        "(memory: Optional[D.T_memory[D.T_state]] = None) -> D.T_agent[Space[D.T_event]]"
    )
    assert "State" in class_names(api)


def test_own_attributes_properties_and_static_methods():
    class Tower(domains.BlindMaze):
        """A tower."""

        height: float = 3.0
        _secret = 1

        class Window:
            """Where light comes in."""

            def open(self) -> None:
                """Let air in."""

        @property
        def top(self) -> domains.Cell:
            """The highest cell.

            Seen from below.
            """
            return domains.ORIGIN

        @staticmethod
        def floors(count: int, *, names: tuple[str, ...] = ()) -> list[str]:
            """Name the floors."""
            return list(names)[:count]

        @classmethod
        def build(cls, start, key=object()) -> "Tower":  # noqa: B008
            return cls(start)

    api = extract_api(Tower())
    assert api.name == "Tower"
    assert [(a.name, a.type) for a in api.attributes] == [
        ("height", "float"),
        ("rows", "tuple[str, ...]"),
        ("start", "Cell"),
        ("top", "Cell"),
    ]
    assert method(api, "floors").signature == "(count: int, *, names: tuple[str, ...] = ()) -> list[str]"
    assert method(api, "build").signature == "(start, key=...) -> Tower"
    [window] = [cls for cls in api.classes if cls.name == "Tower.Window"]
    assert [m.name for m in window.methods] == ["open"]


def test_types_of_the_domain_are_included_without_their_module_being_named():
    api = extract_api(domains.small_rcpsp(), ApiExtractionParams(include_hub_api=False))
    assert {"State", "SchedulingAction", "SchedulingActionEnum"} <= class_names(api)


def test_base_class_of_the_domain_is_no_class_of_its_own():
    assert "GraphDomain" not in class_names(extract_api(domains.Road()))


@pytest.mark.parametrize(
    ("params", "included", "excluded"),
    [
        (ApiExtractionParams(), {"Sight", "Step", "EnumSpace"}, {"Value"}),
        (ApiExtractionParams(recursive=False), set(), {"Sight", "Step", "EnumSpace"}),
        (ApiExtractionParams(include_hub_api=False), {"Sight", "Step"}, {"EnumSpace"}),
        (ApiExtractionParams(include_domain_cls_module=False), {"EnumSpace"}, {"Sight", "Step"}),
        (ApiExtractionParams(extract_action_space_cls=False), {"Sight"}, {"EnumSpace"}),
        (ApiExtractionParams(user_modules=(skdecide.core,)), {"Sight", "Value", "EnvironmentOutcome"}, set()),
        (ApiExtractionParams(user_modules=[types.ModuleType("elsewhere")]), {"Sight"}, {"Value"}),
    ],
)
def test_which_classes_are_included(params, included, excluded):
    names = class_names(extract_api(domains.BlindMaze(), params))
    assert included <= names
    assert not excluded & names


def test_spaces_are_asked_for_only_if_wanted():
    class Costly(domains.BlindMaze):
        def get_action_space(self):
            raise AssertionError("asked")

        def get_observation_space(self):
            raise AssertionError("asked")

    params = ApiExtractionParams(extract_action_space_cls=False, extract_observation_space_cls=False)
    api = extract_api(Costly(), params)
    assert api.action_spaces == api.observation_spaces == ()


def test_domain_that_does_not_give_its_spaces():
    assert extract_api(domains.Unstarted()).action_spaces == ()  # not implemented
    assert extract_api(domains.small_rcpsp()).observation_spaces == ()  # None


def test_admonitions():
    with_tip = extract_api(domains.BlindMaze()).doc
    without = extract_api(domains.BlindMaze(), ApiExtractionParams(strip_admonitions=True)).doc
    tip = "!!! tip\n    Keep to the right-hand wall.\n\n"
    assert with_tip == f"A maze seen from inside.\n\n{tip}The exit is in the last free cell."
    assert without == "A maze seen from inside.\n\nThe exit is in the last free cell."
