"""Proposals on their way: plain data, so that a checkpoint can hold those that are not done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openevolve.database import Program as OpenEvolveProgram
from pydantic import TypeAdapter, ValidationError

from skdecide_elm.core import Context, Evaluation, Program, Proposal
from skdecide_elm.llm.ledger import Entry
from skdecide_elm.llm.model import Prompt
from skdecide_elm.search.plain import to_json
from skdecide_elm.search.trials import Trial

__all__ = ["Job", "Outcome", "core_program", "jobs_from_json", "jobs_to_json"]


@dataclass(frozen=True)
class Job:
    """One iteration on its way: who was selected and what is asked.

    Attributes:
        iteration: its number, from 1.
        island: where the child goes.
        arm: who proposes.
        parents, context: what it proposes from.
        generation: of the first parent.
        prompt: by OpenEvolve's sampler, if that is the operator.
        bar: scores per episode of the program that a child must beat, if children race.
        trial: the child itself, where the parent's constants are tuned and nobody is asked.
    """

    iteration: int
    island: int
    arm: str
    parents: tuple[Program, ...]
    context: Context
    generation: int
    prompt: Prompt | None = None
    bar: tuple[float, ...] = ()
    trial: Trial | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        children: each with its evaluation; None where the program was known already and was not evaluated.
        error: what ended the job instead.
        entries: what the job's requests have cost.
    """

    job: Job
    children: Sequence[tuple[Proposal, Evaluation | None]] = ()
    error: Exception | None = None
    entries: Sequence[Entry] = ()


_JOBS = TypeAdapter(list[Job])


def jobs_to_json(jobs: Iterable[Job]) -> list[dict[str, Any]]:
    """Jobs as JSON can hold them."""
    plain: list[dict[str, Any]] = to_json(_JOBS.dump_python(list(jobs)))
    return plain


def jobs_from_json(plain: list[dict[str, Any]]) -> list[Job]:
    """The inverse of `jobs_to_json`.

    Raises:
        ValueError: they are none.
    """
    try:
        return _JOBS.validate_python(plain)  # reads numbers such as "-inf" where a number is expected
    except ValidationError as error:
        raise ValueError(f"{error.error_count()} wrong fields in the proposals under way") from error


def core_program(program: OpenEvolveProgram, artifacts: dict[str, str]) -> Program:
    """A program of OpenEvolve's database as operators know it."""
    parents = (program.parent_id,) if program.parent_id else ()
    metadata = program.metadata or {}
    evaluation = Evaluation(dict(program.metrics), artifacts, tuple(metadata.get("scores", ())))
    return Program(program.id, program.code, evaluation, parents, str(metadata.get("operator", "")))
