"""Programs as policies: a fresh planner for each episode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skdecide import Domain

from skdecide_elm.bridges import Bridge, act, planner_copy
from skdecide_elm.core import Planner
from skdecide_elm.domain_api import has_restricted_actions
from skdecide_elm.programs.loader import load_planner_class

__all__ = ["Player"]


class Player:
    """Plays programs in rollouts.

    Args:
        bridge: stands between the domain and the planner.
        planner_domain_factory: makes the planner's own copy of the domain.
        domain: like those that will be played; stands in for one that is not given.

    Attributes:
        begins: whether no action of the episode was asked for yet.
    """

    def __init__(self, bridge: Bridge, planner_domain_factory: Callable[..., Domain], domain: Domain) -> None:
        self._bridge = bridge
        self._planner_domain_factory = planner_domain_factory
        self._domain = domain
        self._restricted = has_restricted_actions(domain)
        self._planner: Planner | None = None

    @property
    def begins(self) -> bool:
        """Whether no action of the episode was asked for yet."""
        return self._planner is None

    def reset(self) -> None:
        """Forget the planner: each episode has a fresh one, as in the evaluation."""
        self._planner = None

    def action(self, code: str, observation: Any, domain: Domain | None) -> Any:
        """The action that a program takes; the program is not changed within an episode.

        Raises:
            MissingDomainError: actions are restricted and ``domain`` is missing.
        """
        if self._planner is None:
            own_copy = planner_copy(self._planner_domain_factory, self._domain if domain is None else domain)
            self._planner = load_planner_class(code)(**self._bridge.planner_kwargs(own_copy))
        return act(self._bridge, self._planner, observation, domain, self._restricted)
