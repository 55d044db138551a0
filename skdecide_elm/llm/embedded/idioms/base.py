"""What an idiom is, and what all idioms write alike: constructor, signatures, the list of actions."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from skdecide_elm.llm.profile import DomainProfile

__all__ = ["Draft", "Idiom", "Setting", "planner_text", "tunable_constants", "tunables"]


@dataclass(frozen=True)
class Setting:
    """What an idiom is written for.

    Attributes:
        profile: of the domain.
        written_actions: expression for the actions that the current program writes out, such as
            ``("up", "down")`` or ``range(4)``; None where it writes none.
    """

    profile: DomainProfile
    written_actions: str | None = None

    @property
    def sample_arguments(self) -> str:
        """The arguments of ``sample_action``."""
        return "self, observation, applicable_actions" if self.profile.restricted_actions else "self, observation"

    @property
    def all_actions(self) -> str | None:
        """Expression, in the constructor, for the actions if always the same; None where it has none."""
        actions = self.profile.actions
        if self.profile.restricted_actions:
            return None
        if self.profile.access == "integrated" and actions.listed:
            return "list(domain.get_action_space().get_elements())"
        if actions.kind == "discrete" and actions.size is not None:
            stop = actions.start + actions.size
            return f"range({actions.start}, {stop})" if actions.start else f"range({stop})"
        given = [argument.name for argument in self.profile.arguments if argument.kind == "choices"]
        named = [name for name in given if "action" in name or "move" in name]
        if named:
            return f"list({named[0]})"
        return self.written_actions

    @property
    def actions(self) -> str | None:
        """Expression, in ``sample_action``, for the actions to choose from; None: they cannot be listed."""
        if not self.profile.restricted_actions:
            return None if self.all_actions is None else "self.actions"
        if not self.profile.actions.listed:
            return None
        space = "applicable_actions"
        return f"{space}.get_elements()" if self.profile.access == "integrated" else space

    @property
    def choices(self) -> int:
        """Number of actions to choose from at any time; 0 where they vary or the profile does not know it."""
        return 0 if self.all_actions is None else self.profile.actions.size or 0

    @property
    def counts_observations(self) -> bool:
        """A planner can remember what it has observed, and list the actions."""
        return self.profile.single and self.profile.observation.hashable and self.actions is not None

    @property
    def counts_actions(self) -> bool:
        """It can remember the actions, too."""
        actions = self.profile.actions
        unknown = actions.kind == "other"  # actions that the program or an argument lists
        return self.counts_observations and (actions.hashable or unknown)

    def actions_at(self, state: str) -> str:
        """Expression for the actions that the model allows in a state."""
        if self.profile.restricted_actions:
            return f"self.domain.get_applicable_actions({state}).get_elements()"
        return "self.actions"


@dataclass(frozen=True)
class Draft:
    """A Planner class and the import lines that it needs."""

    imports: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Idiom:
    """A way of acting that suits some domains.

    Attributes:
        headline: first line of the docstring of every Planner that it writes, by which it is recognised.
        fits: whether it can be written for a setting.
        write: the Planner, with parameters drawn at random.
        weight: how often it is proposed in comparison with others.
    """

    headline: str
    fits: Callable[[Setting], bool]
    write: Callable[[Setting, random.Random], Draft]
    weight: float = 1.0


def planner_text(
    setting: Setting,
    headline: str,
    *methods: str,
    details: str = "",
    constants: Sequence[str] = (),
    state: Sequence[str] = (),
    with_actions: bool = True,
) -> str:
    """The text of a Planner class.

    Args:
        headline, details: the docstring's first line and its rest.
        methods: texts of the methods after the constructor, not indented.
        constants: assignments of the class level.
        state: assignments of the constructor, beyond the arguments and the actions.
        with_actions: keep the list of all actions as ``self.actions`` if it is always the same.
    """
    names = [argument.name for argument in setting.profile.arguments]
    assignments = [f"self.{name} = {name}" for name in names if name != "actions" or not with_actions]
    if with_actions and setting.all_actions is not None:
        assignments.append(f"self.actions = {setting.all_actions}")
    assignments.extend(state)
    parts = [_docstring(headline, details)]
    if constants:
        parts.append("\n".join(constants))
    if assignments:
        parts.append("\n".join([f"def __init__({', '.join(['self', *names])}):", *_indented(assignments)]))
    parts.extend(textwrap.dedent(method).strip() for method in methods)
    return "class Planner:\n" + textwrap.indent("\n\n".join(parts), "    ") + "\n"


def tunables(bounds: Mapping[str, str]) -> list[str]:
    """The lines that declare constants tunable, each with its bounds as they are written."""
    return ["TUNABLES = {", *(f'    "{name}": {written},' for name, written in bounds.items()), "}"]


def tunable_constants(**constants: tuple[str, object]) -> list[str]:
    """The lines that declare constants tunable and give them their values.

    Args:
        constants: the bounds as they are written, and the value, a number or a tuple of numbers.
    """
    if not constants:
        return []
    values = [f"{name} = {value!r}" for name, (_, value) in constants.items()]
    return [*tunables({name: bounds for name, (bounds, _) in constants.items()}), *values]


def _docstring(headline: str, details: str) -> str:
    if not details:
        return f'"""{headline}"""'
    body = textwrap.fill(" ".join(details.split()), 100)
    return f'"""{headline}\n\n{body}\n"""'


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]
