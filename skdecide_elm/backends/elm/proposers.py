"""Who proposes in an ELM search: the operators of a run, each with each model."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from skdecide_elm.backends.openevolve.arms import Arms, ProposalOptions
from skdecide_elm.backends.openevolve.jobs import Job
from skdecide_elm.backends.openevolve.sampler import Sampled
from skdecide_elm.core import Context, Operator, Program, Proposal
from skdecide_elm.errors import ConfigError
from skdecide_elm.llm.ledger import Entry, Ledger, Limits, Spending

__all__ = ["LLM_OPERATORS", "ArmsProposer", "OperatorProposer", "Proposer", "weighted"]

LLM_OPERATORS: Mapping[str, float] = MappingProxyType({"diff": 2.0, "rewrite": 1.0, "crossover": 1.0})
"""Operators by weight, where an LLM is configured and none are named."""


class Proposer(Operator, Protocol):
    """An operator for a whole run, with what it has cost."""

    @property
    def ledger(self) -> Ledger:
        """What its requests have cost."""

    def reopen(self) -> None:
        """A run begins, in an event loop of its own."""

    def may_begin(self, under_way: Collection[int]) -> bool:
        """Whether there is money for another step, given the numbers of those that are under way."""

    def prompt(self, parents: Sequence[Program], context: Context, operator: str | None) -> dict[str, str]:
        """What an LLM would be asked, by the operator of that name or by the one whose turn it is."""


class OperatorProposer:
    """One operator of the user's, whose requests nobody counts."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self.name = operator.name
        self.num_parents = operator.num_parents
        self.ledger = Ledger()

    async def propose(self, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        """Children of the parents. Raises what the operator raises."""
        return await self._operator.propose(parents, context)

    def reopen(self) -> None:
        """Nothing is opened."""

    def may_begin(self, under_way: Collection[int]) -> bool:
        """Always."""
        return True

    def prompt(self, parents: Sequence[Program], context: Context, operator: str | None) -> dict[str, str]:
        """Unknown: empty."""
        return {"system": "", "user": ""}


class ArmsProposer:
    """Draws for each step an operator with a model, by weight and by nothing but the seed of the step.

    Args:
        arms: operators and models, with fixed weights.
        limits: what the requests may cost.
    """

    name = "arms"

    def __init__(self, arms: Arms, limits: Limits) -> None:
        self._arms = arms
        self._limits = limits
        self._spent = Spending()
        self._begun: dict[int, list[Entry]] = {}
        self.num_parents = max(map(arms.num_parents, arms.names))

    @property
    def ledger(self) -> Ledger:
        """What the requests have cost."""
        return self._arms.ledger

    def reopen(self) -> None:
        """Open the models anew."""
        self._arms.reopen(0)  # the embedded operator counts by the step
        self._spent, self._begun = self.ledger.total, {}

    def may_begin(self, under_way: Collection[int]) -> bool:
        """Whether the limits allow for another request, if those under way cost what a request costs on average.

        What a step has cost counts when the step is done, not before: a run that is repeated ends where it ended.
        """
        for step in self._begun.keys() - under_way:
            self._spent = sum((entry.spending for entry in self._begun.pop(step)), self._spent)
        return not self._arms.asks_llm or self._limits.reached(self._spent, len(under_way), self._spent.mean) is None

    async def propose(self, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        """Children of the parents. Raises what the operator raises."""
        job = self._job(self._drawn(context), parents, context)
        with self.ledger.tally() as entries:
            self._begun[context.iteration] = entries
            return await self._arms.operator(job).propose(job.parents, job.context)

    def prompt(self, parents: Sequence[Program], context: Context, operator: str | None) -> dict[str, str]:
        """What the LLM would be asked; empty for the embedded operator."""
        arm = self._drawn(context) if operator is None else self._arms.arm_of(operator)
        return self._arms.prompt(self._job(arm, parents, context))

    def _drawn(self, context: Context) -> str:
        return self._arms.choose(random.Random(context.seed), bool(context.failures))

    def _job(self, arm: str, parents: Sequence[Program], context: Context) -> Job:
        own = context if self._arms.repairs(arm) else replace(context, failures=())
        return Job(context.iteration, 0, arm, tuple(parents[: self._arms.num_parents(arm)]), own, generation=0)


def weighted(options: ProposalOptions) -> ProposalOptions:
    """The options with fixed weights: those of a list of operators are equal, as no bandit learns here.

    Raises:
        ConfigError: an operator needs OpenEvolve's islands.
    """
    if options.operators is None:
        return options
    if Sampled.name in options.weights:
        raise ConfigError(
            "expected operators other than 'openevolve', whose prompts need OpenEvolve's islands; "
            "name some of rewrite, diff, crossover, repair, diff_model, lmx, embedded"
        )
    return replace(options, evenly=True)
