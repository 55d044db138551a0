"""A search from a configuration: models, ledger, recordings, operators."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from openevolve.config import Config

from skdecide_elm.backends.openevolve.arms import Arms, ProposalOptions
from skdecide_elm.backends.openevolve.config import choose_llm
from skdecide_elm.backends.openevolve.evolution import Evolution, LoopSettings
from skdecide_elm.errors import ConfigError
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.llm.ledger import Ledger
from skdecide_elm.llm.recorded import Recorder, Recording
from skdecide_elm.operators import Embedded
from skdecide_elm.search.constants import Tuning

__all__ = ["Built", "build_arms", "build_evolution"]


_TUNING_SHARE = 0.5


@dataclass(frozen=True)
class Built:
    """Who proposes, and what follows from it for the search.

    Attributes:
        arms: operators and models; nothing is opened yet.
        seed: of the search.
        evaluator_seed: of the episodes.
        in_order: whether outcomes are to be taken in order, because the run can be repeated.
        tuning: how much of the search goes to constants.
    """

    arms: Arms
    seed: int
    evaluator_seed: int
    in_order: bool
    tuning: Tuning


def build_arms(
    config: Config,
    make_proposer: Callable[[int], EmbeddedProposer],
    folder: Path | None,
    options: ProposalOptions,
    evaluator_seed: int,
    default_operators: Mapping[str, float] | None = None,
) -> Built:
    """The operators and models of a configuration; nothing is opened yet, and nothing is written.

    A run that is recorded or replayed takes outcomes in the order of their iterations, and a replay has the seeds of
    the recorded run, so that the replay is the same run.

    Args:
        config: a copy of the run's own; it is completed.
        make_proposer: makes the embedded proposer from a seed.
        folder: for the ledger and for OpenEvolve's manual mode; None: nothing is written.
        evaluator_seed: of the episodes, unless a recording has another.
        default_operators: by weight, where an LLM is configured and ``options`` name none; else ``embedded`` alone.
            None: OpenEvolve's.

    Raises:
        ConfigError: a setting that cannot work.
    """
    if options.record is not None and options.replay is not None:
        raise ConfigError("expected llm_record or llm_replay, not both; leave one of them out")
    recording = None if options.replay is None else Recording(Path(options.replay), options.replay_matching)
    seeds = {"random_seed": _seed(config), "evaluator_seed": evaluator_seed, **(recording.seeds if recording else {})}
    seed = seeds["random_seed"]
    queue = None if folder is None else folder / "manual_tasks_queue"
    proposer = choose_llm(config, make_proposer, seed, queue, recording)
    if options.operators is None and default_operators is not None:
        options = replace(options, operators=default_operators if proposer is None else {Embedded.name: 1.0})
    arms = Arms(
        config,
        proposer,
        lambda: make_proposer(seed),
        options,
        Ledger(None if folder is None else folder / "ledger.jsonl"),
        recording,
        None if options.record is None else Recorder(Path(options.record).resolve(), seeds),
    )
    in_order = options.record is not None or recording is not None or not arms.asks_llm
    return Built(arms, seed, seeds["evaluator_seed"], in_order, _tuning(options, in_order))


def build_evolution(
    config: Config,
    initial_program: str,
    make_proposer: Callable[[int], EmbeddedProposer],
    folder: Path | None,
    options: ProposalOptions,
    evaluator_seed: int,
) -> Evolution:
    """OpenEvolve's search that a configuration describes; nothing runs yet. Arguments and errors as of `build_arms`."""
    built = build_arms(config, make_proposer, folder, options, evaluator_seed)
    settings = LoopSettings(built.evaluator_seed, options.concurrency, built.in_order, options.limits, built.tuning)
    return Evolution(config, built.arms, initial_program, built.seed, settings)


def _tuning(options: ProposalOptions, in_order: bool) -> Tuning:
    """Half of the search, if nothing else is said: what time evaluations take must not matter where it is repeated."""
    share = options.tuning_share
    return Tuning(_TUNING_SHARE if share is None else share, share is None and not in_order, options.tuning_step)


def _seed(config: Config) -> int:
    return random.SystemRandom().randrange(2**31) if config.random_seed is None else int(config.random_seed)
