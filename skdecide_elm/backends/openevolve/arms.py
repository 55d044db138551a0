"""Who can propose: the operators of a run, each with each model, and who of them is next."""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from openevolve.config import Config, LLMModelConfig

from skdecide_elm.backends.openevolve.jobs import Job
from skdecide_elm.backends.openevolve.sampler import Sampled
from skdecide_elm.core import Context, Operator, Program
from skdecide_elm.errors import ConfigError
from skdecide_elm.llm.clients import open_model
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.llm.ledger import Accounted, Entry, Ledger, Limits, Price, Spending
from skdecide_elm.llm.model import Model
from skdecide_elm.llm.recorded import Matching, Recorded, Recorder, Recording, Replayed
from skdecide_elm.operators import OPERATORS, Embedded, LLMOperator, PromptSettings, Repair
from skdecide_elm.operators.bandit import Bandit, Chooser, WeightedMix
from skdecide_elm.prompts import Templates
from skdecide_elm.search.trials import Tuned

__all__ = ["Arms", "Operators", "OwnOperator", "ProposalOptions"]

_BETWEEN = "@"


OwnOperator: TypeAlias = "Operator | type[LLMOperator]"
"""An operator of the user's: it proposes by itself; or it is a class that is made once for each model of the run."""

Operators: TypeAlias = "Sequence[str | OwnOperator] | Mapping[str, float] | Mapping[str | OwnOperator, float]"
"""Who proposes, of ours by name: a list, or weights."""


@dataclass(frozen=True)
class ProposalOptions:
    """Who proposes, what it may cost, and whether it is recorded; the solvers' docstrings say what each means."""

    operators: Operators | None = None
    limits: Limits = field(default_factory=Limits)
    prices: Mapping[str, Price] = field(default_factory=dict)
    record: str | Path | None = None
    replay: str | Path | None = None
    replay_matching: Matching = "strict"
    concurrency: int = 8
    tuning_share: float | None = None
    tuning_step: float | None = None

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise ConfigError(f"expected llm_concurrency to be at least 1; found {self.concurrency}")
        if self.tuning_share is not None and not 0 <= self.tuning_share < 1:
            raise ConfigError(f"expected tuning_share to be at least 0 and less than 1; found {self.tuning_share}")
        if self.tuning_step is not None and not 0 < self.tuning_step <= 1:
            raise ConfigError(f"expected tuning_step to be more than 0 and at most 1; found {self.tuning_step}")

    @property
    def weights(self) -> dict[str, float]:
        """The operators' weights, by name.

        Raises:
            ConfigError: there is no operator of such a name, or what is given is none.
        """
        given = self._given
        weights = given.values() if isinstance(given, Mapping) else [1.0] * len(given)
        return dict(zip(map(_checked_name, given), weights, strict=True))

    @property
    def own(self) -> dict[str, OwnOperator]:
        """The operators that are the user's, by name. Raises as `weights` does."""
        return {_checked_name(operator): operator for operator in self._given if not isinstance(operator, str)}

    @property
    def learns(self) -> bool:
        """Whether a bandit chooses: operators are listed, without weights."""
        return self.operators is not None and not isinstance(self.operators, Mapping)

    @property
    def _given(self) -> Operators:
        given: Operators = self.operators if self.operators is not None else {Sampled.name: 1.0}
        if isinstance(given, str) or not given:
            raise ConfigError(f"expected a list of operators or a dict of weights; found {given!r}; name at least one")
        return given


class Arms:
    """The operators × models of a run.

    Args:
        config: with the models, complete.
        proposer: the embedded proposer, if it is the only model.
        make_proposer: makes one for the operator ``embedded`` beside an LLM.
        recording: to reply from in place of the models.
        recorder: of what the models reply.

    Attributes:
        names: ``operator@model``, or the operator alone where it needs no model.
        ledger: of all requests.
        proposer: the embedded proposer, if it is the only model.
    """

    def __init__(
        self,
        config: Config,
        proposer: EmbeddedProposer | None,
        make_proposer: Callable[[], EmbeddedProposer],
        options: ProposalOptions,
        ledger: Ledger,
        recording: Recording | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        weights = options.weights
        self._kinds: dict[str, OwnOperator] = {**OPERATORS, **options.own}
        self.ledger = ledger
        self._config = config
        self._options = options
        self.proposer = proposer
        self._make_proposer = make_proposer
        self._recording = recording
        self._recorder = recorder
        self._settings = PromptSettings(
            task=config.prompt.system_message,
            templates=Templates(config.prompt.template_dir),
            diff_pattern=config.diff_pattern,
            max_code_length=config.max_code_length,
        )
        self._configs = _by_name(config.llm.models)
        self._models: dict[str, Model] = {}
        self._operators: dict[str, Operator] = {}
        weighted = self._weighted(weights)
        self.names = tuple(weighted)
        self._chooser: Chooser = Bandit(self.names) if options.learns else WeightedMix(weighted)

    @property
    def asks_llm(self) -> bool:
        """Whether any arm sends requests to an LLM."""
        return self.proposer is None and any(_BETWEEN in arm for arm in self.names)

    @property
    def record(self) -> Recorder | Recording | None:
        """What the run is written to, or replayed from, if it is."""
        return self._recorder or self._recording

    def is_charged(self, arm: str) -> bool:
        """Whether the arm's proposals count for the budget."""
        return self.proposer is None and _BETWEEN in arm

    def reopen(self, calls: int) -> None:
        """Open the models anew, for a run that goes on after so many proposals."""
        if self.proposer is not None:
            self.proposer.calls = calls
        self._models.clear()  # a client may belong to the event loop that has ended
        self._operators.clear()

    def choose(self, rng: random.Random, failures: bool) -> str:
        """The arm that proposes next.

        Args:
            failures: whether there is something to repair.
        """
        able = [arm for arm in self.names if failures or _operator(arm) != Repair.name]
        return self._chooser.choose(able or self.names, rng)

    def update(self, arm: str, gain: float, entries: Sequence[Entry]) -> None:
        """Let the bandit learn what a proposal has gained and cost: money where prices are known, else tokens."""
        if arm not in self.names:
            return
        spent = sum((entry.spending for entry in entries), Spending())
        self._chooser.update(arm, gain, spent.cost if self._options.prices else spent.tokens)

    def is_sampled(self, arm: str) -> bool:
        """Whether OpenEvolve's sampler makes the arm's prompts."""
        return _operator(arm) == Sampled.name

    def repairs(self, arm: str) -> bool:
        """Whether the arm wants failed programs."""
        return _operator(arm) == Repair.name

    def base(self, arm: str, parents: Sequence[Program], context: Context) -> Program:
        """The program that the arm makes another of."""
        mended = (*parents, *context.failures) if self.repairs(arm) else ()
        return next((program for program in mended if not program.evaluation.is_valid), parents[0])

    def num_parents(self, arm: str) -> int:
        """How many parents the arm asks for."""
        name = _operator(arm)
        return self._kinds[name].num_parents if name in self._kinds else 1

    def arm_of(self, operator: str) -> str:
        """An arm of that operator; with the first model, where the run has none.

        Raises:
            ConfigError: there is no operator of such a name, or it asks no LLM.
        """
        if operator == Embedded.name:
            raise ConfigError(f"expected an operator with a prompt; {operator!r} asks no LLM; name another")
        weights = ProposalOptions(operators=[self._kinds.get(operator, operator)]).weights
        return next((arm for arm in self.names if _operator(arm) == operator), next(iter(self._weighted(weights))))

    def can_do(self, job: Job) -> bool:
        """Whether there is who proposes; a job of a checkpoint may be for an operator or a model that is gone."""
        return job.trial is not None or job.arm in self.names

    def operator(self, job: Job) -> Operator:
        """Who proposes."""
        if job.trial is not None:
            return Tuned(job.trial)
        if job.prompt is not None:
            model = self._accounted(job.arm)
            return Sampled(model, self._settings, job.prompt, self._config.diff_based_evolution)
        if job.arm not in self._operators:
            self._operators[job.arm] = self._make(job.arm)
        return self._operators[job.arm]

    def prompt(self, job: Job) -> dict[str, str]:
        """What the job's operator asks; nothing for one that asks nothing."""
        operator = self.operator(job)
        if not isinstance(operator, LLMOperator):
            return {"system": "", "user": ""}
        prompt = operator.prompt(job.parents, job.context)
        return {"system": prompt.system, "user": prompt.user}

    def to_json(self) -> dict[str, Any]:
        """The state of the bandit."""
        return self._chooser.to_json()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the state of a bandit; that of a run without one says nothing."""
        if state:
            self._chooser.restore(state)

    def _weighted(self, operators: Mapping[str, float]) -> dict[str, float]:
        arms: dict[str, float] = {}
        total = sum(model.weight for model in self._configs.values())
        if self._configs and not total > 0:
            raise ConfigError(
                f"expected models whose weights sum to more than 0; found {total}; set llm.models' weight"
            )
        for name, weight in operators.items():
            if name == Embedded.name or not isinstance(self._kinds.get(name, LLMOperator), type):
                arms[name] = weight
                continue
            if self.proposer is not None and name != Sampled.name:
                raise ConfigError(
                    f"expected an LLM for the operator {name!r}; none is configured; configure llm.models, or leave "
                    f"{Embedded.name!r} as the only operator"
                )
            arms.update({f"{name}{_BETWEEN}{key}": weight * m.weight / total for key, m in self._configs.items()})
        return arms

    def _make(self, arm: str) -> Operator:
        if arm == Embedded.name:
            return Embedded(self.proposer or self._make_proposer(), self._settings)
        kind = self._kinds[_operator(arm)]
        return kind(self._accounted(arm), self._settings) if isinstance(kind, type) else kind

    def _accounted(self, arm: str) -> Model:
        operator, _, name = arm.partition(_BETWEEN)
        if name not in self._models:
            self._models[name] = self._open(self._configs[name])
        if not self.is_charged(arm):
            return self._models[name]
        return Accounted(self._models[name], self.ledger, self._options.prices, operator)

    def _open(self, config: LLMModelConfig) -> Model:
        if self._recording is not None:
            return Replayed(config.name, self._recording)
        model = open_model(config)
        return model if self._recorder is None else Recorded(model, self._recorder)


def _by_name(models: Sequence[LLMModelConfig]) -> dict[str, LLMModelConfig]:
    """The models by their names; a second one of the same name is ``name#2``."""
    found: dict[str, LLMModelConfig] = {}
    for model in models:
        count = sum(other.name == model.name for other in found.values())
        found[f"{model.name}#{count + 1}" if count else model.name] = model
    return found


def _checked_name(operator: str | OwnOperator) -> str:
    ours = [Sampled.name, *OPERATORS, Embedded.name]
    if not isinstance(operator, str):
        return _checked_own(operator)
    if operator not in ours:
        near = difflib.get_close_matches(operator, ours, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose among {', '.join(ours)}"
        raise ConfigError(f"expected the name of an operator; found {operator!r}; {hint}")
    return operator


def _checked_own(operator: Any) -> str:
    """The name of an operator of the user's."""
    name, num_parents = getattr(operator, "name", None), getattr(operator, "num_parents", None)
    is_operator = (
        isinstance(name, str) and isinstance(num_parents, int) and callable(getattr(operator, "propose", None))
    )
    if not is_operator or (isinstance(operator, type) and not issubclass(operator, LLMOperator)):
        raise ConfigError(
            f"expected an operator: an object with name, num_parents and propose(), or a subclass of LLMOperator; "
            f"found {operator!r}"
        )
    if not name or _BETWEEN in name or name in (Sampled.name, Embedded.name):
        raise ConfigError(f"expected a name of its own for the operator {operator!r}, without '@'; found {name!r}")
    return str(name)


def _operator(arm: str) -> str:
    return arm.partition(_BETWEEN)[0]
