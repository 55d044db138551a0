"""Structure and constants, searched apart: some of a run's evaluations go to the constants of its best programs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from skdecide_elm.errors import ProgramError
from skdecide_elm.programs.lifting import lifted
from skdecide_elm.programs.normal_form import fingerprint
from skdecide_elm.programs.tunables import read_tunables, structure_of, with_values
from skdecide_elm.search.plain import from_json, to_json
from skdecide_elm.search.trials import Base, Candidate, Trial
from skdecide_elm.search.tuning import ConstantSearch, search_for_constants

__all__ = ["CHEAP_SECONDS", "ConstantTuner", "Tuning"]

_STEPS = (0.1, 0.25)
"""First standard deviations if none is given: constants near an optimum want the small one."""

_AT_A_TIME = 3

CHEAP_SECONDS = 10.0
"""About what an LLM takes to write a program: where an evaluation takes longer, it is better spent on new programs."""


@dataclass(frozen=True)
class Tuning:
    """How much of a search goes to constants.

    Attributes:
        share: of its iterations; 0: none.
        only_if_cheap: none at all where the evaluation of the initial programs takes longer than `CHEAP_SECONDS`.
        step: how far the first constants that are tried lie from a program's, as a share of their bounds; None: 0.1 or
            0.25, drawn for each program.
    """

    share: float = 0.0
    only_if_cheap: bool = False
    step: float | None = None


@dataclass
class _Search:
    """The search for one program's constants, with all that is needed to repeat it: what is told of each trial."""

    base: Base
    code: str
    seed: int
    step: float
    best: float
    scores: list[float | None] = field(default_factory=list)
    best_at: int = 0

    def started(self) -> ConstantSearch:
        """The search before its first trial."""
        return search_for_constants(self.code, self.seed, self.step)

    def replayed(self) -> ConstantSearch:
        """The search after all trials so far."""
        search = self.started()
        for first in range(0, len(self.scores), search.generation_size):
            generation = self.scores[first : first + search.generation_size]
            for _ in generation:
                search.ask()
            for number, value in enumerate(generation):
                if value is not None:
                    search.tell(number, value)
        return search


_SEARCHES = TypeAdapter(list[_Search])


class ConstantTuner:
    """Tunes the constants of the best programs, a few programs at a time; see `search_for_constants`.

    Asks are spread evenly over the iterations, as far as there is something to tune. A program is taken up when it is
    better than all that was found for its structure before; of the programs in hand, the best gets the most trials. All
    trials meet the same episodes (common random numbers). The state is plain data: what was asked and told is asked and
    told again when a run goes on.

    Args:
        tuning: how much of the search it gets.
        seed: of all draws.
    """

    def __init__(self, tuning: Tuning, seed: int) -> None:
        self._tuning, self._share, self._seed = tuning, tuning.share, seed
        self._searches: list[_Search] = []
        self._running: dict[int, ConstantSearch] = {}
        self._reached: dict[str, float] = {}
        self._scores: dict[str, float] = {}
        self._asked = 0

    def ask(self, iteration: int, candidates: Callable[[], Iterable[Candidate]]) -> Trial | None:
        """The trial of an iteration; None where it is the turn of an operator, or nothing is to be tuned.

        Args:
            candidates: gives the programs that are better than most, the best first, none of them tuned.
        """
        if self._asked + 1 > self._share * iteration:
            return None
        self._take_up(candidates())
        for index in self._by_need():
            trial = self._next_trial(index)
            if trial is not None:
                self._asked += 1
                return trial
        return None

    def base(self, trial: Trial) -> Base:
        """The program whose constants a trial changes."""
        return self._searches[trial.search].base

    def hear_of_cost(self, seconds: float) -> None:
        """Hear how long the evaluation of the initial programs has taken."""
        if self._tuning.only_if_cheap and seconds > CHEAP_SECONDS:
            self._share = 0.0

    def know(self, code: str, score: float) -> None:
        """Hear of a program, whoever proposed it, so that no trial of it is asked for."""
        if self._share:
            self._scores[fingerprint(code)] = score

    def tell(self, trial: Trial, value: float | None) -> None:
        """The score of a trial; None where its program was known: what was heard of it, else the worst."""
        if value is not None:
            self.know(trial.code, value)
        self._learn(trial, self._scores.get(fingerprint(trial.code), -math.inf))

    def _next_trial(self, index: int) -> Trial | None:
        """The next trial of a search whose score is not known; None until its generation was told, or if it has ended.

        CMA-ES asks for the same whole numbers again and again: their scores are told at once, and cost no iteration.
        """
        search = self._searches[index]
        while index in self._running and (asked := self._running[index].ask()) is not None:
            trial = Trial(with_values(search.code, asked[1]), index, len(search.scores))
            search.scores.append(None)
            known = self._scores.get(fingerprint(trial.code))
            if known is None:
                return trial
            self._learn(trial, known)
        return None

    def _learn(self, trial: Trial, told: float) -> None:
        """Have a search learn the score of its trial."""
        search = self._searches[trial.search]
        search.scores[trial.number] = told
        running = self._running.get(trial.search)
        if running is None:  # it has ended since
            return
        if told > search.best:
            search.best, search.best_at = told, running.generation
            key = structure_of(search.code)
            self._reached[key] = max(self._reached[key], told)
        running.tell(trial.number % running.generation_size, told)
        if running.is_stuck(running.generation - search.best_at):
            del self._running[trial.search]

    def to_json(self) -> dict[str, Any]:
        """The state as JSON can hold it."""
        searches = _SEARCHES.dump_python(self._searches)
        running = list(self._running)
        state = {
            "share": self._share,
            "seed": self._seed,
            "searches": searches,
            "running": running,
            "reached": self._reached,
        }
        return dict(to_json({**state, "scores": self._scores, "asked": self._asked}))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state from `to_json`: what was asked and told is asked and told again."""
        plain = from_json(dict(state))
        self._share, self._seed = plain["share"], plain["seed"]
        self._searches = _SEARCHES.validate_python(plain["searches"])
        self._running = {index: self._searches[index].replayed() for index in plain["running"]}
        self._reached = dict(plain["reached"])
        self._scores = dict(plain["scores"])
        self._asked = plain["asked"]

    def _by_need(self) -> list[int]:
        """The searches under way; the second best gets half of the trials of the best, the third a third."""
        ranked = sorted(self._running, key=lambda index: (-self._searches[index].best, index))
        need = {index: len(self._searches[index].scores) * (rank + 1) for rank, index in enumerate(ranked)}
        return sorted(ranked, key=lambda index: (need[index], index))

    def _take_up(self, candidates: Iterable[Candidate]) -> None:
        """Begin with the best program that is better than what its structure has reached."""
        for candidate in candidates:
            score = candidate.score
            if not self._has_room(score):
                return
            code, key = _tunable(candidate.code)
            if not code or score <= self._reached.get(key, -math.inf):
                continue
            self._make_room()
            self._reached[key] = self._scores[fingerprint(code)] = score
            seed = random.Random(f"{self._seed}/{len(self._searches)}").getrandbits(31)
            step = random.Random(seed).choice(_STEPS) if self._tuning.step is None else self._tuning.step
            search = _Search(candidate.base(), code, seed, step, score)
            self._searches.append(search)
            self._running[len(self._searches) - 1] = search.started()
            return

    def _has_room(self, value: float) -> bool:
        """Whether a program of that score can be taken up: a worse one gives way."""
        return len(self._running) < _AT_A_TIME or self._searches[self._worst()].best < value

    def _make_room(self) -> None:
        if len(self._running) == _AT_A_TIME:
            del self._running[self._worst()]

    def _worst(self) -> int:
        return min(self._running, key=lambda index: (self._searches[index].best, index))


@lru_cache(maxsize=10_000)
def _tunable(code: str) -> tuple[str, str]:
    """The program with tunables, lifted ones if need be, and its structure; empty where it has none."""
    try:
        text = lifted(code)
        return (text, structure_of(text)) if read_tunables(text) else ("", "")
    except ProgramError:
        return "", ""
