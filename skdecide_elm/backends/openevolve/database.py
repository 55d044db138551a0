"""OpenEvolve's program database, made to work on negative scores, invalid programs and a seed."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, MutableSet
from pathlib import Path
from typing import Any, Generic, TypeVar

from openevolve.config import DatabaseConfig
from openevolve.database import Program, ProgramDatabase

from skdecide_elm.backends.openevolve.randomness import GlobalRandom
from skdecide_elm.core import COMBINED_SCORE
from skdecide_elm.search.plain import from_json, to_json
from skdecide_elm.search.selection import rank_weights

__all__ = ["Database", "OrderedSet", "is_valid", "precedence", "score"]

T = TypeVar("T")


class OrderedSet(MutableSet[T], Generic[T]):
    """A set that iterates in order of insertion, so that what is drawn from it depends on the seed alone."""

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = dict.fromkeys(items)

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, value: T) -> None:
        """Put a value at the end, unless it is there already."""
        self._items.setdefault(value)

    def discard(self, value: T) -> None:
        """Take a value out, if it is there."""
        self._items.pop(value, None)


def score(program: Program) -> float:
    """The program's combined score; −inf if it has none."""
    return float(program.metrics.get(COMBINED_SCORE, -math.inf))


def is_valid(program: Program) -> bool:
    """Whether the program's evaluation succeeded."""
    return math.isfinite(score(program))


def precedence(program: Program) -> tuple[float, float]:
    """Sorts programs, the best first; of equals that of the earlier iteration, and copies on other islands last."""
    return -score(program), math.inf if program.metadata.get("migrant") else program.iteration_found


class Database(ProgramDatabase):  # type: ignore[misc]
    """Islands of programs with a MAP-Elites grid each: OpenEvolve's, with another selection and a care for −inf.

    What differs from the base class: parents are selected by rank (the base class takes ``max(fitness, 0.001)`` as
    weight, which is blind on negative scores); an invalid program (−inf) is kept, so that its error can be shown, but
    is no inspiration, touches no average and no feature scale; files are valid JSON; and all draws come from a
    generator of its own, with no set in hash order, so that equal seeds make equal runs.
    """

    def __init__(self, config: DatabaseConfig, rng: GlobalRandom) -> None:
        config.random_seed = None  # the base class would seed the global generator
        config.artifact_size_threshold = sys.maxsize  # no files for the longer ones: they would outlive the run
        super().__init__(config)
        self.rng = rng
        self.islands: list[OrderedSet[str]] = [OrderedSet(island) for island in self.islands]
        self.archive: OrderedSet[str] = OrderedSet(self.archive)

    @property
    def coverage(self) -> float:
        """The part of the cells of all islands' grids that is occupied."""
        bins: dict[str, int] = self.feature_bins_per_dim
        cells = math.prod([bins.get(name) or self.feature_bins for name in self.config.feature_dimensions])
        return sum(map(len, self.island_feature_maps)) / (cells * len(self.islands))

    def fresh(self) -> Database:
        """An empty database with the same settings and generator."""
        return Database(self.config, self.rng)

    def add(self, program: Program, iteration: int | None = None, target_island: int | None = None) -> str | None:
        """Add a program; see the base class."""
        if not is_valid(program):  # also +inf and NaN, which would win or confuse every comparison
            program.metrics[COMBINED_SCORE] = -math.inf
        with self.rng.installed():
            added: str | None = super().add(program, iteration, target_island)
        return added

    def sample_from_island(self, island_id: int, num_inspirations: int | None = None) -> tuple[Program, list[Program]]:
        """Select a parent and inspirations from an island (from all programs while it is empty).

        With `exploration_ratio` the parent is any program of the island, with `exploitation_ratio` one of its best
        (the share `elite_selection_ratio`), and otherwise drawn by rank.
        """
        members = self._members(island_id)
        parent = self._select_parent(members)
        return parent, self._select_inspirations(members, parent, 5 if num_inspirations is None else num_inspirations)

    def _members(self, island_id: int) -> list[Program]:
        island = self.islands[island_id % len(self.islands)]
        found = [self.programs[pid] for pid in island if pid in self.programs]
        return found or list(self.programs.values())

    def _select_parent(self, members: list[Program]) -> Program:
        draw = self.rng.random()
        if draw < self.config.exploration_ratio:
            return self.rng.choice(members)
        if draw < self.config.exploration_ratio + self.config.exploitation_ratio:
            return self.rng.choice(self._elites(members))
        return self.rng.choices(members, weights=rank_weights([score(p) for p in members]))[0]

    def _elites(self, members: list[Program]) -> list[Program]:
        count = max(1, math.ceil(self.config.elite_selection_ratio * len(members)))
        return sorted(members, key=score, reverse=True)[:count]

    def _select_inspirations(self, members: list[Program], parent: Program, count: int) -> list[Program]:
        """The island's best other programs, half and half with random ones, none twice and none invalid."""
        seen = {parent.code}
        others = []
        for program in sorted(filter(is_valid, members), key=score, reverse=True):
            if program.code not in seen:
                seen.add(program.code)
                others.append(program)
        best, rest = others[: (count + 1) // 2], others[(count + 1) // 2 :]
        return best + self.rng.sample(rest, min(count - len(best), len(rest)))

    def best_of_island(self, island_id: int, count: int) -> list[Program]:
        """The island's best valid programs, best first."""
        return sorted(filter(is_valid, self._members(island_id)), key=score, reverse=True)[:count]

    def failures(self, count: int) -> list[Program]:
        """The latest invalid programs, the latest first."""
        invalid = [program for program in self.programs.values() if not is_valid(program)]
        return invalid[: -count - 1 : -1]

    def _update_best_program(self, program: Program) -> None:
        """Keep in mind which is the best, in whatever order they come in; see `precedence`."""
        super()._update_best_program(program)
        best = self.get_best_program()
        if best is not None and precedence(program) < precedence(best):
            self.best_program_id: str | None = program.id

    def _calculate_feature_coords(self, program: Program) -> list[int]:
        metrics = [program.metrics.get(dimension, 0.0) for dimension in self.config.feature_dimensions]
        # an invalid program has neither behaviour nor the metrics that a dimension may ask for
        if not is_valid(program) or not all(map(math.isfinite, metrics)):
            return [0] * len(self.config.feature_dimensions)
        coords: list[int] = super()._calculate_feature_coords(program)
        return coords

    def _get_cached_diversity(self, program: Program) -> float:
        self.diversity_cache.clear()  # its values depend on when they were computed, so that a resumed run would differ
        diversity: float = super()._get_cached_diversity(program)
        return diversity

    def get_island_stats(self) -> list[dict[str, Any]]:
        """Statistics per island, with invalid programs left out of the averages."""
        stats: list[dict[str, Any]] = super().get_island_stats()
        for stat, island in zip(stats, self.islands, strict=True):
            scores = [score(self.programs[pid]) for pid in island if pid in self.programs]
            finite = [value for value in scores if math.isfinite(value)]
            stat["average_score"] = math.fsum(finite) / len(finite) if finite else 0.0
            stat["best_score"] = max(finite, default=0.0)
        return stats

    def _save_program(
        self,
        program: Program,
        base_path: str | None = None,
        prompts: dict[str, dict[str, str]] | None = None,
        programs_dir: str | None = None,
    ) -> None:
        record = {**program.to_dict(), **({"prompts": prompts} if prompts else {})}
        root = programs_dir or (Path(base_path or self.config.db_path) / "programs")
        folder = Path(root)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(to_json(record), allow_nan=False)
        (folder / f"{program.id}.json").write_text(text, encoding="utf-8")

    def load(self, path: str) -> None:
        """Load a directory that `save` wrote; see the base class.

        Raises:
            OSError, ValueError: the metadata is missing or is not JSON.
        """
        super().load(path)
        for program in self.programs.values():
            program.metrics = from_json(program.metrics)
            program.metadata = from_json(program.metadata)
        order = json.loads((Path(path) / "metadata.json").read_text(encoding="utf-8"))
        saved = order["islands"] + [[]] * (len(self.islands) - len(order["islands"]))
        self.islands = [OrderedSet(p for p in island if p in self.programs) for island in saved]
        self.archive = OrderedSet(p for p in order["archive"] if p in self.programs)
        self.island_feature_maps += [{} for _ in self.islands[len(self.island_feature_maps) :]]
