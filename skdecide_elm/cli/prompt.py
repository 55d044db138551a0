"""``prompt``: what an LLM would be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skdecide_elm.cli.reporting import AsJson, Overrides, answer, reporting

__all__ = ["prompt"]


def prompt(
    config: Annotated[Path, typer.Argument(help="A YAML file.")],
    overrides: Overrides = None,
    operator: Annotated[
        str | None, typer.Option("--operator", help="Whose prompt, such as rewrite, diff or crossover.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the first prompt of a run, whole, without asking anybody.

    Examples:

      skdecide-elm prompt configs/maze.yaml

      skdecide-elm prompt configs/maze.yaml --operator crossover
    """
    from skdecide_elm.cli.logs import logged
    from skdecide_elm.config import load_run_config
    from skdecide_elm.llm.scripted import ScriptedLLM, as_model_config

    with reporting(as_json), logged(is_search=False):
        settings = load_run_config(config, overrides or [])
        if not settings.openevolve.llm.models:  # what would be asked can be seen by those, too, who have nobody to ask
            settings.openevolve.llm.models = [as_model_config(ScriptedLLM(lambda system, messages: None))]
        with settings.make_solver() as solver:
            found = solver.sample_prompt(operator)
        if as_json:
            answer(found)
        else:
            for role, text in found.items():
                print(f"----- {role}\n{text}")
