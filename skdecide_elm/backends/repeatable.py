"""Evaluations whose time-outs are part of a recorded run."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial

from skdecide_elm.core import Evaluation
from skdecide_elm.evaluation.cache import CachedPool, answered
from skdecide_elm.evaluation.executor_pool import Pool
from skdecide_elm.evaluation.failure import has_timed_out
from skdecide_elm.evaluation.racing import Bar
from skdecide_elm.llm.recorded import Recorder, Recording
from skdecide_elm.programs.normal_form import fingerprint

__all__ = ["RepeatablePool"]


class RepeatablePool:
    """A pool that a recorded run and its replays see alike, however busy the machine is.

    A program that ran past the time limit is not tried again, neither in the recorded run, where it might pass, nor in
    a replay, where it would come further or less far.

    Args:
        pool: evaluates.
        episodes: what it evaluates on, as the recording names it.
        record: of the run, written or replayed; None: the pool is used as it is.
    """

    def __init__(self, pool: Pool | CachedPool, episodes: str, record: Recorder | Recording | None) -> None:
        self.workers = pool.workers
        self._pool = pool
        self._episodes = episodes
        self._time_outs: Mapping[str, Mapping[str, str]] = {} if record is None else record.time_outs
        self._record = record

    def submit(self, code: str, bar: Bar | None = None) -> Future[Evaluation]:
        """As `EvaluationPool.submit`."""
        program = f"{self._episodes}/{fingerprint(code)}"
        artifacts = self._time_outs.get(program)
        if artifacts is not None:
            return answered(Evaluation.invalid(**artifacts))
        future = self._pool.submit(code, bar)
        if self._record is not None:
            future.add_done_callback(partial(_tell, self._record, program))
        return future

    def evaluate(self, code: str) -> Evaluation:
        """As `EvaluationPool.evaluate`."""
        return self.submit(code).result()


def _tell(record: Recorder | Recording, program: str, future: Future[Evaluation]) -> None:
    if not future.cancelled() and future.exception() is None and has_timed_out(future.result()):
        record.add_time_out(program, future.result().artifacts)
