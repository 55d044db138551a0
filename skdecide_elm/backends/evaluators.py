"""The evaluators of a run: of the search, of the choice of the final program, of the report."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from openevolve.evaluation_result import EvaluationResult
from skdecide import Domain

from skdecide_elm.backends.repeatable import RepeatablePool
from skdecide_elm.core import Evaluation
from skdecide_elm.errors import ProgramError
from skdecide_elm.evaluation.cache import CachedPool
from skdecide_elm.evaluation.dask_executor import DaskExecutor, Parallel
from skdecide_elm.evaluation.evaluator import Evaluator
from skdecide_elm.evaluation.executor_pool import Pool, Workers
from skdecide_elm.evaluation.process import WorkerMode
from skdecide_elm.evaluation.randomness import derive_seed
from skdecide_elm.evaluation.result import Comparison, SearchResult, compare
from skdecide_elm.evaluation.task import RolloutTask
from skdecide_elm.evaluation.tasks import Tasks, seeds_of
from skdecide_elm.llm.recorded import Recorder, Recording
from skdecide_elm.search.simplification import simplified

__all__ = ["Evaluators"]

logger = logging.getLogger(__name__)


class Evaluators:
    """Evaluates programs on each of the tasks of a run; processes start when they are needed.

    Args:
        workers: evaluations at a time; None: one per core; or an executor; or where dask is, see `DaskExecutor`.
        mode: how evaluation processes are made; None: the best that the system offers.
        cached: whether the search asks the cache before it runs a program.
        record: of the run, written or replayed, with the search's time-outs.

    Raises:
        ConfigError: there can be no dask.
    """

    def __init__(
        self,
        tasks: Tasks,
        workers: Parallel,
        mode: WorkerMode | None,
        cached: bool = True,
        record: Recorder | Recording | None = None,
    ) -> None:
        self._tasks = tasks
        self._record = record
        self._workers: Workers = DaskExecutor(workers) if isinstance(workers, str) else workers
        self._mode, self._cached = mode, cached
        self._by_name = {name: Evaluator(task, self._workers, mode) for name, task in tasks.by_name().items()}
        self._replicates: dict[int, Evaluator] = {}
        self._is_seeding_checked = False
        self.seed = tasks.seed

    @property
    def is_open(self) -> bool:
        """Whether any processes run."""
        return any(evaluator.is_open for evaluator in self._all())

    @property
    def train(self) -> Evaluator:
        """The search's."""
        return self._by_name["train"]

    @property
    def held_out(self) -> Evaluator:
        """That of the validation domains, or of those of the search without any."""
        return self._by_name.get("validation", self.train)

    def search_pool(self) -> RepeatablePool:
        """What the search submits programs to. Raises as `Evaluator.pool` does."""
        return self._repeatable(self.train.cached_pool() if self._cached else self.train.pool, "train")

    def replicate_pool(self, number: int) -> RepeatablePool:
        """The pool whose episodes have other seeds, by number; of one worker, as few programs are evaluated so.

        What a script of the user's does with chance is its own affair.
        """
        task, evaluator = self._tasks.script or self._tasks.train, self.train
        if isinstance(task, RolloutTask):
            if number not in self._replicates:
                fresh = replace(task, seed=derive_seed(self.seed, "replicate", number))
                self._replicates[number] = self._evaluator(fresh)
            evaluator = self._replicates[number]
        return self._repeatable(evaluator.pool, f"replicate {number}")

    def evaluate(self, code: str, cached: bool) -> EvaluationResult:
        """Evaluate a program as the search would; the search does not hear of it."""
        evaluation = (self.train.cached_pool() if cached else self.train.pool).evaluate(code)
        return EvaluationResult(metrics=dict(evaluation.metrics), artifacts=dict(evaluation.artifacts))

    def evaluate_on(
        self, domain_factory: Callable[[], Domain], codes: Sequence[str], num_episodes: int
    ) -> list[Evaluation]:
        """Evaluate programs on a domain that none of the tasks has; the episodes have seeds of their own."""
        seed = derive_seed(self.seed, "instance")
        task = replace(self._tasks.train, domain_factories=(domain_factory,), num_episodes=num_episodes, seed=seed)
        evaluator = self._evaluator(task)
        try:
            return evaluator.evaluate_all(list(codes))
        finally:
            evaluator.close()

    def compare(self, final: str, initial: str, confidence_level: float) -> SearchResult:
        """The final program beside the initial one on each set of domains; evaluates what is not known yet."""
        found: dict[str, Comparison | None] = {}
        for name, evaluator in self._by_name.items():
            of_final, of_initial = evaluator.evaluate_all([final, initial])
            found[name] = compare(of_final, of_initial, confidence_level)
        return SearchResult(final, found["train"], found.get("validation"), found.get("test"), confidence_level)

    def choose(self, codes: list[str]) -> str | None:
        """The program that is best on the validation domains; None without any, or where none is valid there."""
        validation = self._by_name.get("validation")
        if validation is None or not codes:
            return None
        scores = [evaluation.combined_score for evaluation in validation.evaluate_all(codes)]
        best = max(range(len(codes)), key=scores.__getitem__)
        if not math.isfinite(scores[best]):
            logger.warning("None of the %d best programs is valid on the validation domains.", len(codes))
            return None
        logger.info("Validation chose number %d of the %d best programs of the search", best + 1, len(codes))
        return codes[best]

    def simplified(self, code: str, max_trials: int) -> str:
        """The program without parts that make it no better, on the domains of the search and on those for validation.

        Raises:
            ProgramError: it fails there.
        """
        judges = [evaluator for name, evaluator in self._by_name.items() if name in ("train", "validation")]
        found = [judge.evaluate_all([code])[0] for judge in judges]
        for evaluation in found:
            if not evaluation.is_valid:
                problem = evaluation.artifacts.get("error", "no score")
                raise ProgramError(f"expected a program that runs; found one that fails: {problem}; mend it first")
        best = [evaluation.combined_score for evaluation in found]

        def is_as_good(other: str) -> bool:
            scores: list[float] = []
            for judge, bar in zip(judges, best, strict=True):
                scores.append(judge.evaluate_all([other])[0].combined_score)
                if not scores[-1] >= bar:
                    return False
            best[:] = scores
            return True

        return simplified(code, is_as_good, max_trials)

    def check_seeding(self) -> None:
        """Warn, once, of a domain whose randomness does not follow its seeds."""
        if not self._is_seeding_checked and (problem := self.train.pool.find_unseeded()):
            logger.warning(
                "The domain's randomness does not follow its seeds: %s. So programs do not meet the same luck, and the "
                "same program does not score the same twice. Give the domain a method seed(seed) that fixes all its "
                "randomness from the next reset on, or average over more evaluator_rollout_num_episodes.",
                problem,
            )
        self._is_seeding_checked = True

    def to_json(self) -> dict[str, Any]:
        """The seed and what is known of programs, as JSON can hold it."""
        return {"seed": self.seed, "caches": {name: evaluator.to_json() for name, evaluator in self._by_name.items()}}

    def restore(self, record: Mapping[str, Any], keeps_seed: bool) -> None:
        """Take over what `to_json` gave; nothing of it is in an older checkpoint.

        Args:
            keeps_seed: whether the seed stays as it is; what is known for another one is of no use then.
        """
        seed, caches = record.get("seed", self.seed), record.get("caches", {})
        if not isinstance(seed, int):
            raise TypeError("the seed is of another type")
        if not keeps_seed:
            self._reseed(seed)
        for name in self._by_name.keys() & caches.keys():
            self._by_name[name].restore(caches[name])

    def close(self) -> None:
        """End all evaluation processes and remove all temporary files; a later evaluation starts new ones."""
        for evaluator in self._all():
            evaluator.close()
        if isinstance(self._workers, DaskExecutor):
            self._workers.close()

    def _all(self) -> Iterator[Evaluator]:
        yield from self._by_name.values()
        yield from self._replicates.values()

    def _reseed(self, seed: int) -> None:
        for evaluator in self._replicates.values():
            evaluator.close()
        self._replicates.clear()
        self.seed = seed
        for name, own in seeds_of(seed).items():
            if name in self._by_name:
                self._by_name[name].reseed(own)

    def _repeatable(self, pool: Pool | CachedPool, episodes: str) -> RepeatablePool:
        return RepeatablePool(pool, episodes, self._record)

    def _evaluator(self, task: RolloutTask) -> Evaluator:
        return Evaluator(
            task, 1 if self._workers is None or isinstance(self._workers, int) else self._workers, self._mode
        )
