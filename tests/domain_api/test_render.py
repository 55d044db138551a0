from dataclasses import replace

import domains
import pytest
from skdecide.hub.domain.maze import Maze

from skdecide_elm.domain_api import ApiExtractionParams, extract_api, render_api
from skdecide_elm.domain_api.extract import (
    Api,
    AttributeApi,
    CapabilityApi,
    ClassApi,
    MethodApi,
    SpaceApi,
)

SWITCH = Api(
    name="Switch",
    module="examples.switch",
    doc="A switch.\n\n# Attributes\nlamp: what it switches.\n\n```python\n# on\nSwitch()\n```",
    capabilities=(CapabilityApi("SingleAgent", "One agent acts."),),
    types=(AttributeApi("T_state", "bool"), AttributeApi("T_info", "any")),
    action_spaces=(
        SpaceApi("ListSpace", ("can be sampled", "can be enumerated"), "Discrete(2)", "left"),
        SpaceApi("ImplicitSpace", (), "", "right"),
    ),
    observation_spaces=(),
    attributes=(AttributeApi("lamp", "Lamp", "The lamp\nof the room.\n\nIt is green."),),
    methods=(
        MethodApi("press", "(times: int = 1) -> bool", "Press it.\n\n# Returns\nWhether it is on."),
        MethodApi("wait", "()"),
    ),
    classes=(
        ClassApi("Lamp", "examples.switch", "enum", fields=(AttributeApi("off", "0"), AttributeApi("on", "1"))),
        ClassApi(
            "Room",
            "examples.rooms",
            "class",
            doc="A room.",
            signature="(width: float)",
            attributes=(AttributeApi("width", "float"),),
            methods=(MethodApi("area", "() -> float", "Its area."),),
        ),
        ClassApi("Place", "examples.rooms", "named tuple", fields=(AttributeApi("x", "int"),)),
    ),
)

EXPECTED = """\
# API Reference

Public API of the domain `Switch` of module `examples.switch`.

A switch.

**Attributes**
lamp: what it switches.

```python
# on
Switch()
```

## Capabilities

- `SingleAgent`: One agent acts.

## Base types

- `T_state`: `bool`
- `T_info`: `any`

## Action space

- agent `left`: `ListSpace`, can be sampled, can be enumerated: `Discrete(2)`
- agent `right`: `ImplicitSpace`, can only be asked whether it contains an element

## Attributes

- `lamp`: `Lamp`. The lamp of the room.

## Methods

### `press(times: int = 1) -> bool`

Press it.

**Returns**
Whether it is on.

### `wait()`

## Classes

### `Lamp`

Enum of module `examples.switch`.

Members:

- `off` = `0`
- `on` = `1`

### `Room(width: float)`

Class of module `examples.rooms`.

A room.

Attributes:

- `width`: `float`

#### `area() -> float`

Its area.

### `Place`

Named tuple of module `examples.rooms`.

Fields:

- `x`: `int`
"""


def test_whole_text():
    assert render_api(SWITCH) == EXPECTED


def headings(text):
    in_code = False
    for line in text.splitlines():
        in_code ^= line.startswith("```")
        if line.startswith("#") and not in_code and line.lstrip("#").startswith(" "):
            yield line


def test_subtitle_level_moves_everything_but_the_title():
    text = render_api(SWITCH, ApiExtractionParams(subtitle_level=4))
    found = list(headings(text))
    assert found[:2] == ["# API Reference", "#### Capabilities"]
    assert "###### `area() -> float`" in found
    assert text.replace("####", "##") == EXPECTED


def test_nothing_to_say_gives_no_section():
    empty = replace(SWITCH, methods=(), classes=(), attributes=(), doc="")
    text = render_api(empty)
    assert "## Methods" not in text
    assert "## Classes" not in text
    assert text.endswith("contains an element\n")


def test_maze_reference():
    text = render_api(extract_api(Maze()))
    assert text.startswith(
        "# API Reference\n\nPublic API of the domain `Maze` of module `skdecide.hub.domain.maze.maze`.\n"
    )
    assert "- `FullyObservable`: The observation is the state." in text
    assert "### `get_applicable_actions(memory: State | None = None) -> Space[Action]`" in text
    assert "- `up` = `0`" in text
    assert "_maze" not in text
    assert " at 0x" not in text


@pytest.mark.parametrize(
    "factory", [Maze, domains.BlindMaze, domains.Duel, domains.Road, domains.small_rcpsp, domains.gripper]
)
def test_no_heading_twice_on_the_same_level_of_a_section(factory):
    text = render_api(extract_api(factory()))
    top = [heading for heading in headings(text) if heading.startswith(("## ", "### "))]
    assert len(set(top)) == len(top)
    assert next(headings(text)) == "# API Reference"
    assert sum(heading.startswith("# ") for heading in headings(text)) == 1
