"""``doctor``: what this machine offers, and whether the LLM answers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from skdecide_elm.cli.reporting import FAILED, AsJson, answer, reporting
from skdecide_elm.errors import ConfigError

__all__ = ["doctor"]

_SECONDS = 10


def doctor(
    config: Annotated[Path | None, typer.Argument(help="A YAML file, whose LLM is tried.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell versions, the layers of isolation, and whether the LLM's endpoint can be reached.

    Exit code 1: an endpoint cannot be reached, or there is no key for it. Nothing is asked of a model.

    Examples:

      skdecide-elm doctor

      skdecide-elm doctor configs/maze.yaml --json
    """
    from skdecide_elm.cli.logs import logged
    from skdecide_elm.cli.run_folder import versions
    from skdecide_elm.evaluation.isolation.report import describe_isolation, layers_of_this_machine

    with reporting(as_json):
        layers = layers_of_this_machine()
        with logged(is_search=False):
            endpoints = _endpoints(config)
        if as_json:
            isolation = {name: asdict(status) for name, status in layers.items()}
            answer({"versions": versions(), "isolation": isolation, "llm": endpoints})
        else:
            for name, found in versions().items():
                print(f"{name:16}{found}")
            print(describe_isolation("auto", layers))
            for endpoint in endpoints:
                print(f"LLM {endpoint['model']} at {endpoint['at']}: {endpoint['status']}")
        if not all(endpoint["ok"] for endpoint in endpoints):
            raise typer.Exit(FAILED)


def _endpoints(path: Path | None) -> list[dict[str, Any]]:
    """Each model that a run would ask, and how its endpoint answers."""
    from openevolve.config import Config

    from skdecide_elm.backends.openevolve.config import EMBEDDED_MODEL, choose_llm
    from skdecide_elm.config import load_run_config
    from skdecide_elm.llm.embedded import EmbeddedProposer

    config = Config() if path is None else load_run_config(path).openevolve
    try:
        proposer = choose_llm(config, lambda seed: EmbeddedProposer(None, seed), seed=0, queue_folder=Path())
    except ConfigError as error:
        return [{"model": "?", "at": config.llm.api_base, "ok": False, "status": str(error)}]
    if proposer is not None:
        status = "needs no key and no network"
        return [{"model": EMBEDDED_MODEL, "at": "this process", "ok": True, "status": status}]
    return [_tried(model) for model in config.llm.models]


def _tried(model: Any) -> dict[str, Any]:
    import openai

    found = {"model": model.name, "at": model.api_base}
    if model.manual_mode or model.provider not in (None, "openai"):
        return {**found, "at": model.provider or "a person", "ok": True, "status": "not tried"}
    client = openai.OpenAI(api_key=model.api_key, base_url=model.api_base, timeout=_SECONDS, max_retries=0)
    try:
        names = [offered.id for offered in client.models.list()]
    except openai.NotFoundError:
        return {**found, "ok": True, "status": "reached; it does not list its models"}
    except openai.OpenAIError as error:
        return {**found, "ok": False, "status": f"{type(error).__name__}: {error}"}
    finally:
        client.close()
    status = "reached" if model.name in names else f"reached; it does not list this model, but {', '.join(names[:5])}"
    return {**found, "ok": True, "status": status}
