"""Bridges: what turns a domain into what the planner sees, and the planner's answer into an action.

The same bridge object serves the solver's policy and the evaluation, so a program meets in `rollout` exactly what it
met while it was evolved.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from skdecide import Domain

from skdecide_elm.core import Planner
from skdecide_elm.domain_api.characteristics import has_restricted_actions
from skdecide_elm.domain_api.proxy import public_proxy
from skdecide_elm.domain_api.view import AS_IT_IS, View
from skdecide_elm.errors import MissingDomainError

__all__ = [
    "Bridge",
    "Integrated",
    "Proxy",
    "act",
    "call_with_domain",
    "identity",
    "no_arguments",
    "planner_copy",
    "wants_domain",
]


def identity(value: Any) -> Any:
    """The converter that changes nothing."""
    return value


class Bridge(Protocol):
    """The four translations between a scikit-decide domain and a planner. Picklable by cloudpickle."""

    def planner_kwargs(self, domain: Domain) -> dict[str, Any]:
        """The arguments of ``Planner``, from the planner's own copy of the domain."""

    def observation(self, observation: Any) -> Any:
        """What the planner sees of an observation."""

    def applicable_actions(self, actions: Any) -> Any:
        """What the planner sees of the applicable actions (a `skdecide.Space`, or a dict of them by agent)."""

    def action(self, answer: Any) -> Any:
        """The domain's action from the planner's answer."""


@dataclass(frozen=True)
class Integrated:
    """The planner sees the domain itself: ``Planner(domain=…)``, observations and actions as they are.

    Attributes:
        enforce_public_api: give the planner a proxy of the domain on which private members are refused.
    """

    enforce_public_api: bool = False

    def planner_kwargs(self, domain: Domain) -> dict[str, Any]:
        """``{"domain": domain}``, or its public proxy."""
        return {"domain": public_proxy(domain) if self.enforce_public_api else domain}

    def observation(self, observation: Any) -> Any:
        """The observation as it is."""
        return observation

    def applicable_actions(self, actions: Any) -> Any:
        """The space of applicable actions as it is."""
        return actions

    def action(self, answer: Any) -> Any:
        """The answer as it is."""
        return answer


def no_arguments(domain: Domain) -> dict[str, Any]:
    """The factory of a ``Planner`` without arguments."""
    return {}


@dataclass(frozen=True)
class Proxy:
    """The planner knows nothing of scikit-decide: converters stand between it and the domain.

    Attributes:
        kwargs_factory: from the planner's own copy of the domain to the arguments of ``Planner``.
        obs_converter: from the domain's observation to the planner's.
        action_converter: from the planner's answer to the domain's action.
        applicable_actions_converter: from the space of applicable actions to what the planner gets of it.
    """

    kwargs_factory: Callable[[Domain], dict[str, Any]] = no_arguments
    obs_converter: Callable[[Any], Any] = identity
    action_converter: Callable[[Any], Any] = identity
    applicable_actions_converter: Callable[[Any], Any] = identity

    def planner_kwargs(self, domain: Domain) -> dict[str, Any]:
        """What `kwargs_factory` makes of the domain."""
        return self.kwargs_factory(domain)

    def observation(self, observation: Any) -> Any:
        """What `obs_converter` makes of it."""
        return self.obs_converter(observation)

    def applicable_actions(self, actions: Any) -> Any:
        """What `applicable_actions_converter` makes of them."""
        return self.applicable_actions_converter(actions)

    def action(self, answer: Any) -> Any:
        """What `action_converter` makes of it."""
        return self.action_converter(answer)

    def view(self, restricted: bool) -> View:
        """How the planner meets the domain, to look at it in a few random episodes.

        Args:
            restricted: whether the planner is told which actions are applicable.
        """
        return View(
            self.observation,
            self.applicable_actions if restricted else AS_IT_IS.offered,
            answers_actions=self.action_converter is identity,
            observes_as_is=self.obs_converter is identity,
        )


def act(bridge: Bridge, planner: Planner, observation: Any, domain: Domain | None, restricted: bool) -> Any:
    """Ask the planner for the domain's next action.

    Args:
        domain: the rollout domain, read only for the actions that are applicable now.
        restricted: whether the domain restricts its actions, so that the planner must be told the applicable ones.

    Raises:
        MissingDomainError: actions are restricted and no rollout domain was given.
    """
    seen = bridge.observation(observation)
    if not restricted:
        return bridge.action(planner.sample_action(seen))
    if domain is None or not has_restricted_actions(domain):
        raise MissingDomainError(
            "expected the rollout domain, because which actions are applicable depends on its state; "
            f"found {type(domain).__name__}; call sample_action(observation, domain=domain)"
        )
    applicable = bridge.applicable_actions(domain.get_applicable_actions())
    return bridge.action(planner.sample_action(seen, applicable))


def call_with_domain(function: Callable[..., Any], domain: Domain) -> Any:
    """Call a factory that may want to see the domain: ``f(domain)`` if `wants_domain`, else ``f()``."""
    return function(domain) if wants_domain(function) else function()


def wants_domain(function: Callable[..., Any]) -> bool:
    """Whether a factory has a parameter that must be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # a builtin class without a signature
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.default is p.empty and p.kind in positional for p in parameters)


def planner_copy(factory: Callable[..., Domain], domain: Domain) -> Domain:
    """The planner's own copy of a rollout domain: never that domain itself.

    Args:
        factory: makes it, with the rollout domain as argument if it has a parameter to fill. One that returns the
            rollout domain (``lambda: domain``) has it copied.
    """
    made: Domain = call_with_domain(factory, domain)
    return copy.deepcopy(made) if made is domain else made
