"""MAP-Elites: the best program for each kind of behaviour (Mouret & Clune 2015)."""

from __future__ import annotations

import random

from skdecide_elm.core import Program
from skdecide_elm.search.archive_base import Archive, ArchiveFactory, Measures
from skdecide_elm.search.selection import Selection, select_uniform
from skdecide_elm.search.snapshot import Snapshot
from skdecide_elm.search.space import Descriptor, Space
from skdecide_elm.search.strategy import is_better

__all__ = ["MapElites"]


class MapElites:
    """A map of different, good programs.

    Where behaviour space is to be learned, programs wait until the initial phase ends; then the space is frozen, and
    the programs are offered to the archive in the order in which they came.

    Args:
        make_archive: called once, when behaviour space is known.
        descriptor: what its dimensions are.
        selection: how parents are chosen.
    """

    def __init__(
        self, make_archive: ArchiveFactory, descriptor: Descriptor, selection: Selection = select_uniform
    ) -> None:
        self.descriptor = descriptor
        self._make_archive = make_archive
        self._selection = selection
        self._waiting: list[Program] = []
        self._best: Program | None = None
        self.space: Space | None = descriptor.space
        self.archive: Archive | None = None if self.space is None else make_archive(self.space.bounds)

    @property
    def best(self) -> Program | None:
        """The best valid program, also if it has no place in behaviour space."""
        return self._best

    @property
    def elites(self) -> list[Program]:
        """The programs of the archive, the best first."""
        elites = self.archive.elites if self.archive is not None else ()
        return [elite.program for elite in sorted(elites, key=lambda elite: (-elite.score, elite.slot))]

    def parents(self, count: int, rng: random.Random) -> list[Program]:
        """Up to ``count`` elites, by the selection."""
        if self.archive is None or not self.archive.elites:
            return []
        return [elite.program for elite in self._selection(self.archive.elites, count, rng)]

    def examples(self, count: int, rng: random.Random) -> list[Program]:
        """The best elite and others from cells that are drawn uniformly."""
        if self.archive is None or not self.archive.elites:
            return []
        elites = self.archive.elites
        drawn = [elites.ranked(0), *(elites.draw(rng) for _ in range(count - 1))][:count]
        different = {elite.slot: elite for elite in drawn}.values()
        return [elite.program for elite in sorted(different, key=lambda elite: (-elite.score, elite.slot))]

    def rival(self, program: Program) -> Program | None:
        """The elite of the program's cell."""
        measures = self._place(program)
        if self.archive is None or measures is None:
            return None
        rival = self.archive.rival(measures)
        return None if rival is None else rival.program

    def insert(self, program: Program) -> bool:
        """Offer a program to the archive; its parents' curiosity learns of it."""
        if is_better(program, self._best):
            self._best = program
        if self.archive is None:
            self._waiting.append(program)
            return program.evaluation.is_valid
        measures = self._place(program)
        added = measures is not None and self.archive.add(program, measures)
        for parent in filter(None, map(self.archive.elites.find, program.parents)):
            parent.curiosity += 1.0 if added else -0.5
        return added

    def update(self, program: Program) -> None:
        """Move a program to where its new evaluation belongs."""
        self._waiting = [program if waiting.id == program.id else waiting for waiting in self._waiting]
        elite = None if self.archive is None else self.archive.elites.find(program.id)
        if self.archive is not None and elite is not None:
            self.archive.update(elite, program, self._place(program))
        if self._best is not None and self._best.id == program.id:
            self._best = self._best_of(program)

    def end_initial_phase(self) -> None:
        """Freeze behaviour space if it is to be learned."""
        if self.archive is not None:
            return
        self.space = self.descriptor.learn(self._waiting)
        self.archive = self._make_archive(self.space.bounds)
        waiting, self._waiting = self._waiting, []
        for program in waiting:
            self.insert(program)

    def snapshot(self) -> Snapshot:
        """All of its state."""
        book = Snapshot({"space": None if self.space is None else self.space.to_json()})
        book.state["waiting"] = [book.keep(program) for program in self._waiting]
        book.state["best"] = None if self._best is None else book.keep(self._best)
        if self.archive is not None:
            book.include("archive", self.archive.snapshot())
        return book

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state."""
        state, programs = snapshot.state, snapshot.programs
        space, archive = None, None
        if state["space"] is not None:
            space = self.descriptor.restored(state["space"])
            archive = self._make_archive(space.bounds)
            archive.restore(snapshot.part("archive"))
        waiting = [programs[found] for found in state["waiting"]]
        self._best = None if state["best"] is None else programs[state["best"]]
        self._waiting = waiting
        self.space, self.archive = space, archive

    def _place(self, program: Program) -> Measures | None:
        return None if self.space is None else self.space(program)

    def _best_of(self, program: Program) -> Program | None:
        """The best of the archive, of what waits, and of a program."""
        best = None
        elite = None if self.archive is None else self.archive.elites.best
        for candidate in (*self._waiting, program, *([] if elite is None else [elite.program])):
            if is_better(candidate, best):
                best = candidate
        return best
