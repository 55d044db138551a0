"""``evaluate``: the score of one program."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from skdecide_elm.cli.reporting import INVALID, AsJson, Overrides, answer, reporting, say

__all__ = ["evaluate"]


def evaluate(
    program: Annotated[Path, typer.Argument(help="The file of a program.")],
    config: Annotated[Path, typer.Option("--config", "-c", help="The YAML file that says on what.")],
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate a program exactly as a run would: isolated, on the same episodes.

    Examples:

      skdecide-elm evaluate runs/first/best/best_program.py --config configs/maze.yaml

      skdecide-elm evaluate mine.py -c configs/maze.yaml evaluation.rollout_num_episodes=20 --json
    """
    from skdecide_elm.cli.logs import logged
    from skdecide_elm.config import load_run_config
    from skdecide_elm.solvers.options import read_program

    with reporting(as_json), logged(is_search=False):
        code = read_program(program)
        with load_run_config(config, overrides or []).make_solver() as solver:
            result = solver.evaluate_program_code(code)
        is_valid = math.isfinite(result.metrics["combined_score"])
        if as_json:
            answer({"valid": is_valid, "metrics": result.metrics, "artifacts": result.artifacts})
        else:
            for name, value in result.metrics.items():
                print(f"{name:24}{value:.6g}")
            for name, text in result.artifacts.items():
                say(f"{name}: {text}")
        if not is_valid:
            raise typer.Exit(INVALID)
