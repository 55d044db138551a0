"""Who proposes in an ELM search: the operators of a run, each with each model."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from skdecide_elm.backends.openevolve.arms import Arms, ProposalOptions
from skdecide_elm.backends.openevolve.jobs import Job
from skdecide_elm.backends.openevolve.sampler import Sampled
from skdecide_elm.backends.openevolve.spending import Budget
from skdecide_elm.core import Context, Program, Proposal
from skdecide_elm.errors import ConfigError
from skdecide_elm.llm.ledger import Entry, Ledger, Limits, Spending

__all__ = ["LLM_OPERATORS", "ArmsProposers", "check_for_elm"]

LLM_OPERATORS: Mapping[str, float] = MappingProxyType({"diff": 2.0, "rewrite": 1.0, "crossover": 1.0})
"""Operators by weight, where an LLM is configured and none are named."""


class ArmsProposers:
    """An operator with a model for each step, chosen by a bandit or by weight.

    Args:
        arms: operators and models, and who chooses among them.
        limits: what the requests may cost.
    """

    def __init__(self, arms: Arms, limits: Limits) -> None:
        self._arms = arms
        self._limits = limits
        self._budget = Budget(limits, Spending())
        self._begun: dict[int, list[Entry]] = {}
        self.num_parents = max(map(arms.num_parents, arms.names))

    @property
    def ledger(self) -> Ledger:
        """What the requests have cost."""
        return self._arms.ledger

    def reopen(self) -> None:
        """A run begins, in an event loop of its own: open the models anew."""
        self._arms.reopen(0)  # the embedded operator counts by the step
        self._budget, self._begun = Budget(self._limits, self.ledger.total), {}

    def may_begin(self, under_way: Mapping[int, str]) -> bool:
        """Whether the limits allow for another request, if those under way cost what a request costs on average.

        What a step has cost counts when the step is done, not before: a run that is repeated ends where it ended.
        """
        for step in (self._begun.keys() | self._budget.under_way) - under_way.keys():
            self._budget.settle(step, self._begun.pop(step, ()))
        for step, arm in under_way.items():
            self._budget.begin(step, charged=arm not in self._arms.names or self._arms.is_charged(arm))
        return not self._arms.asks_llm or not self._budget.is_spent()

    def choose(self, parents: Sequence[Program], context: Context) -> tuple[str, Program]:
        """The arm that proposes next, by what it has learned and the context's seed, and from which program."""
        arm = self._arms.choose(random.Random(context.seed), bool(context.failures))
        return arm, self._arms.base(arm, parents, context)

    async def propose(self, name: str, parents: Sequence[Program], context: Context) -> Sequence[Proposal]:
        """Children of the parents. Raises what the operator raises."""
        # a step that a checkpoint left may be for an operator or a model that is gone
        arm = name if name in self._arms.names else self.choose(parents, context)[0]
        job = self._job(arm, parents, context)
        with self.ledger.tally() as entries:
            self._begun[context.iteration] = entries
            return await self._arms.operator(job).propose(job.parents, job.context)

    def learn(self, name: str, step: int, gain: float) -> None:
        """Tell the bandit what a step has gained, and what it has cost."""
        self._arms.update(name, gain, self._begun.get(step, ()))

    def prompt(
        self, name: str, parents: Sequence[Program], context: Context, operator: str | None = None
    ) -> dict[str, str]:
        """What the LLM would be asked by that arm, or by that operator; empty for one that asks none."""
        arm = name if operator is None else self._arms.arm_of(operator)
        return self._arms.prompt(self._job(arm, parents, context))

    def to_json(self) -> dict[str, Any]:
        """The state of the bandit; empty where none chooses."""
        return self._arms.to_json()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the state of a bandit."""
        self._arms.restore(state)

    def _job(self, arm: str, parents: Sequence[Program], context: Context) -> Job:
        own = context if self._arms.repairs(arm) else replace(context, failures=())
        return Job(context.iteration, 0, arm, tuple(parents[: self._arms.num_parents(arm)]), own, generation=0)


def check_for_elm(options: ProposalOptions) -> None:
    """Refuse an operator that needs OpenEvolve's islands, by a `ConfigError`."""
    if options.operators is not None and Sampled.name in options.weights:
        raise ConfigError(
            "expected operators other than 'openevolve', whose prompts need OpenEvolve's islands; "
            "name some of rewrite, diff, crossover, repair, diff_model, lmx, embedded"
        )
