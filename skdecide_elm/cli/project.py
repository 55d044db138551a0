"""``init``: a project that runs, for a domain."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from skdecide_elm.cli.reporting import AsJson, answer, reporting
from skdecide_elm.errors import ConfigError

__all__ = ["init"]

_CONFIG = """\
# Planners for {domain}, searched by {solver}. Run it: skdecide-elm run {path}
# The first settings are OpenEvolve's; domain, solver, planner and evaluation belong to skdecide_elm.
max_iterations: 100
checkpoint_interval: 20
random_seed: 42

llm:
  # No model is named, so the embedded proposer is used, which needs no key. For an LLM, uncomment and adapt:
  # primary_model: "gpt-5-mini"
  # api_base: "https://api.openai.com/v1"  # or a local server, such as "http://localhost:11434/v1"
  # api_key: "${{OPENAI_API_KEY}}"
  temperature: 0.8

{sections}
# More instances, by arguments of the domain; the final program is chosen on validation, and compared on test:
#   train: [{{}}]
#   validation: [{{}}]
#   test: [{{}}]
"""


def init(
    domain: Annotated[str, typer.Argument(help="module:Class; modules of the current folder are found.")],
    folder: Annotated[Path | None, typer.Argument(help="A new folder; else the name of the class.")] = None,
    kwargs: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="KEY=VALUE", help="An argument of the domain.")
    ] = None,
    solver: Annotated[Literal["IntegratedOpenEvolve", "IntegratedELM"], typer.Option()] = "IntegratedOpenEvolve",
    as_json: AsJson = False,
) -> None:
    """Write a project for a domain: a configuration, and the program that evolution begins with.

    Examples:

      skdecide-elm init skdecide.hub.domain.maze:Maze

      skdecide-elm init skdecide_elm.environments:GymnasiumDomain cartpole --set env_id_or_factory=CartPole-v1
    """
    from skdecide_elm.cli.logs import logged

    with reporting(as_json), logged(is_search=False):
        place = folder or Path(domain.rpartition(":")[2].rpartition(".")[2].lower())
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise ConfigError(f"expected a new folder at {place}; there is something; name another one")
        files = _write(domain, place, kwargs or [], solver)
        if as_json:
            answer({"folder": str(place), "files": [str(file) for file in files]})
        else:
            print("\n".join(f"wrote {file}" for file in files))
            print(f"next: skdecide-elm run {files[0]}")


def _write(domain: str, folder: Path, kwargs: list[str], solver: str) -> list[Path]:
    import yaml

    from skdecide_elm.backends.names import import_object
    from skdecide_elm.config import load_run_config
    from skdecide_elm.config.search_path import add_to_path

    add_to_path([Path.cwd()])
    try:
        import_object(domain)
    except ValueError as error:
        raise ConfigError(f"expected a domain as module:Class; found {domain!r}; {error}") from error
    arguments = dict(_argument(text) for text in kwargs)
    sections: dict[str, Any] = {"domain": {"factory": domain}, "solver": solver}
    sections |= {"planner": {"initial_program": "initial_program.py"}, "evaluation": {"rollout_max_steps": 100}}
    if arguments:
        sections["domain"]["kwargs"] = arguments
    if _is_here(domain):
        sections["domain"]["path"] = [os.path.relpath(Path.cwd(), folder)]
    folder.mkdir(parents=True, exist_ok=True)
    config, program = folder / "config.yaml", folder / "initial_program.py"
    text = yaml.safe_dump(sections, sort_keys=False, allow_unicode=True)
    config.write_text(_CONFIG.format(domain=domain, solver=solver, path=config, sections=text), encoding="utf-8")
    with load_run_config(config).make_solver(initial_program_path=None) as made:
        program.write_text(made.get_best_program_code(), encoding="utf-8")
    return [config, program]


def _argument(text: str) -> tuple[str, Any]:
    import yaml

    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ConfigError(f"expected --set KEY=VALUE, such as --set capacity=100; found {text!r}")
    return name, yaml.safe_load(value)


def _is_here(domain: str) -> bool:
    """Whether the domain's module lies in the current folder, rather than among the installed packages."""
    module = sys.modules[domain.partition(":")[0].partition(".")[0]]
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).resolve().is_relative_to(Path.cwd()) and "site-packages" not in file
