"""``run`` and ``resume``: a search, from its configuration or from where it stopped."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skdecide_elm.cli.reporting import INTERRUPTED, INVALID, AsJson, Overrides, answer, reporting, say

if TYPE_CHECKING:
    from skdecide_elm.cli.run_folder import RunFolder
    from skdecide_elm.config import RunConfig
    from skdecide_elm.solvers.base import ProgramSolver

__all__ = ["resume", "run"]

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the log, not only warnings.")]


def run(
    config: Annotated[Path, typer.Argument(help="A YAML file; 'skdecide-elm init' writes one.")],
    overrides: Overrides = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the run; else a new one below runs/.")
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Evolve a planner as a configuration says.

    Ctrl-C once: finish what is under way and save; twice: stop now. 'skdecide-elm resume' goes on in either case.

    Examples:

      skdecide-elm run configs/maze.yaml

      skdecide-elm run configs/maze.yaml max_iterations=20 solver=IntegratedELM -o runs/first
    """
    from skdecide_elm.cli.run_folder import RunFolder
    from skdecide_elm.config import load_run_config

    with reporting(as_json):
        found = load_run_config(config, overrides or [])
        folder = RunFolder(output or Path("runs") / f"{config.stem}-{datetime.now():%Y%m%d-%H%M%S}")
        folder.check_new()
        with _logged(folder, verbose), found.make_solver(output_dir=folder.path) as solver:
            folder.describe(found, solver)
            _search(folder, found, solver, found.openevolve.max_iterations, as_json)


def resume(
    folder: Annotated[Path, typer.Argument(help="Folder of a run.")],
    overrides: Overrides = None,
    iterations: Annotated[
        int | None, typer.Option("--iterations", "-n", min=1, help="How many more; else what is left of the run.")
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Go on with a run from its latest checkpoint.

    Examples:

      skdecide-elm resume runs/first

      skdecide-elm resume runs/first --iterations 50 solver.max_llm_cost=2.0
    """
    from skdecide_elm.cli.run_folder import RunFolder

    with reporting(as_json):
        place = RunFolder(folder)
        config = place.load_config(overrides or [])
        latest = place.latest_checkpoint()
        done = latest[0] if latest else 0
        more = iterations or config.openevolve.max_iterations - done
        if more < 1:
            say(f"skdecide-elm: all {done} iterations are done; give --iterations for more of them")
            raise typer.Exit
        settings: dict[str, Any] = {"output_dir": folder, "nb_iterations": more}
        with _logged(place, verbose):
            if latest:
                solver = place.load_solver(config, **settings)
            else:
                solver = config.make_solver(initial_program_path=place.initial_program_path, **settings)
            with solver:
                _search(place, config, solver, more, as_json)


def _search(folder: RunFolder, config: RunConfig, solver: ProgramSolver, iterations: int, as_json: bool) -> None:
    from skdecide_elm.cli.interruption import Interruption
    from skdecide_elm.cli.progress import Progress, summary

    began = time.monotonic()
    with Interruption() as interruption, Progress(solver, iterations) as progress:
        solver.solve(callbacks=[progress, interruption])
    domain = config.domain
    is_compared = not interruption.count and (domain.validation is not None or domain.test is not None)
    record = {
        "folder": str(folder.path),
        "best_program": str(folder.best_program_path),
        "best_score": solver.best_score,
        "iteration": solver.iteration,
        "seconds": round(time.monotonic() - began, 3),
        "interrupted": interruption.count > 0,
        "statistics": solver.statistics.to_json(),
        "spent": solver.ledger.total,
        "result": solver.get_result() if is_compared else None,
    }
    folder.write_result(record)
    if as_json:
        answer(record)
    else:
        print(f"{summary(solver)}, after {solver.iteration} iterations ({solver.statistics})")
        if is_compared:
            print(record["result"])
        print(f"the best program is {folder.best_program_path}")
    if interruption.count:
        say(f"skdecide-elm: interrupted; go on by 'skdecide-elm resume {folder.path}'")
        raise typer.Exit(INTERRUPTED)
    if solver.best_score is None or solver.best_score == float("-inf"):
        raise typer.Exit(INVALID)


@contextmanager
def _logged(folder: RunFolder, is_verbose: bool) -> Iterator[None]:
    from skdecide_elm.cli.logs import logged

    with logged(folder.log_path, logging.INFO if is_verbose else logging.WARNING):
        yield
