"""The loop: OpenEvolve's islands, prompts, models and diffs, around evaluations that run in processes of their own.

OpenEvolve's controller runs an iteration (ask the model, evaluate) in a worker process that gets the whole database
pickled, so that its cost grows with the population and each waiting request blocks an evaluation. Here one thread keeps
the database, requests wait in an event loop, and only programs travel.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial

from skdecide_elm.backends.openevolve.evolution import Evolution
from skdecide_elm.backends.openevolve.jobs import Job, Outcome
from skdecide_elm.backends.openevolve.spending import Budget
from skdecide_elm.backends.openevolve.stopping import EarlyStopping
from skdecide_elm.backends.repeatable import RepeatablePool
from skdecide_elm.core import Evaluation
from skdecide_elm.errors import ConfigError, ReplayError
from skdecide_elm.evaluation.racing import set_bar
from skdecide_elm.llm.request_threads import RequestThreads
from skdecide_elm.search.evaluating import FirstEvaluations

__all__ = ["Loop"]

_POLL_SECONDS = 0.1
_WINDOW = 8
"""Iterations under way at a time, so that up to four workers, whether one or four, see the same history."""


class Loop:
    """Runs iterations of a search.

    Must not be used where an event loop runs: it makes its own.

    Args:
        stop: once it is set, the run ends; jobs under way remain under way.
        target_score: where the run ends.
        on_iteration: called after each iteration with its number, from the thread that runs the loop; whether to end
            the run, as if the iterations were done.
    """

    def __init__(
        self,
        evolution: Evolution,
        pool: RepeatablePool,
        stop: threading.Event,
        target_score: float | None = None,
        on_iteration: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self._evolution = evolution
        self._pool = pool
        self._settings = evolution.settings
        self._target_score = target_score
        self._stop = stop
        self._on_iteration = on_iteration
        self._evaluations = FirstEvaluations(evolution.known)

    def run(self, iterations: int) -> None:
        """Run more iterations, until they are done, or what the settings say ends the run."""
        self._evolution.insert_initial(self._pool.evaluate)
        loop = asyncio.new_event_loop()
        loop.set_default_executor(RequestThreads())
        try:
            loop.run_until_complete(self._run(iterations))
        finally:
            loop.close()

    async def _run(self, iterations: int) -> None:
        evolution = self._evolution
        evolution.arms.reopen(evolution.statistics.proposals - evolution.statistics.tuned)
        slots = asyncio.Semaphore(self._settings.llm_concurrency)
        budget = Budget(self._settings.limits, evolution.arms.ledger.total)
        stopping = EarlyStopping(evolution.config, self._target_score)
        jobs = self._jobs(iterations, budget)
        pending: list[asyncio.Task[Outcome]] = []
        done = 0
        try:
            while not self._stop.is_set() and not stopping.reached(evolution.best, done):
                while len(pending) < self._window and (job := next(jobs)) is not None:
                    pending.append(asyncio.ensure_future(self._carry_out(job, slots)))
                if not pending:
                    return
                awaited = pending[:1] if self._settings.in_order else pending
                ended, _ = await asyncio.wait(awaited, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                taken = [task for task in pending if task in ended]
                pending = [task for task in pending if task not in ended]
                done += len(taken)
                answers = [self._take(task.result(), budget) for task in taken]
                if any(answers):
                    return
        finally:
            await _abandon(pending)

    @property
    def _window(self) -> int:
        """Iterations under way at a time."""
        workers: int = self._pool.workers
        if not self._settings.in_order:
            return 2 * workers + self._settings.llm_concurrency
        if self._evolution.arms.asks_llm:  # the same on every machine, so that a recorded run can be repeated elsewhere
            return _WINDOW + self._settings.llm_concurrency
        return max(_WINDOW, 2 * workers)

    def _jobs(self, iterations: int, budget: Budget) -> Iterator[Job | None]:
        """The jobs of a run: first those that an interrupted run left; None while there is none to begin."""
        evolution = self._evolution
        left = sorted(evolution.under_way.values(), key=lambda job: job.iteration)
        following = max([evolution.last_iteration, *evolution.under_way]) + 1
        for begun in range(iterations):
            while budget.is_spent():
                yield None
            job = left[begun] if begun < len(left) else evolution.next_job(following + begun - len(left))
            evolution.under_way[job.iteration] = job
            budget.begin(job.iteration, evolution.arms.is_charged(job.arm))
            yield job
        while True:
            yield None

    async def _carry_out(self, job: Job, slots: asyncio.Semaphore) -> Outcome:
        arms = self._evolution.arms
        with arms.ledger.tally() as entries:
            try:
                async with slots:  # here, rather than in the client, whose time limit runs while it waits for its turn
                    proposals = await arms.operator(job).propose(job.parents, job.context)
            except (ConfigError, ReplayError):
                raise
            except Exception as error:  # noqa: BLE001 - a client may raise anything; it costs this proposal, not the run
                return Outcome(job, error=error, entries=entries)
        begin = partial(self._begin_evaluation, job.bar)
        children = [(own, await self._evaluations.of(own.code, partial(begin, own.code))) for own in proposals]
        return Outcome(job, children, entries=entries)

    def _begin_evaluation(self, bar: Sequence[float], code: str) -> Future[Evaluation]:
        racing = self._evolution.racing
        return self._pool.submit(code, set_bar(bar, racing) if racing else None)

    def _take(self, outcome: Outcome, budget: Budget) -> bool:
        """Insert what an iteration has brought; whether the run shall end."""
        budget.settle(outcome.job.iteration, outcome.entries)
        self._evolution.take(outcome)
        self._evaluations.end(proposal.code for proposal, _ in outcome.children)  # known from now on
        return self._on_iteration(outcome.job.iteration)


async def _abandon(tasks: list[asyncio.Task[Outcome]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
