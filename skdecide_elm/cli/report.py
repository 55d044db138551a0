"""``report``: what a run has found, as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skdecide_elm.cli.reporting import AsJson, answer, reporting

__all__ = ["report"]


def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a run, which may still be in progress.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; else report.html in the run's folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a report of a run: one HTML file that needs no network.

    Score and budget, the archive with its programs, the descent of the final program, who proposed, what failed.
    Nothing of the run is executed, neither its domain nor a program.

    Examples:

      skdecide-elm report runs/first

      skdecide-elm report runs/first --output first.html --json
    """
    from skdecide_elm.cli.run_folder import RunFolder
    from skdecide_elm.report import RunFiles, read_run, write_report

    with reporting(as_json):
        place = RunFolder(folder)
        place.check_run()
        files = RunFiles(
            name=folder.resolve().name,
            config=place.config_path,
            record=place.record_path,
            checkpoint=place.checkpoint_path(),
            result=place.result_path,
            ledger=place.ledger_path,
            best_program=place.best_program_path,
        )
        run = read_run(files)
        path = output or folder / "report.html"
        write_report(run, path)
        if as_json:
            answer(
                {
                    "report": str(path),
                    "bytes": path.stat().st_size,
                    "programs": len(run.view.programs),
                    "steps": run.view.steps,
                    "checkpoint": str(files.checkpoint),
                }
            )
        else:
            print(f"the report is {path}")
