"""What can be shown of a search, whichever backend has made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from skdecide_elm.core import Program

__all__ = ["ArchiveMap", "Arm", "Dimension", "Failure", "RunView", "ShownProgram", "Spot"]


@dataclass(frozen=True)
class ShownProgram:
    """A program that the search still knows.

    Attributes:
        program: the program.
        step: in which it was proposed; 0: initial.
        label: by which it is called in the report; unique there.
        is_copy: whether it is the same program as its parent, on another island.
    """

    program: Program
    step: int
    label: str
    is_copy: bool = False

    @property
    def id(self) -> str:
        """Of the program."""
        return self.program.id

    @property
    def score(self) -> float:
        """Its combined score; −inf: invalid."""
        return self.program.evaluation.combined_score

    @property
    def is_valid(self) -> bool:
        """Whether its evaluation succeeded."""
        return self.program.evaluation.is_valid


@dataclass(frozen=True)
class Dimension:
    """One axis of an archive.

    Attributes:
        name: of the feature.
        edges: values of the feature at the boundaries of the cells, or at both ends where there are no cells.
    """

    name: str
    edges: tuple[float, ...]


@dataclass(frozen=True)
class Spot:
    """A cell that is occupied, or the place of an elite.

    Attributes:
        x, y: column and row, from 0, in a grid; else parts of the width and of the height.
        programs: ids, the best first.
    """

    x: float
    y: float
    programs: tuple[str, ...]


@dataclass(frozen=True)
class ArchiveMap:
    """An archive seen along its first two dimensions.

    Attributes:
        title: which one.
        dimensions: to the right, and upwards.
        grid: columns and rows; None: elites have places rather than cells.
        spots: what is occupied.
        remark: what the reader should know of the axes.
    """

    title: str
    dimensions: tuple[Dimension, Dimension]
    grid: tuple[int, int] | None
    spots: tuple[Spot, ...]
    remark: str = ""


@dataclass(frozen=True)
class Failure:
    """How often something has gone wrong.

    Attributes:
        group: what: a request, a reply, a program.
        kind: how.
    """

    group: str
    kind: str
    count: int


@dataclass(frozen=True)
class Arm:
    """What a bandit knows of an operator with a model.

    Attributes:
        name: ``operator@model``, or the operator alone where it needs no model.
        outcomes: proposals of the bandit's window that it was drawn for.
        improved: of these, how many made a program that is better than its parent.
        rate: mean credit per cost, relative to the best arm.
    """

    name: str
    outcomes: int
    improved: int
    rate: float


@dataclass(frozen=True)
class RunView:
    """What can be shown of a search.

    Attributes:
        programs: all that it still knows, by id.
        best: id of the search's best program; None before a valid one was found.
        steps: iterations that are done.
        evaluations: programs evaluated.
        invalid: of these, how many failed.
        improvements: step and combined score of each new best program.
        coverage: the part of the archive's cells that is occupied; None without an archive.
        maps: the archive, seen in one or more ways; the first one shows all of it.
        failures: by kind.
        inserted: programs that the archive took in, by operator; empty where nobody counts them.
        kept: which programs are known, in a sentence.
        arms: what the bandit chooses from, the best rate first; empty where no bandit chooses.
    """

    programs: Mapping[str, ShownProgram]
    best: str | None
    steps: int
    evaluations: int
    invalid: int
    improvements: tuple[tuple[int, float], ...]
    coverage: float | None
    maps: tuple[ArchiveMap, ...]
    failures: tuple[Failure, ...]
    inserted: Mapping[str, int] = field(default_factory=dict)
    kept: str = ""
    arms: tuple[Arm, ...] = ()
