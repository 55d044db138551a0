"""OpenEvolve's configuration: copied, completed, and given a source of programs."""

from __future__ import annotations

import copy
import dataclasses
import difflib
import logging
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dacite
import yaml
from openevolve.config import Config, LLMModelConfig
from pydantic import NonNegativeFloat, TypeAdapter, ValidationError

from skdecide_elm.errors import ConfigError
from skdecide_elm.llm.embedded import EmbeddedProposer
from skdecide_elm.llm.ledger import Price
from skdecide_elm.llm.recorded import Recording

__all__ = ["DEFAULT_MODEL", "EMBEDDED_MODEL", "choose_llm", "load_config", "read_prices"]

logger = logging.getLogger(__name__)

DEFAULT_MODEL = "gpt-4o-mini"
"""The model asked when there is a key in the environment and no model in the configuration."""

EMBEDDED_MODEL = "embedded-proposer"
"""The name under which the embedded proposer stands among the models."""

_OPENAI_API = "https://api.openai.com/v1"
_KEYLESS_PROVIDERS = ("claude_code", "copilot_cli")
_SECTIONS = ("database", "prompt", "llm", "evaluator")
_MODEL_NAMES = {"primary_model", "primary_model_weight", "secondary_model", "secondary_model_weight"}


def load_config(config: Config | str | Path | None, settings: Mapping[str, Any]) -> Config:
    """A configuration of our own: a deep copy of the caller's, the contents of a YAML file, or OpenEvolve's defaults.

    Args:
        settings: set afterwards, by their plain names: ``num_islands=3`` sets ``config.database.num_islands``. A name
            is looked for at the top level, then in the sections database, prompt, llm, evaluator. What is set for llm
            also replaces what single models had.

    Raises:
        ConfigError: the file is missing, is not YAML, or holds a value of the wrong type; or there is no setting of
            such a name (the message names the nearest).
    """
    own = _read(config) if isinstance(config, (str, Path)) else _copy(config or Config())
    _override(own, settings)
    return own


def _read(path: str | Path) -> Config:
    try:
        config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        if not isinstance(config, dict):  # OpenEvolve would take a text or a list for the defaults
            raise TypeError(f"settings by name are expected; found {type(config).__name__}")
        return Config.from_yaml(path)
    except FileNotFoundError as error:
        raise ConfigError(
            f"expected an OpenEvolve YAML file; found none at {Path(path).resolve()}; check the path"
        ) from error
    except (OSError, yaml.YAMLError, dacite.DaciteError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"expected {path} to be an OpenEvolve configuration: {error}") from error


def read_prices(config: Config | str | Path | None) -> dict[str, Price]:
    """The prices that a YAML file has beside OpenEvolve's settings; none for another configuration.

    They stand under ``llm_prices``, by model name: ``gpt-4o-mini: [0.15, 0.60]``, money per million prompt tokens and
    per million reply tokens.

    Raises:
        ConfigError: they are something else.
    """
    if not isinstance(config, (str, Path)):
        return {}
    found = yaml.safe_load(Path(config).read_text(encoding="utf-8")).get("llm_prices") or {}
    try:
        return TypeAdapter(dict[str, tuple[NonNegativeFloat, NonNegativeFloat]]).validate_python(found)
    except ValidationError as error:
        raise ConfigError(
            f"expected llm_prices in {config} to be like 'gpt-4o-mini: [0.15, 0.60]'; found {found!r}; "
            "give a price per million prompt tokens and one per million reply tokens"
        ) from error


def _copy(config: Config) -> Config:
    # clients may hold sockets and locks: they, and what makes them, are shared rather than copied
    models = [config.llm, *config.llm.models, *config.llm.evaluator_models]
    shared = [config.database.novelty_llm, *(model.init_client for model in models)]
    return copy.deepcopy(config, {id(client): client for client in shared})


def _override(config: Config, settings: Mapping[str, Any]) -> None:
    targets = [config, *(getattr(config, section) for section in _SECTIONS)]
    for name, value in settings.items():
        for target in targets:
            if name in _field_names(target):
                setattr(target, name, value)
                if target is config.llm and name in _field_names(LLMModelConfig):
                    config.llm.update_model_params({name: value}, overwrite=True)
                break
        else:
            known = sorted({known for target in targets for known in _field_names(target)})
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see the solver's docstring for its parameters"
            raise ConfigError(f"expected a parameter of the solver or an OpenEvolve setting; found {name!r}; {hint}")
    if _MODEL_NAMES & settings.keys():
        config.llm.rebuild_models()


def _field_names(target: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(target)} - {"init_client", *_SECTIONS}


def choose_llm(
    config: Config,
    make_proposer: Callable[[int], EmbeddedProposer],
    seed: int,
    queue_folder: Path | None,
    recording: Recording | None = None,
) -> EmbeddedProposer | None:
    """Decide, in place, where programs come from.

    A configured model is used; else a key in the environment means `DEFAULT_MODEL`; else the embedded proposer.

    Args:
        make_proposer: makes the embedded proposer from a seed.
        queue_folder: where OpenEvolve's manual mode puts its tasks; None where the run has no folder.
        recording: replies in place of the models, which need no key then and no configuration.

    Returns:
        The embedded proposer, if it was chosen.

    Raises:
        ConfigError: a model of OpenAI without a key, an endpoint without a model, or manual mode without a folder.
    """
    llm = config.llm
    if not llm.models and llm.primary_model:  # named after the configuration was made
        llm.rebuild_models()
    if recording is not None:
        llm.models = llm.models or [LLMModelConfig(name=name) for name in recording.models]
        return None
    key = llm.api_key or os.environ.get("OPENAI_API_KEY")
    if not llm.models and (key or llm.manual_mode or llm.provider in _KEYLESS_PROVIDERS):
        llm.models = [LLMModelConfig(name=os.environ.get("OPENAI_MODEL", DEFAULT_MODEL))]
    if not llm.models:
        proposer = make_proposer(seed)
        _use_embedded_proposer(config, proposer)
        return proposer
    llm.evaluator_models = llm.evaluator_models or list(llm.models)
    _complete_models(config, key, seed, queue_folder)
    for model in llm.models:
        _check_model(model)
    return None


def _use_embedded_proposer(config: Config, proposer: EmbeddedProposer) -> None:
    if config.llm.api_base != _OPENAI_API:
        raise ConfigError(
            f"expected a model to ask at llm.api_base {config.llm.api_base!r}; found none; "
            "add llm.primary_model (or llm.models) to the configuration"
        )
    logger.warning(
        "No LLM is configured and OPENAI_API_KEY is not set: programs come from the embedded proposer, a generative "
        "hyper-heuristic that needs no model. Configure llm.models to use an LLM."
    )
    model = LLMModelConfig(name=EMBEDDED_MODEL, weight=1.0, init_client=lambda _: proposer)
    config.llm.models = [model]
    config.llm.evaluator_models = [model]
    config.llm.update_model_params({"timeout": config.llm.timeout, "retries": 0, "retry_delay": 0})


def _complete_models(config: Config, key: str | None, seed: int, queue_folder: Path | None) -> None:
    """Give each model the shared settings it does not set itself, as OpenEvolve does when it loads a file."""
    llm = config.llm
    base = os.environ.get("OPENAI_API_BASE") or os.environ.get("OPENAI_BASE_URL")
    if base and llm.api_base == _OPENAI_API:
        llm.api_base = base
    shared = (
        "provider",
        "api_base",
        "temperature",
        "top_p",
        "max_tokens",
        "timeout",
        "retries",
        "retry_delay",
    )
    llm.update_model_params({name: getattr(llm, name) for name in (*shared, "reasoning_effort", "manual_mode")})
    llm.update_model_params({"random_seed": random.Random(f"{seed}/llm").getrandbits(31)})
    for model in [*llm.models, *llm.evaluator_models]:
        if model.api_key is None:
            # a local server asks for no key, but the client does
            model.api_key = key or (None if model.api_base == _OPENAI_API else "no-key-needed")
        if model.manual_mode:
            model._manual_queue_dir = _manual_queue(queue_folder)


def _manual_queue(folder: Path | None) -> str:
    if folder is None:
        raise ConfigError("expected output_dir for llm.manual_mode, whose tasks are files there; set output_dir")
    folder.mkdir(parents=True, exist_ok=True)
    return os.fspath(folder)


def _check_model(model: LLMModelConfig) -> None:
    keyless = model.init_client or model.manual_mode or model.provider in _KEYLESS_PROVIDERS
    if not keyless and not model.api_key:
        raise ConfigError(
            f"expected an API key for the model {model.name!r} at {model.api_base}; found none; set OPENAI_API_KEY, "
            "or llm.api_key, or llm.api_base to a server that needs none"
        )
