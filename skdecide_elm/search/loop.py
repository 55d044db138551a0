"""The loop of every search: select, vary, evaluate, insert, all at the same time."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace

from skdecide_elm.core import Context, Evaluation, Program
from skdecide_elm.errors import ConfigError, EvaluationError, ReplyError, RequestError
from skdecide_elm.search.constants import ConstantTuner
from skdecide_elm.search.evaluating import Evaluate, FirstEvaluations, awaited
from skdecide_elm.search.jobs import Job, Outcome, carried_out
from skdecide_elm.search.promising import Promising
from skdecide_elm.search.proposers import Proposers
from skdecide_elm.search.repeats import Repeats
from skdecide_elm.search.settings import SearchSettings
from skdecide_elm.search.snapshot import Snapshot
from skdecide_elm.search.statistics import SearchStatistics
from skdecide_elm.search.strategy import Strategy

__all__ = ["Search"]

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_FAILURES = 3
"""How many of the programs that failed last are kept for operators that repair."""


class Search:
    """A search in progress: its strategy, the steps that are under way, statistics.

    Its state changes only between two outcomes, so that what `snapshot` gives, at any time, is whole. Steps that were
    interrupted are carried out again when `run` goes on.

    Args:
        strategy: who is a parent, and who stays.
        initial_programs: texts of the programs to start from.
        settings: how it runs.
    """

    def __init__(self, strategy: Strategy, initial_programs: Sequence[str], settings: SearchSettings) -> None:
        if not initial_programs:
            raise ConfigError("expected at least one initial program; found none")
        self.strategy = strategy
        self.settings = settings
        self.statistics = SearchStatistics()
        self.history: list[Program] = []
        self._initial_codes = tuple(initial_programs)
        self._initial: tuple[Program, ...] = ()
        self._failed: deque[Program] = deque(maxlen=_FAILURES)
        self._jobs: dict[int, Job] = {}
        self._begun = 0
        self._repeats = Repeats(settings.free_repeats, settings.dropping)
        self._tuner = ConstantTuner(settings.tuning, settings.seed)
        self._promising = Promising()

    @property
    def best(self) -> Program | None:
        """The best valid program; None before anything was evaluated, or where nothing is valid."""
        return self.strategy.best

    @property
    def initial_programs(self) -> tuple[Program, ...]:
        """The programs that the search started from; empty before they were evaluated."""
        return self._initial

    async def run(
        self,
        steps: int,
        proposers: Proposers,
        evaluate: Evaluate,
        stop: threading.Event | None = None,
        on_step: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """Run more steps, until they are done, ``stop`` is set, or the target score is reached.

        Args:
            on_step: called after each step with the number of steps that are done; whether to end the run, as if all
                steps were done.
        """
        stop = stop or threading.Event()
        try:
            if not self._initial:
                await self._insert_initial(evaluate)
            await self._steps(self.statistics.steps + steps, proposers, evaluate, stop, on_step)
            if not stop.is_set():
                await self._settle_best(evaluate)
        except EvaluationError:  # stopping closes the pool, and what is being evaluated fails
            if not stop.is_set():
                raise

    def snapshot(self) -> Snapshot:
        """All of the search's state but the settings other than the seed, and the initial programs' texts."""
        book = Snapshot()
        book.state["seed"] = self.settings.seed
        book.state["initial"] = [book.keep(program) for program in self._initial]
        book.state["history"] = [book.keep(program) for program in self.history]
        book.state["failed"] = [book.keep(program) for program in self._failed]
        book.state["statistics"] = self.statistics.to_json()
        book.state["begun"] = self._begun
        book.state["repeats"] = self._repeats.to_json()
        book.state["tuning"] = self._tuner.to_json()
        book.state["promising"] = self._promising.snapshot(book)
        book.state["jobs"] = [job.snapshot(book) for job in self._jobs.values()]
        book.include("strategy", self.strategy.snapshot())
        return book

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state from `snapshot` of a search that was made with the same arguments.

        Raises:
            LookupError, TypeError, ValueError: it is not such a state; the search must not be used then.
        """
        state, programs = snapshot.state, snapshot.programs
        self.settings = replace(self.settings, seed=int(state["seed"]))
        self.strategy.restore(snapshot.part("strategy"))
        self.statistics = SearchStatistics.from_json(state["statistics"])
        self.history = [programs[found] for found in state["history"]]
        self._failed = deque((programs[found] for found in state["failed"]), _FAILURES)
        self._initial = tuple(programs[found] for found in state["initial"])
        self._begun = int(state["begun"])
        self._repeats.restore(state["repeats"])
        self._tuner.restore(state["tuning"])
        self._promising.restore(state["promising"], programs)
        jobs = [Job.restored(row, programs) for row in state["jobs"]]
        self._jobs = {job.step: job for job in jobs}

    async def _insert_initial(self, evaluate: Evaluate) -> None:
        begin = time.monotonic()
        evaluations = await asyncio.gather(*(awaited(evaluate(code, 0)) for code in self._initial_codes))
        self._tuner.hear_of_cost(time.monotonic() - begin)
        self._initial = tuple(
            Program(_numbered(0, number), code, evaluation)
            for number, (code, evaluation) in enumerate(zip(self._initial_codes, evaluations, strict=True))
        )
        for program in self._initial:
            self._insert(program)
        if self.settings.init_steps == 0:
            self.strategy.end_initial_phase()

    async def _steps(
        self,
        last: int,
        proposers: Proposers,
        evaluate: Evaluate,
        stop: threading.Event,
        on_step: Callable[[int], bool],
    ) -> None:
        slots = asyncio.Semaphore(self.settings.concurrency)
        evaluations = FirstEvaluations(self._repeats if self.settings.dropping else None)
        pending: dict[asyncio.Task[Outcome], Job] = {}

        def begin(job: Job) -> None:
            pending[asyncio.ensure_future(carried_out(job, proposers, evaluate, evaluations, slots))] = job

        try:
            for job in self._jobs.values():
                begin(job)
            while not stop.is_set() and not await self._reached(evaluate):
                for job in self._next_jobs(last, proposers):
                    begin(job)
                if not pending:
                    return
                waited_for = [next(iter(pending))] if self.settings.in_order else list(pending)
                done, _ = await asyncio.wait(waited_for, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                ends = False
                for task in [task for task in waited_for if task in done]:
                    outcome = task.result()
                    counts = await self._take(outcome, proposers, evaluate)
                    evaluations.end(proposal.code for proposal, _ in outcome.children)
                    del self._jobs[pending.pop(task).step]
                    ends = (counts and on_step(self.statistics.steps)) or ends
                if ends:
                    return
        finally:
            await _abandon(list(pending))

    def next_asking_job(self, proposers: Proposers) -> Job:
        """Who will be asked next, and what; nothing changes."""
        under_way = next((job for job in self._jobs.values() if job.trial is None), None)
        return under_way or self._asking_job(self._begun + 1, proposers)

    def _next_jobs(self, last: int, proposers: Proposers) -> Iterator[Job]:
        while self.statistics.steps + len(self._jobs) < last and self._has_room(proposers):
            job = self._job(self._begun + 1, proposers)
            self._begun += 1
            self._jobs[job.step] = job
            yield job

    def _has_room(self, proposers: Proposers) -> bool:
        if len(self._jobs) >= self.settings.window:
            return False
        return proposers.may_begin({step: job.proposer for step, job in self._jobs.items() if job.trial is None})

    def _job(self, step: int, proposers: Proposers) -> Job:
        counted = self.statistics.steps + len(self._jobs) + 1 - self.settings.init_steps
        if counted > 0:
            trial = self._tuner.ask(counted, self._promising.candidates)
            if trial is not None:
                return Job(step, (self._tuner.base(trial).program,), Context(step, 0), trial=trial)
        return self._asking_job(step, proposers)

    def _asking_job(self, step: int, proposers: Proposers) -> Job:
        rng = random.Random(f"{self.settings.seed}/{step}")  # of its own, so that no state needs to be saved
        parents: list[Program] = []
        if step > self.settings.init_steps:
            parents = self.strategy.parents(proposers.num_parents, rng)
        if not parents:
            parents = [self._initial[(step - 1) % len(self._initial)]]
        shown = {program.id for program in parents}
        examples = self.strategy.examples(self.settings.num_examples, rng) if self.settings.num_examples else []
        others = tuple(program for program in examples if program.id not in shown)
        context = Context(step, rng.getrandbits(32), others, tuple(self._failed))
        proposer, base = proposers.choose(parents, context)
        context = replace(context, duplicates=self._repeats.from_parent(base.id))
        return Job(step, tuple(parents), context, proposer)

    async def _take(self, outcome: Outcome, proposers: Proposers, evaluate: Evaluate) -> bool:
        """Decide on the children of a step; whether it counts. Nothing changes before all that is awaited is there."""
        proposals = [proposal for proposal, _ in outcome.children]
        codes = [proposal.code for proposal in proposals]
        if outcome.job.trial is None and self._repeats.are_free(codes):
            self.statistics.repeats += 1
            return False
        dropped = self._repeats.dropped(codes)
        children = [await self._contest(child, evaluate) for child in _programs(outcome, dropped)]
        for child, rival in children:
            if rival is not None:
                self.strategy.update(rival)
            self._insert(child, outcome.job.step)
        if outcome.job.trial is not None:
            evaluation = None if dropped[0] else outcome.children[0][1]
            self._tuner.tell(outcome.job.trial, None if evaluation is None else evaluation.combined_score)
        else:
            gains = [outcome.job.gain(child) for child, _ in children]
            proposers.learn(outcome.job.proposer, outcome.job.step, max(gains, default=0.0))
            self._repeats.count(proposals, dropped)
        self.statistics.repeats += sum(dropped)
        self._count(outcome)
        return True

    def _insert(self, program: Program, step: int = 0) -> None:
        statistics, before = self.statistics, self.best
        self._repeats.learn(program.code, program.evaluation)
        statistics.evaluations += 1
        statistics.invalid += not program.evaluation.is_valid
        if self.strategy.insert(program):
            statistics.inserted += 1
            statistics.operators[program.operator or "initial"] += 1
        if not program.evaluation.is_valid:
            self._failed.appendleft(program)
        if self.settings.save_history:
            self.history.append(program)
        self._promising.add(program)
        self._tuner.know(program.code, program.evaluation.combined_score)
        if self.best is not None and (before is None or _score(self.best) > _score(before)):
            statistics.improvements.append((step, _score(self.best)))
            logger.info("Step %d: new best program, combined_score %.6g", step, _score(self.best))

    def _count(self, outcome: Outcome) -> None:
        self.statistics.steps += 1
        if self.statistics.steps == self.settings.init_steps:
            self.strategy.end_initial_phase()
        step, error = outcome.job.step, outcome.error
        if isinstance(error, ReplyError):
            self.statistics.rejected_replies[error.kind] += 1
            logger.info("Step %d: reply rejected (%s): %s", step, error.kind, error)
        elif error is not None:
            kind = error.kind if isinstance(error, RequestError) else type(error).__name__
            self.statistics.failures[kind] += 1
            logger.warning("Step %d: the operator failed: %s: %s", step, kind, error)

    async def _contest(self, child: Program, evaluate: Evaluate) -> tuple[Program, Program | None]:
        policy = self.settings.replication
        rival = None if policy is None or not child.evaluation.is_valid else self.strategy.rival(child)
        if policy is None or rival is None:
            return child, None
        return await policy.contest(child, rival, self._counted(evaluate))

    def _counted(self, evaluate: Evaluate) -> Evaluate:
        def counted(code: str, replicate: int) -> Future[Evaluation] | Awaitable[Evaluation]:
            self.statistics.replicates += 1
            return evaluate(code, replicate)

        return counted

    async def _settle_best(self, evaluate: Evaluate) -> None:
        policy = self.settings.replication
        while policy and self.best is not None and not policy.is_settled(self.best):
            self.strategy.update(await policy.settled(self.best, self._counted(evaluate)))

    async def _reached(self, evaluate: Evaluate) -> bool:
        """Whether the best has reached the target, and still has when its score is believed."""
        if not self._is_near_target():
            return False
        await self._settle_best(evaluate)
        return self._is_near_target()

    def _is_near_target(self) -> bool:
        target, best = self.settings.target_score, self.best
        return target is not None and best is not None and _score(best) >= target - self.settings.atol


async def _abandon(tasks: list[asyncio.Task[Outcome]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _programs(outcome: Outcome, dropped: list[bool]) -> Iterator[Program]:
    """The children of a step but those that are dropped."""
    for number, (proposal, evaluation) in enumerate(outcome.children):
        if not dropped[number] and evaluation is not None:
            name = _numbered(outcome.job.step, number)
            yield Program(name, proposal.code, evaluation, proposal.parents, proposal.operator)


def _numbered(step: int, number: int) -> str:
    """The id of a program: unique in its run, equal in equal runs."""
    return f"{step}.{number}" if number else str(step)


def _score(program: Program) -> float:
    return program.evaluation.combined_score
