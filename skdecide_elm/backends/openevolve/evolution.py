"""The loop: OpenEvolve's islands, prompts, models and diffs, around evaluations that run in processes of their own.

OpenEvolve's controller runs an iteration (ask the model, evaluate) in a worker process that gets the whole database
pickled, so that its cost grows with the population and each waiting request blocks an evaluation. Here one thread keeps
the database, requests wait in an event loop, and only programs travel.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from openevolve.config import Config
from openevolve.database import Program
from openevolve.llm.ensemble import LLMEnsemble
from openevolve.prompt.sampler import PromptSampler

from skdecide_elm.backends.openevolve.database import Database, is_valid, score
from skdecide_elm.backends.openevolve.randomness import GlobalRandom
from skdecide_elm.backends.openevolve.request_threads import RequestThreads
from skdecide_elm.backends.openevolve.statistics import RunStatistics
from skdecide_elm.backends.openevolve.stopping import EarlyStopping
from skdecide_elm.core import Evaluation
from skdecide_elm.errors import ConfigError, ReplyError
from skdecide_elm.evaluation.pool import EvaluationPool
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.programs.replies import Child, child_from_reply

__all__ = ["Evolution"]

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_WINDOW = 8
"""Iterations under way at a time, so that up to four workers, whether one or four, see the same history."""


@dataclass(frozen=True)
class _Job:
    """One iteration on its way: what was selected and asked."""

    iteration: int
    island: int
    parent: Program
    prompt: dict[str, str]


@dataclass(frozen=True)
class _Outcome:
    """What became of a job: a child with its evaluation, or the error that ended it."""

    job: _Job
    child: Child | None = None
    evaluation: Evaluation | None = None
    error: Exception | None = None


class Evolution:
    """The state of a search by OpenEvolve's means: database, random numbers, statistics.

    With the embedded proposer, outcomes are inserted in the order of their iterations, so that equal seeds make equal
    runs, whatever the timing, and whatever the number of workers up to four. With an LLM they are inserted as they
    come, so that a stalled request holds up nothing.

    Args:
        config: with the models to ask.
        proposer: the embedded proposer, if it is the model.
        initial_program: text of the program to start from.
        seed: of selection and prompts.
        llm_concurrency: requests in flight at a time.
    """

    def __init__(
        self,
        config: Config,
        proposer: EmbeddedProposer | None,
        initial_program: str,
        seed: int,
        llm_concurrency: int,
    ) -> None:
        self.config = config
        self.initial_program = initial_program
        self.statistics = RunStatistics()
        self.rng = GlobalRandom(seed)
        self.database = Database(config.database, self.rng)
        self._proposer = proposer
        self._seed = seed
        self._llm_concurrency = llm_concurrency
        self._sampler = PromptSampler(config.prompt)

    @property
    def best(self) -> Program | None:
        """The best program so far; None before the initial program was evaluated."""
        return self.database.get_best_program()

    @property
    def last_iteration(self) -> int:
        """The last iteration whose outcome is known."""
        return int(self.database.last_iteration)

    def insert_initial(self, evaluate: Callable[[str], Evaluation]) -> None:
        """Evaluate the initial program and put it on the first island, if that has not been done."""
        if self.database.programs:
            return
        evaluation = evaluate(self.initial_program)
        self.statistics.evaluations += 1
        if not evaluation.is_valid:
            self.statistics.invalid += 1
            logger.warning("The initial program is invalid: %s", evaluation.artifacts.get("error"))
        elif evaluation.metrics.get("nb_cut_episodes", 0) and self._all_cut(evaluation):
            logger.warning(
                "Every episode of the initial program was cut at its step limit. If a better program would be cut too, "
                "no difference can show: raise evaluator_rollout_max_steps."
            )
        program = Program(
            id=self._program_id(0),
            code=self.initial_program,
            changes_description=self.config.prompt.initial_changes_description,
            language="python",
        )
        self._insert(program, evaluation, iteration=0, island=0)

    @staticmethod
    def _all_cut(evaluation: Evaluation) -> bool:
        return evaluation.metrics["nb_cut_episodes"] == evaluation.metrics.get("nb_episodes")

    def next_prompt(self) -> dict[str, str]:
        """The prompt of the next iteration, exactly as it will be sent, without moving on."""
        with self.rng.rewound():
            return self._next_job(self.last_iteration + 1).prompt

    def run(
        self,
        iterations: int,
        pool: EvaluationPool,
        stop: threading.Event,
        target_score: float | None = None,
        on_iteration: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Run more iterations, until they are done, ``stop`` is set, or the target score is reached.

        Must not be called where an event loop runs: it makes its own.

        Args:
            on_iteration: called after each iteration with its number, from this thread.
        """
        self.insert_initial(pool.evaluate)
        loop = asyncio.new_event_loop()
        loop.set_default_executor(RequestThreads())
        try:
            loop.run_until_complete(self._evolve(iterations, pool, stop, target_score, on_iteration))
        finally:
            loop.close()

    async def _evolve(
        self,
        iterations: int,
        pool: EvaluationPool,
        stop: threading.Event,
        target_score: float | None,
        on_iteration: Callable[[int], None],
    ) -> None:
        in_order = self._proposer is not None
        window = max(_WINDOW, 2 * pool.workers) if in_order else 2 * pool.workers + self._llm_concurrency
        ensemble = self._ensemble()
        slots = asyncio.Semaphore(self._llm_concurrency)
        first = self.last_iteration + 1
        following = first
        stopping = EarlyStopping(self.config, target_score)
        pending: list[asyncio.Task[_Outcome]] = []
        try:
            while not stop.is_set() and not stopping.reached(self.best, self.last_iteration + 1 - first):
                while following < first + iterations and len(pending) < window:
                    job = self._next_job(following)
                    pending.append(asyncio.ensure_future(self._carry_out(job, ensemble, slots, pool)))
                    following += 1
                if not pending:
                    return
                awaited = pending[:1] if in_order else pending
                done, _ = await asyncio.wait(awaited, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                for task in [task for task in pending if task in done]:
                    pending.remove(task)
                    self._take(task.result())
                    on_iteration(task.result().job.iteration)
        finally:
            await _abandon(pending)

    def _ensemble(self) -> LLMEnsemble:
        if self._proposer is not None:
            self._proposer.calls = self.statistics.proposals  # it goes on where the run has come to
        return LLMEnsemble(self.config.llm.models)

    def _next_job(self, iteration: int) -> _Job:
        island = iteration % len(self.database.islands)
        parent, inspirations = self.database.sample_from_island(island, self.config.prompt.num_diverse_programs)
        return _Job(iteration, island, parent, self._prompt(iteration, island, parent, inspirations))

    def _prompt(self, iteration: int, island: int, parent: Program, inspirations: list[Program]) -> dict[str, str]:
        settings = self.config.prompt
        best = self.database.best_of_island(island, settings.num_top_programs + settings.num_diverse_programs)
        with self.rng.installed():
            prompt: dict[str, str] = self._sampler.build_prompt(
                current_program=parent.code,
                parent_program=parent.code,
                program_metrics=parent.metrics,
                previous_programs=[p.to_dict() for p in best[: settings.num_top_programs]],
                top_programs=[p.to_dict() for p in best],
                inspirations=[p.to_dict() for p in inspirations],
                language=self.config.language or "python",
                evolution_round=iteration,
                diff_based_evolution=self.config.diff_based_evolution,
                program_artifacts=self.database.get_artifacts(parent.id),
                feature_dimensions=self.config.database.feature_dimensions,
            )
        return prompt

    async def _carry_out(
        self, job: _Job, ensemble: LLMEnsemble, slots: asyncio.Semaphore, pool: EvaluationPool
    ) -> _Outcome:
        try:
            async with slots:  # here, rather than in the client, whose time limit runs while it waits for its turn
                reply = await ensemble.generate_with_context(
                    system_message=job.prompt["system"],
                    messages=[{"role": "user", "content": job.prompt["user"]}],
                )
            child = child_from_reply(
                job.parent.code,
                reply,
                diff_based=self.config.diff_based_evolution,
                diff_pattern=self.config.diff_pattern,
                max_code_length=self.config.max_code_length,
            )
        except Exception as error:  # noqa: BLE001 - a client may raise anything; it costs this proposal, not the run
            return _Outcome(job, error=error)
        evaluation: Evaluation = await asyncio.wrap_future(pool.submit(child.code))
        return _Outcome(job, child, evaluation)

    def _take(self, outcome: _Outcome) -> None:
        """Count an outcome and put the child, if there is one, into the database."""
        statistics, job = self.statistics, outcome.job
        statistics.proposals += 1
        self.database.last_iteration = max(self.last_iteration, job.iteration)
        if outcome.child is None or outcome.evaluation is None:
            self._count_failure(job, outcome.error)
            return
        statistics.evaluations += 1
        statistics.repaired += outcome.child.repaired
        statistics.invalid += not outcome.evaluation.is_valid
        child = Program(
            id=self._program_id(job.iteration),
            code=outcome.child.code,
            parent_id=job.parent.id,
            generation=job.parent.generation + 1,
            metadata={"changes": outcome.child.changes, "parent_metrics": dict(job.parent.metrics)},
        )
        self._insert(child, outcome.evaluation, job.iteration, job.island)
        self.database.increment_island_generation(island_idx=job.island)
        if self.database.should_migrate():
            self.database.migrate_programs()

    def _count_failure(self, job: _Job, error: Exception | None) -> None:
        if isinstance(error, ReplyError):
            self.statistics.rejected_replies[error.kind] += 1
            logger.info("Iteration %d: reply rejected (%s): %s", job.iteration, error.kind, error)
        else:
            self.statistics.llm_failures[type(error).__name__] += 1
            logger.warning("Iteration %d: the request failed: %s: %s", job.iteration, type(error).__name__, error)

    def _insert(self, program: Program, evaluation: Evaluation, iteration: int, island: int) -> None:
        previous = self.best
        program.metrics = dict(evaluation.metrics)
        try:
            self.database.add(program, iteration, island)
        except ValueError as error:  # a feature dimension that no metric has
            raise ConfigError(str(error)) from error
        # a lone surrogate, which a program may well print or raise, fits into no prompt and no file
        texts = {name: text.encode("utf-8", "replace").decode() for name, text in evaluation.artifacts.items()}
        self.database.store_artifacts(program.id, texts)
        if is_valid(program) and (previous is None or score(program) > score(previous)):
            self.statistics.improvements.append((iteration, score(program)))
            logger.info("Iteration %d: new best program, combined_score %.6g", iteration, score(program))

    def _program_id(self, iteration: int) -> str:
        """Equal in equal runs, and never given twice, also in a run that goes on in another process."""
        return str(uuid.UUID(int=random.Random(f"{self._seed}/{iteration}").getrandbits(128), version=4))


async def _abandon(tasks: list[asyncio.Task[_Outcome]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
