"""What LLM requests have cost: tokens and money, per operator and model, written down as it is spent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from skdecide_elm.errors import ConfigError, RequestError
from skdecide_elm.llm.journal import Journal
from skdecide_elm.llm.model import Model, Prompt, Reply, Usage

__all__ = ["Accounted", "Entry", "Ledger", "Limits", "Price", "Spending"]

Price = tuple[float, float]
"""Money per million prompt tokens and per million completion tokens."""


@dataclass(frozen=True)
class Spending:
    """A sum of costs: requests, tokens and money."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def mean(self) -> Spending:
        """What a request has cost on average."""
        calls = max(1, self.calls)
        return Spending(1, self.prompt_tokens // calls, self.completion_tokens // calls, self.cost / calls)

    def __add__(self, other: Spending) -> Spending:
        return Spending(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost + other.cost,
        )


@dataclass(frozen=True)
class Entry:
    """One line of a ledger.

    Attributes:
        operator, model: who asked whom.
        calls: requests; 1, but for a line that carries a sum over from a checkpoint. A request that was repeated after
            a failure is one call.
        attempts: how often requests were sent.
        estimated: the tokens are an estimate, for the server did not count them.
        error: the kind of failure, ``cancelled`` for a request that the end of a run has overtaken, empty for a reply.
    """

    operator: str
    model: str
    calls: int = 1
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    attempts: int = 1
    estimated: bool = False
    error: str = ""

    @property
    def spending(self) -> Spending:
        """What the line adds to the sums."""
        return Spending(self.calls, self.prompt_tokens, self.completion_tokens, self.cost)


@dataclass(frozen=True)
class Limits:
    """When a run has spent enough; None: no limit. Each counts what all models and operators spend together."""

    max_llm_calls: int | None = None
    max_llm_tokens: int | None = None
    max_llm_cost: float | None = None

    def __post_init__(self) -> None:
        for name, limit in asdict(self).items():
            if limit is not None and not limit > 0:
                raise ConfigError(f"expected {name} to be above 0, or None for no limit; found {limit!r}")

    def reached(self, spent: Spending, under_way: int = 0) -> str | None:
        """The name of a limit that leaves no room for another request, None if all do.

        Args:
            spent: so far.
            under_way: requests whose cost is not known yet, each expected to be what one was on average.
        """
        mean = spent.mean
        unknown = under_way > 0 and spent.tokens == 0  # what a request costs: the first one tells, alone
        if self.max_llm_calls is not None and spent.calls + under_way >= self.max_llm_calls:
            return "max_llm_calls"
        tokens, cost = spent.tokens + under_way * mean.tokens, spent.cost + under_way * mean.cost
        if self.max_llm_tokens is not None and (unknown or tokens >= self.max_llm_tokens):
            return "max_llm_tokens"
        if self.max_llm_cost is not None and (unknown or cost >= self.max_llm_cost):
            return "max_llm_cost"
        return None


_TALLY: ContextVar[list[Entry] | None] = ContextVar("tally", default=None)


class Ledger:
    """Everything that was spent, by operator and model.

    Money is summed exactly, so that no sum depends on the order in which replies have come.

    Args:
        path: of a JSON-lines file, which gets a line per request as soon as that has ended, and which a later ledger
            on the same path goes on with; None: only this object knows.

    Raises:
        CheckpointError: the file is damaged before its last line.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._journal = None if path is None else Journal(path)
        self.entries: list[Entry] = []
        self._sums: dict[tuple[str, str], Spending] = {}
        self._costs: dict[tuple[str, str], Fraction] = {}
        for record in self._journal.read() if self._journal else ():
            self._add(Entry(**record))

    def record(self, entry: Entry) -> None:
        """Add an entry."""
        self._add(entry)
        if self._journal is not None:
            self._journal.append(asdict(entry))
        tally = _TALLY.get()
        if tally is not None:
            tally.append(entry)

    @property
    def total(self) -> Spending:
        """The sum of all entries."""
        return replace(sum(self._sums.values(), Spending()), cost=float(sum(self._costs.values())))

    @property
    def by_operator_and_model(self) -> dict[tuple[str, str], Spending]:
        """The sum per (operator, model)."""
        return dict(self._sums)

    def _add(self, entry: Entry) -> None:
        key = entry.operator, entry.model
        self.entries.append(entry)
        self._costs[key] = self._costs.get(key, Fraction()) + Fraction(entry.cost)
        spent = self._sums.get(key, Spending()) + entry.spending
        self._sums[key] = replace(spent, cost=float(self._costs[key]))

    @contextmanager
    def tally(self) -> Iterator[list[Entry]]:
        """The entries that are recorded within, by this asyncio task and those that it starts."""
        entries: list[Entry] = []
        token = _TALLY.set(entries)
        try:
            yield entries
        finally:
            _TALLY.reset(token)

    def to_json(self) -> list[dict[str, Any]]:
        """The sums, for a checkpoint."""
        sums = self.by_operator_and_model
        return [{"operator": operator, "model": model, **asdict(spent)} for (operator, model), spent in sums.items()]

    def restore(self, sums: list[dict[str, Any]]) -> None:
        """Take over the sums of a checkpoint, unless this ledger has entries of its own, which include them."""
        if not self.entries:
            for entry in [Entry(**record) for record in sums]:
                self.record(entry)


class Accounted:
    """A model whose requests stand in a ledger.

    Args:
        prices: by model name; the requests of others cost no money.
        operator: in whose name the requests are made.
    """

    def __init__(self, model: Model, ledger: Ledger, prices: Mapping[str, Price], operator: str) -> None:
        self.name = model.name
        self._model = model
        self._ledger = ledger
        self._price = prices.get(model.name, (0.0, 0.0))
        self._operator = operator

    async def ask(self, prompt: Prompt) -> Reply:
        """The model's reply."""
        try:
            reply = await self._model.ask(prompt)
        except RequestError as error:
            self._ledger.record(Entry(self._operator, self.name, attempts=error.attempts, error=error.kind))
            raise
        except asyncio.CancelledError:  # nobody waits for the reply, but the server charges for it
            self._record(Usage.estimate(prompt, None), error="cancelled")
            raise
        self._record(reply.usage, attempts=reply.attempts)
        return reply

    def _record(self, usage: Usage, attempts: int = 1, error: str = "") -> None:
        self._ledger.record(
            Entry(
                self._operator,
                self.name,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
                cost=self._cost(usage),
                attempts=attempts,
                estimated=usage.estimated,
                error=error,
            )
        )

    def _cost(self, usage: Usage) -> float:
        prompt, completion = self._price
        return (usage.prompt_tokens * prompt + usage.completion_tokens * completion) / 1e6
