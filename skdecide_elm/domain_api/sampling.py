"""How actions are drawn from the spaces of a domain, by what these spaces can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skdecide import Domain, EnumerableSpace, SamplableSpace

from skdecide_elm.domain_api.characteristics import has_restricted_actions, is_multi_agent, is_parallel
from skdecide_elm.domain_api.spaces import call_or_none, spaces_by_agent
from skdecide_elm.errors import UnsupportedDomainError

__all__ = ["ActionShape", "action_shape", "drawn_action"]

# How an element of a space is drawn, by what the space can do. The first that fits is taken.
_DRAWS: Mapping[str, str] = {
    "sample": "{space}.sample()",
    "elements": "random.choice(list({space}.get_elements()))",
    "filter": "random.choice([action for action in {all}.get_elements() if action in {space}])",
    "reject": "next(action for action in iter({all}.sample, None) if action in {space})",
}


@dataclass(frozen=True)
class ActionShape:
    """What the parts of a program that acts in a domain depend on."""

    restricted: bool
    multi_agent: bool
    parallel: bool
    draws: Mapping[str | None, str]
    """A key of `_DRAWS` by agent; the agent is None in a single-agent domain."""

    @property
    def asks_action_space(self) -> bool:
        """Whether the program looks at the whole action space."""
        return not self.restricted or not {"filter", "reject"}.isdisjoint(self.draws.values())

    @property
    def asks_random(self) -> bool:
        """Whether the program needs the module ``random``."""
        return not {"elements", "filter"}.isdisjoint(self.draws.values())


def action_shape(domain: Domain) -> ActionShape:
    """Look at a domain; it is reset when its actions are restricted.

    Raises:
        UnsupportedDomainError: the actions cannot be found.
    """
    restricted = has_restricted_actions(domain)
    return ActionShape(
        restricted=restricted,
        multi_agent=is_multi_agent(domain),
        parallel=is_parallel(domain),
        draws=_draws(domain, restricted),
    )


def _draws(domain: Domain, restricted: bool) -> dict[str | None, str]:
    first = _first_applicable_actions(domain) if restricted else None
    everything = spaces_by_agent(call_or_none(domain.get_action_space))
    spaces = spaces_by_agent(first) if restricted else everything
    if not spaces or (None in spaces) is is_multi_agent(domain):
        raise UnsupportedDomainError(
            "Expected the actions of a multi-agent domain as a dict from agent to space, and those of a "
            f"single-agent one as a space; {type(domain).__qualname__} gives the contrary. "
            "Return what its characteristic (MultiAgent or SingleAgent) asks for."
        )
    return {agent: _draw(domain, space, everything.get(agent)) for agent, space in spaces.items()}


def _first_applicable_actions(domain: Domain) -> Any:
    try:
        domain.reset()
        return domain.get_applicable_actions()
    except NotImplementedError as error:
        raise UnsupportedDomainError(
            f"Expected reset() and get_applicable_actions() to work; {type(domain).__qualname__} declares "
            "Initializable and Events without implementing both. "
            "Implement its initial state and its applicable actions."
        ) from error


def _draw(domain: Domain, space: Any, everything: Any) -> str:
    abilities = (
        ("sample", isinstance(space, SamplableSpace)),
        ("elements", isinstance(space, EnumerableSpace)),
        ("filter", isinstance(everything, EnumerableSpace)),
        ("reject", isinstance(everything, SamplableSpace)),
    )
    for draw, possible in abilities:
        if possible:
            return draw
    raise UnsupportedDomainError(
        f"Expected applicable actions that are a SamplableSpace or an EnumerableSpace; "
        f"{type(domain).__qualname__} gives a {type(space).__qualname__}. "
        "Return one of these spaces, or pass an initial program of your own."
    )


def drawn_action(draw: str, space: str, everything: str, shape: ActionShape) -> str:
    """The expression that draws what one agent does.

    Args:
        draw: a key of `ActionShape.draws`.
        space: an expression for the space to draw from.
        everything: an expression for the whole action space of the agent.
        shape: the shape of the domain's actions.
    """
    text = _DRAWS[draw].format(space=space, all=everything)
    return f"[{text}]" if shape.parallel else text
