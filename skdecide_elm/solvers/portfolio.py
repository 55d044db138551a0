"""A few programs of a map as one policy: each instance of a domain is played by the program that suits it."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from skdecide import Domain, Solver
from skdecide.builders.domain import DeterministicInitialized, DeterministicTransitions, FullyObservable, Initializable
from skdecide.builders.solver import Policies

from skdecide_elm.backends.openevolve import kept_global_random
from skdecide_elm.bridges import Bridge, planner_copy, wants_domain
from skdecide_elm.core import Evaluation, Program, Seedable
from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.solvers.playing import Player

__all__ = ["Portfolio", "Simulate", "simulated"]

logger = logging.getLogger(__name__)

Simulate = Callable[[Callable[[], Domain], list[str], int], list[Evaluation]]
"""Plays programs on what a factory makes, so many episodes with each."""


class D(Domain, Initializable):  # type: ignore[misc]
    """What a portfolio asks of a domain, as its solver does."""


class Portfolio(Solver, Policies):  # type: ignore[misc]
    """A policy of several programs, which chooses one of them for each instance of a domain that it meets.

    When an episode begins on another domain than the last one, each program plays a few episodes on a copy of that
    domain, and the one that clearly does best acts there from then on. The copy is the planner's own: nothing is seen
    that a planner must not see; see `simulated`. Where there is none, or where none of the others gains more than the
    standard error of its gain, the first program acts, the best on average.
    Algorithm portfolios: Huberman, Lukose & Hogg 1997; choice per instance: Rice 1976.

    Args:
        domain_factory: makes a domain like those that will be played.
        programs: the best on average comes first.
        bridge: stands between domains and planners.
        planner_domain_factory: as the solver was given it.
        simulate: plays programs in processes of their own.
        num_episodes: played by each program on a new instance.
    """

    T_domain = D

    @kept_global_random()  # domains may draw from the global generators
    def __init__(
        self,
        domain_factory: Callable[[], Domain],
        programs: Sequence[Program],
        bridge: Bridge,
        planner_domain_factory: Callable[..., Domain] | None,
        simulate: Simulate,
        num_episodes: int,
    ) -> None:
        super().__init__(domain_factory)
        self.programs = tuple(programs)
        self._domain = domain_factory()
        self._domain.reset()  # scikit-decide cannot copy a domain that has no state yet
        self._player = Player(bridge, self._own_copy, self._domain)
        self._planner_domain_factory = planner_domain_factory
        self._simulate = simulate
        self._num_episodes = num_episodes
        self._instance: Domain | None = None
        self._chosen = 0

    @property
    def chosen(self) -> Program:
        """The program that acts on the domain of the last episode."""
        return self.programs[self._chosen]

    def choose_for(self, domain: Domain) -> Program:
        """Choose the program for a domain that was reset; `sample_action` does so by itself."""
        self._instance, self._chosen = domain, self._best_on(domain)
        return self.chosen

    def sample_action(self, observation: Any, domain: Domain | None = None) -> Any:
        """The action of the program that suits the domain.

        Args:
            observation: as the domain gives it.
            domain: the rollout domain; without it the program chosen last acts.

        Raises:
            MissingDomainError: actions are restricted and ``domain`` is missing.
        """
        if self._player.begins and domain is not None and domain is not self._instance:
            self.choose_for(domain)
        return self._player.action(self.chosen.code, observation, domain)

    def is_policy_defined_for(self, observation: Any) -> bool:
        """True: a program answers every observation."""
        return True

    def _solve(self) -> None:
        """Nothing is left to be done: the programs were found by a solver."""

    def _reset(self) -> None:
        self._player.reset()

    def _own_copy(self, domain: Domain) -> Domain:
        """The planner's copy of a rollout domain: like the one that it was chosen on."""
        factory = simulated(domain, self._planner_domain_factory) or self._planner_domain_factory
        return planner_copy(factory or self._original_domain_factory, domain)

    def _best_on(self, domain: Domain) -> int:
        factory = simulated(domain, self._planner_domain_factory) if len(self.programs) > 1 else None
        if factory is None:
            return 0
        try:
            evaluations = self._simulate(factory, [program.code for program in self.programs], self._num_episodes)
        except (ConfigError, EvaluationError) as error:
            logger.warning("The domain cannot be simulated, the program that is best on average acts: %s", error)
            return 0
        return _clearly_best(evaluations)


def _clearly_best(evaluations: Sequence[Evaluation]) -> int:
    """The number of the one that does best, if it gains more than the gain's standard error; else the first, 0.

    All programs meet the same episodes, so that gains are paired. After the rule of one standard error by which a
    simpler tree is preferred to a better one (Breiman et al. 1984).
    """
    scores = [evaluation.combined_score for evaluation in evaluations]
    best = max(range(len(scores)), key=scores.__getitem__)
    if not evaluations[0].is_valid:
        return best
    gains = np.subtract(evaluations[best].scores, evaluations[0].scores)
    error = float(gains.std(ddof=1)) / math.sqrt(len(gains)) if len(gains) > 1 else 0.0
    return best if gains.mean() > error else 0


def simulated(domain: Domain, planner_domain_factory: Callable[..., Domain] | None) -> Callable[[], Domain] | None:
    """Makes copies of a domain on which episodes may be played beforehand; None where that would be looking ahead.

    It is the planner's own copy, if the solver was told how to make it from a domain. If it was not, it is a copy of a
    domain that hides nothing: fully observable, with transitions that leave nothing to chance, or a ``seed`` that gives
    the copy another luck.
    """
    if planner_domain_factory is not None:
        return partial(planner_copy, planner_domain_factory, domain) if wants_domain(planner_domain_factory) else None
    is_certain = isinstance(domain, DeterministicTransitions) and isinstance(domain, DeterministicInitialized)
    if isinstance(domain, FullyObservable) and (is_certain or isinstance(domain, Seedable)):
        return partial(copy.deepcopy, domain)
    return None
