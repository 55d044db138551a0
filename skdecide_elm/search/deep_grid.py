"""Deep Grid: several elites per cell, for scores and behaviours that are noisy (Flageat & Cully 2020)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from ribs.archives import AddStatus, ArchiveBase, ArchiveStats, ArrayStore, GridArchive

__all__ = ["DeepGridArchive"]


class DeepGridArchive(ArchiveBase):  # type: ignore[misc]
    """A grid whose cells hold up to ``depth`` elites, to the contract of pyribs' archives.

    A newcomer takes a free place in its cell; in a full cell it takes the place of a random elite, so that one lucky
    evaluation does not hold a cell for ever. With ``protect_best`` the best elite of a cell is never replaced by a
    worse newcomer, so that no cell gets worse; without it this is the law of the paper.

    The field ``index`` of the data is the place, ``cell * depth + level``. The QD score adds up the best of each cell,
    coverage counts occupied cells, ``len`` counts elites.

    Args:
        solution_dim: as in `ribs.archives.GridArchive`, also the arguments that are not named here.
        dims: number of cells in each dimension of measure space.
        ranges: lower and upper bound of each dimension.
        depth: places per cell.
        protect_best: whether the best of a cell is safe from what is not better.
    """

    def __init__(
        self,
        *,
        solution_dim: int | tuple[int, ...],
        dims: Collection[int],
        ranges: Collection[tuple[float, float]],
        depth: int,
        protect_best: bool = True,
        qd_score_offset: float = 0.0,
        seed: int | None = None,
        solution_dtype: Any = None,
        extra_fields: dict[str, tuple[Any, Any]] | None = None,
    ) -> None:
        super().__init__(solution_dim=solution_dim, objective_dim=(), measure_dim=len(dims))
        if depth < 1:
            raise ValueError(f"depth must be at least 1; found {depth}")
        self.depth = depth
        self.protect_best = protect_best
        self.rng = np.random.default_rng(seed)
        self._grid = GridArchive(solution_dim=solution_dim, dims=dims, ranges=ranges)
        self._offset = qd_score_offset
        fields = {
            "solution": (solution_dim, np.dtype(solution_dtype or np.float64)),
            "objective": ((), np.dtype(np.float64)),
            "measures": (len(dims), np.dtype(np.float64)),
        }
        self._store = ArrayStore(field_desc={**fields, **(extra_fields or {})}, capacity=self.cells * depth)

    @property
    def cells(self) -> int:
        """Number of cells, each with ``depth`` places."""
        return int(self._grid.cells)

    @property
    def dims(self) -> NDArray[np.int32]:
        """Number of cells in each dimension."""
        dims: NDArray[np.int32] = self._grid.dims
        return dims

    @property
    def boundaries(self) -> list[NDArray[np.float64]]:
        """The boundaries of the cells in each dimension."""
        return list(self._grid.boundaries)

    @property
    def field_list(self) -> list[str]:
        """Names of the data of an elite."""
        return list(self._store.field_list_with_index)

    @property
    def dtypes(self) -> dict[str, Any]:
        """Types of the data of an elite, by name."""
        return dict(self._store.dtypes_with_index)

    @property
    def empty(self) -> bool:
        """Whether there is no elite."""
        return len(self._store) == 0

    @property
    def best_elite(self) -> dict[str, Any] | None:
        """The elite with the highest objective, None if there is none."""
        if self.empty:
            return None
        data = self._store.data()
        best = int(np.argmax(data["objective"]))
        return {name: values[best] for name, values in data.items()}

    @property
    def stats(self) -> ArchiveStats:
        """Statistics; computed when they are asked for."""
        best: dict[int, float] = {}
        data = self._store.data(["objective", "index"])
        for objective, index in zip(data["objective"].tolist(), data["index"].tolist(), strict=True):
            cell = index // self.depth
            best[cell] = max(objective, best.get(cell, objective))
        qd_score = sum(value - self._offset for value in best.values())
        return ArchiveStats(
            num_elites=len(self),
            coverage=len(best) / self.cells,
            qd_score=qd_score,
            norm_qd_score=qd_score / self.cells,
            obj_max=max(best.values(), default=None),
            obj_mean=float(np.mean(data["objective"])) if best else None,
        )

    def __len__(self) -> int:
        return len(self._store)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._store)

    def index_of(self, measures: ArrayLike) -> NDArray[np.int32]:
        """Cells of a batch of measures."""
        cells: NDArray[np.int32] = self._grid.index_of(measures)
        return cells

    def index_of_single(self, measures: ArrayLike) -> int:
        """Cell of the measures of one solution."""
        return int(self._grid.index_of_single(measures))

    def add(self, solution: Any, objective: Any, measures: Any, **fields: Any) -> dict[str, Any]:
        """Insert solutions one after the other; see `add_single`."""
        infos = [
            self.add_single(solution[i], objective[i], measures[i], **{name: v[i] for name, v in fields.items()})
            for i in range(len(solution))
        ]
        return {name: np.array([info[name] for info in infos]) for name in ("status", "value", "index")}

    def add_single(self, solution: Any, objective: Any, measures: Any, **fields: Any) -> dict[str, Any]:
        """Insert a solution by the law of the class.

        Returns:
            ``status`` and ``value`` as in `ribs.archives.GridArchive.add_single`, where an improvement is one of the
            best of the cell, and ``index``: the place taken, −1 for none. A solution that is inserted without being
            the best of its cell has the status "not added" of pyribs' emitters only if its index is −1; else its
            status is "improve existing", with a negative value.

        Raises:
            ValueError: the objective or the measures are not finite.
        """
        if not np.isfinite(objective):
            raise ValueError(f"objective must be finite; found {objective}")
        cell = self.index_of_single(measures)
        places = np.arange(cell * self.depth, (cell + 1) * self.depth)
        occupied, current = self._store.retrieve(places, "objective")
        best = float(np.max(current[occupied])) if occupied.any() else None
        place = self._place(places, occupied, current, float(objective))
        if place is not None:
            data = {"solution": solution, "objective": objective, "measures": measures, **fields}
            self.place([place], {name: [value] for name, value in data.items()})
        status = AddStatus.NOT_ADDED if place is None else AddStatus.NEW if best is None else AddStatus.IMPROVE_EXISTING
        return {
            "status": np.int32(status),
            "value": np.float64(objective - (best or 0.0)),
            "index": np.int32(-1 if place is None else place),
        }

    def place(self, indices: Sequence[int], data: dict[str, Any]) -> None:
        """Put solutions into given places, whatever is there: to restore what was saved."""
        self._store.add(np.asarray(indices, dtype=np.int32), {name: _column(values) for name, values in data.items()})

    def clear(self) -> None:
        """Remove all elites."""
        self._store.clear()

    def retrieve(self, measures: ArrayLike) -> tuple[NDArray[np.bool_], dict[str, Any]]:
        """The best elite of the cell of each of the measures, and whether there is one."""
        found = [self.retrieve_single(single) for single in np.asarray(measures)]
        occupied = np.array([is_occupied for is_occupied, _ in found])
        return occupied, {name: _column([elite[name] for _, elite in found]) for name in self.field_list}

    def retrieve_single(self, measures: ArrayLike) -> tuple[bool, dict[str, Any]]:
        """The best elite of the cell of the measures, and whether there is one."""
        first = self.index_of_single(measures) * self.depth
        occupied, data = self._store.retrieve(np.arange(first, first + self.depth))
        if not occupied.any():
            return False, {name: _sentinel(name, values.dtype, values.shape[1:]) for name, values in data.items()}
        best = int(np.argmax(np.where(occupied, data["objective"], -np.inf)))
        return True, {name: values[best] for name, values in data.items()}

    def data(self, fields: Any = None, return_type: Any = None) -> Any:
        """The data of all elites, as of pyribs' other archives."""
        return self._store.data(fields, return_type)

    def sample_elites(self, n: int, replace: bool = True) -> dict[str, Any]:
        """Elites of cells that are drawn uniformly, each drawn uniformly in its cell."""
        if self.empty:
            raise IndexError("No elements in archive.")
        places = self._store.data("index")
        cells = places // self.depth
        crowd = np.bincount(cells, minlength=self.cells)[cells]
        chance = 1.0 / crowd
        drawn = self.rng.choice(places, size=n, replace=replace, p=chance / chance.sum())
        elites: dict[str, Any] = self._store.retrieve(drawn)[1]
        return elites

    def _place(
        self, places: NDArray[Any], occupied: NDArray[np.bool_], current: NDArray[Any], objective: float
    ) -> int | None:
        if not occupied.all():
            return int(places[np.argmin(occupied)])
        candidates = places
        if self.protect_best and objective <= current.max():
            candidates = np.delete(places, np.argmax(current))
        return int(self.rng.choice(candidates)) if len(candidates) else None


def _column(values: Sequence[Any]) -> NDArray[Any]:
    """An array with one entry per value, also where a value is itself a sequence that is to stay an object."""
    if len(values) and isinstance(values[0], str):
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return column
    return np.asarray(values)


def _sentinel(name: str, dtype: Any, shape: tuple[int, ...]) -> Any:
    if dtype.kind == "O":
        return None
    value = -1 if name == "index" else 0 if np.issubdtype(dtype, np.integer) else np.nan
    return np.full(shape, value, dtype=dtype)[()]
