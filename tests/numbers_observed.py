"""Domains whose observations are numbers of all kinds: such that nothing depends on, and a warehouse."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from skdecide_elm.environments.gymnasium_domain import GymnasiumDomain

__all__ = ["STOCK", "random_numbers", "warehouse"]

STOCK = 20
_ORDERS = (0, 4, 8)
_DEMANDS = (2, 6)
_SEASON = 10


def random_numbers(observations: spaces.Space[Any], actions: spaces.Space[Any]) -> GymnasiumDomain:
    """A domain with these spaces, which observes at random."""
    return GymnasiumDomain(_Random, seed=0, observations=observations, actions=actions)


def warehouse(seed: int = 0) -> GymnasiumDomain:
    """A stock to be filled up where demand changes with the season: too little of it costs more than too much."""
    return GymnasiumDomain(_Warehouse, seed=seed)


class _Random(gymnasium.Env[Any, Any]):
    def __init__(self, observations: spaces.Space[Any], actions: spaces.Space[Any]) -> None:
        self.observation_space, self.action_space = observations, actions

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        if seed is not None:
            self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self.observation_space.sample(), 0.0, False, False, {}


class _Warehouse(gymnasium.Env[Any, Any]):
    """Observes the stock and the season; an action is the place of an order among three."""

    def __init__(self) -> None:
        self.observation_space = spaces.MultiDiscrete([STOCK + 1, len(_DEMANDS)])
        self.action_space = spaces.Discrete(len(_ORDERS))

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._stock, self._day = STOCK // 2, 0
        return self._observed(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        demand = int(self.np_random.poisson(_DEMANDS[self._season()]))
        filled = min(self._stock + _ORDERS[action], STOCK)
        missed, self._stock = max(demand - filled, 0), max(filled - demand, 0)
        self._day += 1
        return self._observed(), -float(self._stock + 5 * missed), False, self._day == 200, {}

    def _season(self) -> int:
        return self._day // _SEASON % len(_DEMANDS)

    def _observed(self) -> Any:
        return np.array([self._stock, self._season()])
