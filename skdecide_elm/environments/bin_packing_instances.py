"""Instances of one-dimensional bin packing: item streams, readers of public files, the L1 bound."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.errors import ConfigError

__all__ = [
    "DISTRIBUTIONS",
    "BinPackingInstance",
    "draw_items",
    "excess",
    "l1_bound",
    "read_or_library",
    "read_weibull_json",
]

Draw: TypeAlias = Callable[[np.random.Generator, int, int], NDArray[np.int64]]


class BinPackingInstance(NamedTuple):
    """A fixed instance: ``items`` in order of arrival, sizes in the unit of ``capacity``."""

    name: str
    capacity: int
    items: tuple[int, ...]
    best_known: int | None = None
    """Bins of the best known packing, where the source gives it."""


def _weibull(rng: np.random.Generator, n_items: int, capacity: int) -> NDArray[np.int64]:
    sizes = np.rint(45 * rng.weibull(3, n_items))
    return np.clip(sizes, 1, capacity).astype(np.int64)


def _uniform(rng: np.random.Generator, n_items: int, capacity: int) -> NDArray[np.int64]:
    if capacity < 100:
        raise ConfigError(f"Items of 'uniform' measure 20 to 100: expected capacity >= 100, got {capacity}.")
    return rng.integers(20, 100, n_items, endpoint=True)


DISTRIBUTIONS: Mapping[str, Draw] = {"weibull": _weibull, "uniform": _uniform}
"""Item sizes by name.

``weibull``: shape 3, scale 45, rounded, clipped to 1..capacity (Romera-Paredes et al., Nature 2024: capacity
100).
``uniform``: integers 20..100 (Falkenauer's uniform class in OR-Library; capacity 150).
"""


def draw_items(distribution: str, n_items: int, capacity: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Draw item sizes from one of `DISTRIBUTIONS`.

    Raises:
        ConfigError: unknown name, or a capacity too small for the distribution.
    """
    if distribution not in DISTRIBUTIONS:
        raise ConfigError(f"Expected a distribution among {sorted(DISTRIBUTIONS)}, got {distribution!r}.")
    return tuple(DISTRIBUTIONS[distribution](rng, n_items, capacity).tolist())


def l1_bound(items: Sequence[int], capacity: int) -> int:
    """Bins that no packing can undercut: ⌈Σ sizes / capacity⌉."""
    return -(-sum(items) // capacity)


def excess(bins: int | Sequence[int], bound: int | Sequence[int]) -> float:
    """Bins used above the bound, in percent; means are taken first where several instances are given."""
    reference = float(np.mean(bound))
    return 100 * (float(np.mean(bins)) - reference) / reference


def read_or_library(path: str | Path) -> list[BinPackingInstance]:
    """Read the instances of an OR-Library ``binpack`` file (J. E. Beasley).

    The file holds the number of instances, then for each its name, ``capacity items best-known-bins``, and
    the sizes in order of arrival.

    Raises:
        ConfigError: the file is not in this format.
    """
    words = iter(Path(path).read_text(encoding="utf-8").split())
    try:
        instances = [_next_instance(words) for _ in range(int(next(words)))]
    except (ValueError, StopIteration) as error:
        raise ConfigError(
            f"Expected an OR-Library binpack file, got {path}: it is damaged or another format."
        ) from error
    if (extra := next(words, None)) is not None:
        raise ConfigError(
            f"Expected {len(instances)} instances in {path}, as its first line says, but {extra!r} follows."
        )
    return instances


def _next_instance(words: Iterator[str]) -> BinPackingInstance:
    name = next(words)
    capacity, n_items, best_known = map(int, islice(words, 3))
    items = tuple(map(int, islice(words, n_items)))
    if len(items) < n_items:
        raise ValueError(f"{name}: {n_items} items announced, {len(items)} found")
    return BinPackingInstance(name, capacity, items, best_known)


def read_weibull_json(path: str | Path) -> list[BinPackingInstance]:
    """Read instances from ``{name: {"capacity": int, "items": [int, ...]}}``.

    Raises:
        ConfigError: the file is not in this format.
    """
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
        return [
            BinPackingInstance(name, int(entry["capacity"]), tuple(map(int, entry["items"])))
            for name, entry in entries.items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f'Expected {{name: {{"capacity": int, "items": [int, ...]}}}} in {path}, got another format.'
        ) from error
