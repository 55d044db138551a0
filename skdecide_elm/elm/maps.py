"""Maps of niches: one value each, or the latest few."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Map"]


class Map:
    """A value for each niche, as a numpy array of any number of dimensions.

    Args:
        dims: niches in each dimension.
        fill_value: what a niche holds before it is explored.
        dtype: type of the values; ``object`` for genomes.
        history_length: values kept per niche, a circular buffer; indexing reads and writes the latest.

    Raises:
        ValueError: no niche, or no history.
    """

    def __init__(
        self, dims: tuple[int, ...], fill_value: Any, dtype: Any = np.float32, history_length: int = 1
    ) -> None:
        if history_length < 1 or not dims or min(dims) < 1:
            raise ValueError(f"expected dims and a history_length of at least 1; found {dims} and {history_length}")
        self.dims = tuple(dims)
        self.history_length = history_length
        self.empty = True
        history = () if history_length == 1 else (history_length,)
        self.array: NDArray[Any] = np.full((*history, *self.dims), fill_value, dtype=dtype)
        self.top: NDArray[np.int_] = np.full(self.dims, history_length - 1, dtype=int)

    def __getitem__(self, niche: tuple[int, ...]) -> Any:
        return self.array[self._latest_index(niche)]

    def __setitem__(self, niche: tuple[int, ...], value: Any) -> None:
        self.empty = False
        self.top[niche] = (self.top[niche] + 1) % self.history_length
        self.array[self._latest_index(niche)] = value

    @property
    def latest(self) -> NDArray[Any]:
        """The latest value of each niche, in an array of shape ``dims``."""
        if self.history_length == 1:
            return self.array
        latest: NDArray[Any] = np.take_along_axis(self.array, self.top[np.newaxis], axis=0)[0]
        return latest

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array, with the history as first dimension if there is one."""
        return self.array.shape

    @property
    def map_size(self) -> int:
        """Number of niches."""
        return int(np.prod(self.dims))

    @property
    def niches_filled(self) -> int:
        """Niches whose latest value is finite."""
        return int(np.isfinite(self.latest).sum())

    @property
    def qd_score(self) -> float:
        """Sum of the latest values that are finite."""
        return float(self._finite.sum())

    @property
    def maximum(self) -> float:
        """The highest of the latest values, NaN if none is finite."""
        return float(self._finite.max()) if self._finite.size else float("nan")

    @property
    def minimum(self) -> float:
        """The lowest of the latest values that are finite, NaN if none is."""
        return float(self._finite.min()) if self._finite.size else float("nan")

    @property
    def mean(self) -> float:
        """Mean of the latest values that are finite, NaN if none is."""
        return float(self._finite.mean()) if self._finite.size else float("nan")

    @property
    def _finite(self) -> NDArray[Any]:
        latest = self.latest
        finite: NDArray[Any] = latest[np.isfinite(latest)]
        return finite

    def _latest_index(self, niche: tuple[int, ...]) -> tuple[Any, ...]:
        return niche if self.history_length == 1 else (self.top[niche], *niche)
