"""The state of a search by OpenEvolve's means: what is selected next, and what becomes of a proposal."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from openevolve.config import Config
from openevolve.database import Program

from skdecide_elm.backends.openevolve.arms import Arms
from skdecide_elm.backends.openevolve.database import Database, is_valid, precedence, score
from skdecide_elm.backends.openevolve.jobs import Job, Outcome, core_program
from skdecide_elm.backends.openevolve.randomness import GlobalRandom
from skdecide_elm.backends.openevolve.sampler import Sampler
from skdecide_elm.backends.openevolve.statistics import RunStatistics
from skdecide_elm.core import Context, Evaluation, Proposal
from skdecide_elm.core import Program as CoreProgram
from skdecide_elm.errors import ConfigError, ReplyError, RequestError
from skdecide_elm.evaluation.failure import has_timed_out
from skdecide_elm.evaluation.score import STOPPED_EARLY
from skdecide_elm.llm.ledger import Limits
from skdecide_elm.programs.normal_form import Known, fingerprint
from skdecide_elm.search.constants import ConstantTuner, Tuning
from skdecide_elm.search.trials import TUNING, Base, Candidate, Trial, better_half

__all__ = ["Evolution", "LoopSettings"]

logger = logging.getLogger(__name__)

_FAILURES = 3
"""Failed programs that an operator may choose from to repair."""


@dataclass(frozen=True)
class LoopSettings:
    """How iterations are run.

    Attributes:
        evaluator_seed: of the episodes on which programs are evaluated.
        llm_concurrency: requests in flight at a time.
        in_order: outcomes are inserted in the order of their iterations, so that equal seeds make equal runs, whatever
            the timing, and whatever the number of workers up to four. Else they are inserted as they come, so that a
            stalled request holds up nothing.
        limits: of what LLM requests may cost.
        tuning: how many of the iterations tune constants, as far as programs have any.
    """

    evaluator_seed: int
    llm_concurrency: int = 8
    in_order: bool = True
    limits: Limits = field(default_factory=Limits)
    tuning: Tuning = field(default_factory=Tuning)


class Evolution:
    """The state of a search by OpenEvolve's means: database, random numbers, statistics, proposals under way.

    Args:
        config: OpenEvolve's.
        arms: who proposes.
        initial_program: text of the program to start from.
        seed: of selection and prompts.
        settings: of the loop that runs it.

    Attributes:
        racing: the error rate at which a child that is clearly worse than its island's best is stopped; None: never.
        known: normal forms of all programs so far.
        repeats: proposals in a row, by their parent, that were known already; where LLMs are asked, theirs alone.
        under_way: jobs that have begun and not ended, by iteration; a run that goes on begins with them.
        tuner: of the programs' constants.
    """

    def __init__(
        self,
        config: Config,
        arms: Arms,
        initial_program: str,
        seed: int,
        settings: LoopSettings,
    ) -> None:
        self.config = config
        self.arms = arms
        self.initial_program = initial_program
        self.seed = seed
        self.settings = settings
        self.statistics = RunStatistics()
        self.rng = GlobalRandom(seed)
        self.database = Database(config.database, self.rng)
        self.known = Known()
        self.repeats: Counter[str] = Counter()
        self.under_way: dict[int, Job] = {}
        self.racing: float | None = None
        self.tuner = ConstantTuner(settings.tuning, seed)
        self._sampler = Sampler(config)

    @property
    def best(self) -> Program | None:
        """The best program so far; None before the initial program was evaluated."""
        return self.database.get_best_program()

    def best_codes(self, count: int) -> list[str]:
        """The best valid programs of all islands, best first, none twice, none that was stopped early."""
        programs = [p for p in self.database.programs.values() if is_valid(p) and STOPPED_EARLY not in p.metrics]
        distinct: dict[str, str] = {}
        for program in sorted(programs, key=precedence):
            distinct.setdefault(fingerprint(program.code), program.code)
        return list(distinct.values())[:count]

    @property
    def last_iteration(self) -> int:
        """The last iteration whose outcome is known."""
        return int(self.database.last_iteration)

    def insert_initial(self, evaluate: Callable[[str], Evaluation]) -> None:
        """Evaluate the initial program and put it on the first island, if that has not been done."""
        if self.database.programs:
            return
        begin = time.monotonic()
        evaluation = evaluate(self.initial_program)
        self.tuner.hear_of_cost(time.monotonic() - begin)
        self.known.add(self.initial_program)
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

    def next_prompt(self, operator: str | None = None) -> dict[str, str]:
        """The prompt of the next iteration, exactly as it will be sent, without moving on.

        Args:
            operator: the one that would be asked; None: the one that will be.

        Raises:
            ConfigError: there is no such operator, or it asks no LLM.
            ReplyError: the operator has nothing to work on.
        """
        under_way = next((job for job in self.under_way.values() if job.trial is None), None)
        with self.rng.rewound():
            arm = None if operator is None else self.arms.arm_of(operator)
            job = under_way if under_way and arm is None else self._asking_job(self.last_iteration + 1, arm)
            return self.arms.prompt(job)

    def next_job(self, iteration: int) -> Job:
        """Select parents and who proposes from them, or other constants for a program."""
        trial = self.tuner.ask(iteration, self._tunable)
        return self._asking_job(iteration) if trial is None else self._tuning_job(iteration, trial)

    def _tuning_job(self, iteration: int, trial: Trial) -> Job:
        base = self.tuner.base(trial)
        island, generation = base.place
        return Job(iteration, island, TUNING, (base.program,), Context(iteration, seed=0), generation, trial=trial)

    def _tunable(self) -> list[Candidate]:
        """The programs that are better than most."""
        whole = [p for p in self.database.programs.values() if is_valid(p) and STOPPED_EARLY not in p.metrics]
        return better_half(Candidate(score(p), p.code, partial(_base, p), _is_tuned(p)) for p in whole)

    def _asking_job(self, iteration: int, arm: str | None = None) -> Job:
        """Select parents and who proposes from them; with ``arm`` that one."""
        island = iteration % len(self.database.islands)
        parent, inspirations = self.database.sample_from_island(island, self.config.prompt.num_diverse_programs)
        failures = self.database.failures(_FAILURES)
        arm = arm or self.arms.choose(self.rng, bool(failures))
        mates = inspirations[: self.arms.num_parents(arm) - 1]
        parents = self._core([parent, *mates])
        context = Context(
            iteration,
            seed=random.Random(f"{self.seed}/{iteration}/context").getrandbits(31),
            examples=self._core(inspirations[len(mates) :]),
            failures=self._core(failures) if self.arms.repairs(arm) else (),
        )
        context = replace(context, duplicates=self.repeats[self.arms.base(arm, parents, context).id])
        prompt = None
        if self.arms.is_sampled(arm):
            prompt = self._sampler.prompt(self.database, island, parent, inspirations, context)
        return Job(iteration, island, arm, parents, context, parent.generation, prompt, self._bar(island))

    def _bar(self, island: int) -> tuple[float, ...]:
        """The scores by episode of the island's best program; none where children do not race."""
        best = self.database.best_of_island(island, 1) if self.racing else []
        return tuple(best[0].metadata.get("scores", ())) if best else ()

    def _core(self, programs: list[Program]) -> tuple[CoreProgram, ...]:
        return tuple(core_program(program, self.database.get_artifacts(program.id)) for program in programs)

    def take(self, outcome: Outcome) -> None:
        """Count an outcome and put the children, if there are any, into the database."""
        job = outcome.job
        self.under_way.pop(job.iteration, None)
        self.statistics.proposals += 1
        self.statistics.tuned += job.trial is not None
        self.database.last_iteration = max(self.last_iteration, job.iteration)
        if outcome.error is not None:
            self._count_failure(job, outcome.error)
        gains = [self._adopt(job, *child, number) for number, child in enumerate(outcome.children)]
        if job.trial is not None:
            evaluation = outcome.children[0][1]
            self.tuner.tell(job.trial, None if evaluation is None else evaluation.combined_score)
        self.arms.update(job.arm, max(gains, default=0.0), outcome.entries)
        if any(evaluation is not None for _, evaluation in outcome.children):
            self.database.increment_island_generation(island_idx=job.island)
            if self.database.should_migrate():
                self.database.migrate_programs()

    def _adopt(self, job: Job, proposal: Proposal, evaluation: Evaluation | None, number: int) -> float:
        """Insert a child, unless it is known; how much better it is than its parent."""
        parent = next(p for p in (*job.parents, *job.context.failures) if p.id == proposal.parents[0])
        tells = self.arms.is_charged(job.arm) or not self.arms.asks_llm  # an LLM is told of its own repeats alone
        if not self.known.add(proposal.code) or evaluation is None:
            self.statistics.duplicates += 1
            self.repeats[parent.id] += tells
            return 0.0
        if has_timed_out(evaluation):  # proposed again, it is for the cache to say when it is tried again
            self.known.forget(proposal.code)
        if tells:
            self.repeats.pop(parent.id, None)
        self.statistics.evaluations += 1
        self.statistics.repaired += proposal.repaired
        self.statistics.invalid += not evaluation.is_valid
        self.statistics.stopped_early += STOPPED_EARLY in evaluation.metrics
        metadata = {"changes": proposal.changes, "parent_metrics": dict(parent.evaluation.metrics), "operator": job.arm}
        child = Program(
            id=self._program_id(job.iteration, number),
            code=proposal.code,
            parent_id=parent.id,
            generation=job.generation + 1,
            metadata=metadata,
        )
        self._insert(child, evaluation, job.iteration, job.island)
        return evaluation.gain_over(parent.evaluation)

    def _count_failure(self, job: Job, error: Exception) -> None:
        if isinstance(error, ReplyError):
            self.statistics.rejected_replies[error.kind] += 1
            logger.info("Iteration %d: reply rejected (%s): %s", job.iteration, error.kind, error)
        else:
            kind = error.kind if isinstance(error, RequestError) else type(error).__name__
            self.statistics.llm_failures[kind] += 1
            logger.warning("Iteration %d: the request failed: %s: %s", job.iteration, kind, error)

    def _insert(self, program: Program, evaluation: Evaluation, iteration: int, island: int) -> None:
        previous = self.best
        if STOPPED_EARLY not in evaluation.metrics:
            self.tuner.know(program.code, evaluation.combined_score)
        program.metrics = dict(evaluation.metrics)
        program.metadata = {**program.metadata, "scores": list(evaluation.scores)}
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

    def _program_id(self, iteration: int, number: int = 0) -> str:
        """Equal in equal runs, and never given twice, also in a run that goes on in another process."""
        which = f"{self.seed}/{iteration}" + (f"/{number}" if number else "")
        return str(uuid.UUID(int=random.Random(which).getrandbits(128), version=4))


def _is_tuned(program: Program) -> bool:
    return bool((program.metadata or {}).get("operator") == TUNING)


def _base(program: Program) -> Base:
    core = CoreProgram(program.id, program.code, Evaluation(dict(program.metrics)))
    return Base(core, (int((program.metadata or {}).get("island", 0)), program.generation))
