"""Parts of a search that a user would write."""

from collections.abc import Sequence

from ribs.archives import GridArchive
from tiny import program

from skdecide_elm.core import Context, Program, Proposal
from skdecide_elm.llm.model import Prompt
from skdecide_elm.operators import LLMOperator
from skdecide_elm.search.archive_base import FIELDS, ProgramArchive
from skdecide_elm.search.baselines import RandomSearch

__all__ = ["Annotate", "Ask", "NarrowGrid", "RecordingSearch", "select_oldest"]


class NarrowGrid(ProgramArchive):
    """So many cells along the first measure, two along the others."""

    def __init__(self, bounds, cells=5):
        ribs = GridArchive(dims=[cells] + [2] * (len(bounds) - 1), ranges=bounds, **FIELDS)
        super().__init__(ribs, bounds, history_length=1)


def select_oldest(elites, count, rng):
    return sorted(elites, key=lambda elite: int(elite.program.id))[:count]


class RecordingSearch(RandomSearch):
    """Random search that another module has made its own."""


class Annotate:
    """Goes right, with another note for each step."""

    name = "annotate"
    num_parents = 1

    async def propose(self, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        return [Proposal(program("Move.right", f"NOTES = {context.iteration}"), self.name, (parents[0].id,))]


class Ask(LLMOperator):
    """Asks for the parent once more."""

    name = "ask"

    def prompt(self, parents: Sequence[Program], context: Context) -> Prompt:
        return Prompt(f"Better than this, number {context.iteration}:\n{parents[0].code}", self._settings.task)
