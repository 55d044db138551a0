"""``simplify``: a program without what makes it no better."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skdecide_elm.cli.reporting import AsJson, Overrides, answer, reporting

__all__ = ["simplify"]


def simplify(
    program: Annotated[Path, typer.Argument(help="The file of a program.")],
    config: Annotated[Path, typer.Option("--config", "-c", help="The YAML file that says on what.")],
    overrides: Overrides = None,
    trials: Annotated[int, typer.Option("--trials", help="How many programs to evaluate for it.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Leave out of a program what makes it no better: terms of sums, branches of conditions.

    A part stays out if no score falls, on the episodes of a run and on those of its validation.

    Examples:

      skdecide-elm simplify runs/first/best/best_program.py --config configs/maze.yaml > short.py
    """
    from skdecide_elm.cli.logs import logged
    from skdecide_elm.config import load_run_config
    from skdecide_elm.solvers.options import read_program

    with reporting(as_json), logged(is_search=False):
        code = read_program(program)
        with load_run_config(config, overrides or []).make_solver() as solver:
            found = solver.simplify_program_code(code, trials)
        if as_json:
            answer({"program": found})
        else:
            print(found, end="")
