"""Steps on their way: who are the parents, what is proposed, what evaluations say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from skdecide_elm.core import Context, Evaluation, Program, Proposal
from skdecide_elm.errors import ConfigError, ReplayError
from skdecide_elm.search.evaluating import Evaluate, FirstEvaluations
from skdecide_elm.search.proposers import Proposers
from skdecide_elm.search.snapshot import Snapshot
from skdecide_elm.search.trials import Trial, Tuned

__all__ = ["Job", "Outcome", "carried_out"]


@dataclass(frozen=True)
class Job:
    """A step on its way.

    Attributes:
        proposer: name of who proposes.
        trial: the child itself, where the parent's constants are tuned and nobody is asked.
    """

    step: int
    parents: tuple[Program, ...]
    context: Context
    proposer: str = ""
    trial: Trial | None = None

    def gain(self, child: Program) -> float:
        """How much better a child is than the program that it was made from."""
        shown = (*self.parents, *self.context.failures, *self.context.examples)
        parent = next((program for program in shown if program.id in child.parents[:1]), self.parents[0])
        return child.evaluation.gain_over(parent.evaluation)

    def snapshot(self, book: Snapshot) -> dict[str, Any]:
        """As JSON can hold it; the programs go into the book."""
        return {
            "step": self.step,
            "seed": self.context.seed,
            "proposer": self.proposer,
            "duplicates": self.context.duplicates,
            "parents": [book.keep(program) for program in self.parents],
            "examples": [book.keep(program) for program in self.context.examples],
            "failures": [book.keep(program) for program in self.context.failures],
            "trial": None if self.trial is None else asdict(self.trial),
        }

    @classmethod
    def restored(cls, row: Mapping[str, Any], programs: Mapping[str, Program]) -> Job:
        """The inverse of `snapshot`."""
        parents, examples, failures = (
            tuple(programs[found] for found in row[name]) for name in ("parents", "examples", "failures")
        )
        step, trial = int(row["step"]), row["trial"]
        context = Context(step, int(row["seed"]), examples, failures, int(row["duplicates"]))
        return cls(step, parents, context, str(row["proposer"]), None if trial is None else Trial(**trial))


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        children: each with its evaluation; None where the program was known already and was not evaluated.
        error: what ended the job instead.
    """

    job: Job
    children: tuple[tuple[Proposal, Evaluation | None], ...] = ()
    error: Exception | None = None


async def carried_out(
    job: Job, proposers: Proposers, evaluate: Evaluate, evaluations: FirstEvaluations, slots: asyncio.Semaphore
) -> Outcome:
    """Propose, and evaluate what was proposed.

    Raises:
        ConfigError, ReplayError: no other step would fare better.
        EvaluationError: the evaluation machinery failed.
    """
    try:
        async with slots:
            if job.trial is None:
                proposals = tuple(await proposers.propose(job.proposer, job.parents, job.context))
            else:
                proposals = tuple(await Tuned(job.trial).propose(job.parents, job.context))
    except (ConfigError, ReplayError):
        raise
    except Exception as error:  # noqa: BLE001 - a client may raise anything; it costs this step, not the run
        return Outcome(job, error=error)
    found = await asyncio.gather(
        *(evaluations.of(proposal.code, partial(evaluate, proposal.code, 0)) for proposal in proposals)
    )
    return Outcome(job, tuple(zip(proposals, found, strict=True)))
