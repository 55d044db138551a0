"""A gymnasium environment as a scikit-decide domain."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import gymnasium
import numpy as np
from gymnasium import spaces
from skdecide import RLDomain, Space, TransitionOutcome, Value
from skdecide.builders.domain import FullyObservable, Renderable, UnrestrictedActions
from skdecide.hub.space.gym import (
    BoxSpace,
    DiscreteSpace,
    GymSpace,
    ListSpace,
    MultiBinarySpace,
    MultiDiscreteSpace,
)

__all__ = ["GymnasiumDomain"]

_Env: TypeAlias = "gymnasium.Env[Any, Any]"


class D(RLDomain, UnrestrictedActions, FullyObservable, Renderable):  # type: ignore[misc]
    """The characteristics of a gymnasium environment; elements are those of its own spaces."""

    T_state = Any
    T_observation = T_state
    T_event = Any
    T_value = float
    T_predicate = bool
    T_info = dict


class GymnasiumDomain(D):
    """A gymnasium (1.x) environment as a scikit-decide domain, with seeded resets and truncation.

    An episode ends when the environment terminates *or* truncates it; ``info["truncated"]`` of the step's
    outcome tells which. The domain is pickled (and deep-copied) as its recipe, never as a running episode:
    the copy starts like a new domain with the seed that was given last, and must be reset first.

    Args:
        env_id_or_factory: an id for ``gymnasium.make``, or a callable that makes the environment.
        seed: seed of the first reset; None: the environment's own entropy.
        make_kwargs: keyword arguments for ``gymnasium.make`` or the callable, such as ``render_mode``.
    """

    def __init__(
        self,
        env_id_or_factory: str | Callable[..., _Env],
        seed: int | None = None,
        **make_kwargs: Any,
    ) -> None:
        self._env_id_or_factory = env_id_or_factory
        self._make_kwargs = make_kwargs
        self._seed = seed
        self._seed_is_due = seed is not None
        self._env: _Env = (
            gymnasium.make(env_id_or_factory, **make_kwargs)
            if isinstance(env_id_or_factory, str)
            else env_id_or_factory(**make_kwargs)
        )

    def __reduce__(self) -> tuple[Callable[[], GymnasiumDomain], tuple[()]]:
        return partial(type(self), self._env_id_or_factory, seed=self._seed, **self._make_kwargs), ()

    def seed(self, seed: int) -> None:
        """Make the next reset exactly ``env.reset(seed=seed)``; the resets after it go on from there.

        The action space is seeded at that reset too, so that sampled actions repeat.
        """
        self._seed = seed
        self._seed_is_due = True

    def close(self) -> None:
        """Release what the environment holds, such as its window."""
        self._env.close()

    def unwrapped(self) -> _Env:
        """The gymnasium environment itself, with its gymnasium wrappers."""
        return self._env

    def _state_reset(self) -> Any:
        due = self._seed if self._seed_is_due else None
        self._seed_is_due = False
        if due is not None:
            self._get_action_space().unwrapped().seed(due)
        observation, _ = self._env.reset(seed=due)
        return observation

    def _state_step(self, action: Any) -> TransitionOutcome:
        observation, reward, terminated, truncated, info = self._env.step(self._checked(action))
        return TransitionOutcome(
            state=observation,
            value=Value(reward=float(reward)),
            termination=bool(terminated or truncated),
            info={**info, "truncated": bool(truncated)},
        )

    def _checked(self, action: Any) -> Any:
        """The action in the environment's own type; ValueError where the action space has no such element.

        Environments do not all look: ``Acrobot-v1`` takes -1 for its last action. The bounds of a box are
        left to the environment, since gymnasium's continuous environments clip by themselves.
        """
        space = self._env.action_space
        if type(space) is spaces.Discrete and type(action) is int:  # what `contains` says, in a tenth of the time
            if space.start <= action < space.start + space.n:
                return action
        elif isinstance(space, spaces.Box):
            array = np.asarray(action, dtype=space.dtype)
            if array.shape == space.shape and np.isfinite(array).all():
                return array
        elif space.contains(action):
            return action
        raise ValueError(f"Expected an action of {space}, got {action!r}: return an element of the action space.")

    def _get_action_space_(self) -> Space:
        return _as_skdecide(self._env.action_space)

    def _get_observation_space_(self) -> Space:
        return _as_skdecide(self._env.observation_space)

    def _render_from(self, memory: Any, **kwargs: Any) -> Any:
        # gymnasium warns at every step when asked to render without a mode
        return None if self._env.render_mode is None else self._env.render()


def _as_skdecide(space: spaces.Space[Any]) -> GymSpace:
    """The scikit-decide space with the same elements, enumerable where scikit-decide has a class for it."""
    match space:
        case spaces.Discrete(start=0):
            return DiscreteSpace(int(space.n))
        case spaces.Discrete():
            return ListSpace(range(int(space.start), int(space.start + space.n)))
        case spaces.Box():
            return BoxSpace(space.low, space.high, dtype=space.dtype)
        case spaces.MultiDiscrete() if space.nvec.ndim == 1 and not space.start.any():
            return MultiDiscreteSpace(space.nvec)
        case spaces.MultiBinary(n=int(n)):
            return MultiBinarySpace(n)
        case _:
            return GymSpace(space)
