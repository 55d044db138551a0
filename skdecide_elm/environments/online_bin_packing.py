"""Online bin packing as a scikit-decide domain: items arrive one by one, the items to come are hidden."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from skdecide import EnumerableSpace, RLDomain, SamplableSpace, Space, TransitionOutcome, Value
from skdecide.builders.domain import PositiveCosts

from skdecide_elm.environments.arrays import read_only
from skdecide_elm.environments.bin_packing_instances import draw_items
from skdecide_elm.errors import ConfigError

__all__ = [
    "BinPackingObservation",
    "BinPackingObservationSpace",
    "BinPackingState",
    "BinSpace",
    "FittingBins",
    "OnlineBinPacking",
]


class BinPackingState(NamedTuple):
    """How far the packing has come; the items themselves stay in the domain."""

    placed: int
    """Items placed so far."""
    residual: NDArray[np.int64]
    """Free capacity per bin, read-only: the opened bins in order of opening, then one empty bin."""


class BinPackingObservation(NamedTuple):
    """What is seen when an item has to be placed."""

    item: int
    """Size of the item to place now; 0 when all are placed."""
    residual: NDArray[np.int64]
    """Free capacity per bin, read-only: the opened bins in order of opening, then one empty bin."""


class BinSpace(Space[int]):  # type: ignore[misc]
    """All bin indices 0, 1, 2, ...: unbounded, since the number of items to come is hidden."""

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is an index."""
        return isinstance(x, (int, np.integer)) and bool(x >= 0)


class FittingBins(EnumerableSpace[int], SamplableSpace[int]):  # type: ignore[misc]
    """The bins into which an item fits; the last one is the empty bin, a new one.

    Args:
        item: size of the item; 0 (no item left) fits nowhere.
        residual: free capacity per bin.
    """

    def __init__(self, item: int, residual: NDArray[np.int64]) -> None:
        self._item = item
        self._residual = residual

    @cached_property
    def _bins(self) -> NDArray[np.int64]:
        bins = np.flatnonzero(self._residual >= self._item) if self._item else np.empty(0, np.int64)
        bins.flags.writeable = False
        return bins

    def get_elements(self) -> NDArray[np.int64]:
        """The bin indices in rising order, as a read-only array."""
        return self._bins

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is the index of a bin into which the item fits."""
        return bool(
            self._item
            and isinstance(x, (int, np.integer))
            and 0 <= x < len(self._residual)
            and self._residual[x] >= self._item
        )

    def sample(self) -> int:
        """A bin drawn uniformly with ``random``, which seeds govern."""
        return int(self._bins[random.randrange(len(self._bins))])

    def index(self, value: int, start: int = 0, stop: int | None = None) -> int:
        """Position of a bin among the elements; ValueError where it is absent."""
        return [*self._bins.tolist()].index(value, start, len(self) if stop is None else stop)

    def count(self, value: int) -> int:
        """1 where the item fits into this bin, else 0."""
        return int(self.contains(value))


class BinPackingObservationSpace(Space[BinPackingObservation]):  # type: ignore[misc]
    """Observations of items up to the capacity and of bins of this capacity, the last one empty."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity

    def contains(self, x: Any) -> bool:
        """Whether ``x`` can be observed at this capacity."""
        return (
            isinstance(x, BinPackingObservation)
            and 0 <= x.item <= self.capacity
            and x.residual.ndim == 1
            and bool(((x.residual >= 0) & (x.residual <= self.capacity)).all())
            and x.residual.size > 0
            and bool(x.residual[-1] == self.capacity)
        )


class D(RLDomain, PositiveCosts):  # type: ignore[misc]
    """A black box with restricted actions: the future items are part of the dynamics and never shown."""

    T_state = BinPackingState
    T_observation = BinPackingObservation
    T_event = int
    T_value = int
    T_predicate = bool
    T_info = None


class OnlineBinPacking(D):
    """Place each arriving item into an open bin or a new one; an episode's total cost is the number of bins.

    An action is a bin index: one of the opened bins, or the last index of ``residual`` for a new bin. It
    costs 1 if it opens a bin, else 0. The episode ends with the last item.

    Args:
        capacity: capacity of every bin.
        items: sizes of a fixed instance in order of arrival. Left out, every reset draws a new stream from
            ``distribution``; with neither, the domain is a specification that cannot be reset.
        distribution: name in `DISTRIBUTIONS`, such as ``"weibull"`` or ``"uniform"``.
        n_items: length of a drawn stream.
        seed: seed of the drawn streams; None: fresh entropy.

    Raises:
        ConfigError: settings that contradict each other, or item sizes outside 1..capacity.
    """

    def __init__(
        self,
        capacity: int,
        items: Sequence[int] | None = None,
        distribution: str | None = None,
        n_items: int = 500,
        seed: int | None = None,
    ) -> None:
        self.capacity = capacity
        self._distribution = distribution
        self._n_items = n_items
        self._rng = np.random.default_rng(seed)
        self._items = None if items is None else self._checked(items)
        if items is not None and distribution is not None:
            raise ConfigError("Expected items or a distribution, got both: leave one out.")
        if distribution is not None:
            draw_items(distribution, 0, capacity, self._rng)  # a wrong name shows now, not at the first reset
        if capacity < 1 or n_items < 1:
            raise ConfigError(f"Expected positive capacity and n_items, got {capacity} and {n_items}.")

    def _checked(self, items: Sequence[int]) -> tuple[int, ...]:
        sizes = tuple(int(item) for item in items)
        if not sizes or min(sizes) < 1 or max(sizes) > self.capacity:
            raise ConfigError(
                f"Expected one or more item sizes in 1..{self.capacity} (the capacity), "
                f"got {len(sizes)} sizes in {min(sizes, default=0)}..{max(sizes, default=0)}."
            )
        return sizes

    def __getstate__(self) -> dict[str, Any]:
        # scikit-decide's own asks object.__getstate__, which Python 3.10 does not have
        return {name: value for name, value in vars(self).items() if not name.startswith("_lru_cache_")}

    def seed(self, seed: int) -> None:
        """Fix the streams that the next resets draw; a fixed instance has nothing to seed."""
        self._rng = np.random.default_rng(seed)

    def specification(self, seed: int | None = None) -> OnlineBinPacking:
        """The same problem without this domain's future, to give to a planner.

        Drawn streams come from the same distribution with a seed of their own; a fixed instance is left out,
        so that ``reset`` of its specification raises `ConfigError`.
        """
        return OnlineBinPacking(self.capacity, None, self._distribution, self._n_items, seed)

    def _state_reset(self) -> BinPackingState:
        if self._distribution is not None:
            self._items = draw_items(self._distribution, self._n_items, self.capacity, self._rng)
        self._item_at(0)
        return BinPackingState(0, read_only(np.array([self.capacity], dtype=np.int64)))

    def _state_step(self, action: int) -> TransitionOutcome:
        placed, residual = self._memory
        item = self._item_at(placed)
        self._check_action(action, item, residual)
        opens = action == len(residual) - 1
        state = BinPackingState(placed + 1, _place(item, action, residual, self.capacity if opens else None))
        return TransitionOutcome(state, Value(cost=int(opens)), self._item_at(placed + 1) == 0)

    def _check_action(self, action: int, item: int, residual: NDArray[np.int64]) -> None:
        if FittingBins(item, residual).contains(action):
            return
        if item == 0:
            raise ValueError(f"Expected no action after the last item, got bin {action!r}: reset the domain first.")
        if not isinstance(action, (int, np.integer)) or not 0 <= action < len(residual):
            raise ValueError(
                f"Expected a bin index in 0..{len(residual) - 1} for the item of size {item}, got bin"
                f" {action!r} (residual capacities {residual}): choose one of the applicable actions."
            )
        raise ValueError(
            f"Expected a bin into which the item of size {item} fits, got bin {action} with residual"
            f" capacity {residual[action]}: choose one of the applicable actions."
        )

    def _item_at(self, position: int) -> int:
        """Size of the item that arrives at this position, 0 after the last."""
        if self._items is None:
            raise ConfigError(
                "Expected items=... or distribution=... at construction, got neither: this OnlineBinPacking"
                " is a specification without items and cannot run; act on the observations that are given."
            )
        return self._items[position] if position < len(self._items) else 0

    def _get_observation(self, state: BinPackingState, action: int | None = None) -> BinPackingObservation:
        return BinPackingObservation(self._item_at(state.placed), state.residual)

    def _get_applicable_actions_from(self, memory: BinPackingState) -> FittingBins:
        return FittingBins(self._item_at(memory.placed), memory.residual)

    def _get_action_space_(self) -> BinSpace:
        return BinSpace()

    def _get_observation_space_(self) -> BinPackingObservationSpace:
        return BinPackingObservationSpace(self.capacity)


def _place(item: int, action: int, residual: NDArray[np.int64], new_bin: int | None) -> NDArray[np.int64]:
    """The residuals with the item placed, as a new array: observations handed out earlier must not change.

    ``new_bin`` is the capacity of the empty bin to append when the action took the last one.
    """
    after = np.empty(len(residual) + (new_bin is not None), dtype=np.int64)
    after[: len(residual)] = residual
    after[action] -= item
    if new_bin is not None:
        after[-1] = new_bin
    return read_only(after)
