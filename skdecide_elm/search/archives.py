"""Archives of elites by pyribs, and our Deep Grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from ribs.archives import CVTArchive, GridArchive, ProximityArchive

from skdecide_elm.core import Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.search.archive_base import (
    FIELDS,
    ArchiveFactory,
    Measures,
    ProgramArchive,
    checked_dims,
    columns_of,
    row_of,
)
from skdecide_elm.search.deep_grid import DeepGridArchive
from skdecide_elm.search.elites import Elite, Elites
from skdecide_elm.search.measures import Bounds
from skdecide_elm.search.sliding import SlidingProgramArchive
from skdecide_elm.search.snapshot import Snapshot

__all__ = [
    "ARCHIVES",
    "CVTProgramArchive",
    "DeepGridProgramArchive",
    "GridProgramArchive",
    "ProximityProgramArchive",
]


class GridProgramArchive(ProgramArchive):
    """A grid of cells of equal size (Mouret & Clune 2015), by `ribs.archives.GridArchive`.

    Args:
        bounds: of behaviour space.
        dims: cells in each dimension; None: 10 in each.
        history_length: how many occupants of a cell are kept, the present one included.
    """

    def __init__(self, bounds: Bounds, dims: Sequence[int] | None = None, history_length: int = 1) -> None:
        ribs = GridArchive(dims=checked_dims(dims, bounds), ranges=bounds, **FIELDS)
        super().__init__(ribs, bounds, history_length)


class CVTProgramArchive(ProgramArchive):
    """Cells around centroids that are spread evenly (Vassiliades 2018), by `ribs.archives.CVTArchive`.

    Args:
        bounds: of behaviour space.
        cells: how many.
        samples: points that are clustered to find the centroids.
        seed: of these points and of the clustering.
        history_length: how many occupants of a cell are kept, the present one included.
    """

    def __init__(
        self, bounds: Bounds, cells: int = 100, samples: int = 10_000, seed: int = 0, history_length: int = 1
    ) -> None:
        ribs = CVTArchive(centroids=cells, ranges=bounds, samples=samples, seed=seed, **FIELDS)
        super().__init__(ribs, bounds, history_length)

    def snapshot(self) -> Snapshot:
        """All of its state, with the centroids."""
        book = super().snapshot()
        book.arrays["centroids"] = np.array(self.ribs.centroids)
        return book

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state; the centroids are those of the snapshot, whatever clustering gives today."""
        self.ribs = CVTArchive(centroids=snapshot.arrays["centroids"], ranges=self.bounds, **FIELDS)
        super().restore(snapshot)


class DeepGridProgramArchive(ProgramArchive):
    """Several elites per cell; see `skdecide_elm.search.deep_grid.DeepGridArchive`.

    Args:
        bounds: of behaviour space.
        dims: cells in each dimension; None: 10 in each.
        depth: places per cell.
        protect_best: whether the best of a cell is safe from what is not better.
        seed: of the places that newcomers take.
        history_length: how many occupants of a place are kept, the present one included.
    """

    def __init__(
        self,
        bounds: Bounds,
        dims: Sequence[int] | None = None,
        depth: int = 8,
        protect_best: bool = True,
        seed: int = 0,
        history_length: int = 1,
    ) -> None:
        if depth < 1:
            raise ConfigError(f"expected a depth of at least 1; found {depth}")
        ribs = DeepGridArchive(
            dims=checked_dims(dims, bounds),
            ranges=bounds,
            depth=depth,
            protect_best=protect_best,
            seed=seed,
            **FIELDS,
        )
        super().__init__(ribs, bounds, history_length)

    def rival(self, measures: Measures) -> Elite | None:
        """None: a newcomer takes a random place."""
        return None

    def snapshot(self) -> Snapshot:
        """All of its state, with that of its random numbers."""
        book = super().snapshot()
        book.state["random_state"] = self.ribs.rng.bit_generator.state
        return book

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state."""
        super().restore(snapshot)
        self.ribs.rng.bit_generator.state = snapshot.state["random_state"]

    def _offer(self, program: Program, measures: Measures) -> int | None:
        slot = int(self.ribs.add_single(**row_of(program, measures))["index"])
        return None if slot < 0 else slot

    def _cell_of(self, slot: int) -> int:
        return slot // int(self.ribs.depth)

    def _refill(self, elites: Sequence[Elite]) -> None:
        self.ribs.clear()
        if elites:
            columns = columns_of([row_of(elite.program, elite.measures) for elite in elites])
            self.ribs.place([elite.slot for elite in elites], columns)
        self.elites = Elites()
        for elite in elites:
            self.elites.put(elite)


class ProximityProgramArchive(ProgramArchive):
    """No cells: an elite is what is far enough from the others (Lehman & Stanley 2011).

    By `ribs.archives.ProximityArchive`. A program that is not novel enough competes with its nearest neighbour. The
    cost of an insertion grows with the number of elites, which the threshold bounds.

    Args:
        bounds: of behaviour space.
        novelty_threshold: distance to the nearest elite, as a part of the diagonal of behaviour space, from which on a
            program is novel.
        history_length: how many occupants of a place are kept, the present one included.
    """

    def __init__(self, bounds: Bounds, novelty_threshold: float = 0.05, history_length: int = 1) -> None:
        if not 0.0 < novelty_threshold < 1.0:
            raise ConfigError(f"expected a novelty_threshold between 0 and 1; found {novelty_threshold}")
        ribs = ProximityArchive(
            measure_dim=len(bounds),
            k_neighbors=1,
            novelty_threshold=novelty_threshold * math.dist(*zip(*bounds, strict=True)),
            local_competition=True,
            **FIELDS,
        )
        super().__init__(ribs, bounds, history_length)

    def rival(self, measures: Measures) -> Elite | None:
        """The nearest elite, None for measures that are novel."""
        if not self.elites or self.ribs.compute_novelty([measures])[0] >= self.ribs.novelty_threshold:
            return None
        return super().rival(measures)

    def _refill(self, elites: Sequence[Elite]) -> None:
        for slot, elite in enumerate(elites):  # pyribs fills an empty archive in order
            elite.slot = elite.cell = slot
        super()._refill(elites)


ARCHIVES: Mapping[str, ArchiveFactory] = MappingProxyType(
    {
        "grid": GridProgramArchive,
        "cvt": CVTProgramArchive,
        "deep_grid": DeepGridProgramArchive,
        "proximity": ProximityProgramArchive,
        "sliding": SlidingProgramArchive,
    }
)
"""By name, as configurations call them."""
