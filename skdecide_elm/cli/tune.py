"""``tune``: a study of a solver's hyperparameters."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skdecide_elm.cli.reporting import INVALID, AsJson, Overrides, answer, reporting, say

if TYPE_CHECKING:
    from skdecide_elm.config import RunConfig
    from skdecide_elm.tune import StudySettings

__all__ = ["tune"]


def tune(
    config: Annotated[Path, typer.Argument(help="A YAML file; its section 'tune' says how the study runs.")],
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Tune the solver's hyperparameters by Optuna, on the validation instances.

    The study is kept in a journal file, or in the database that 'tune.storage' names; the same command goes on with it,
    and several processes, on several machines, may join it. Each trial that ends is told.

    Examples:

      skdecide-elm tune configs/maze.yaml tune.n_trials=20 max_iterations=30

      skdecide-elm tune configs/maze.yaml tune.storage=sqlite:///maze.db 'tune.seeds=[0, 1, 2]' tune.cost=evaluations
    """
    from skdecide_elm.cli.logs import logged
    from skdecide_elm.config import load_run_config
    from skdecide_elm.tune import run_study

    with reporting(as_json), logged(level=logging.ERROR):
        found = load_run_config(config, overrides or [])
        settings = _settings(found)
        study = run_study(found.make_solver, found.solver_class, settings)
        best = [
            {"values": trial.values, "hyperparameters": trial.user_attrs["hyperparameters"]}
            for trial in study.best_trials
        ]
        if as_json:
            answer(
                {"study": settings.study_name, "storage": settings.storage, "trials": len(study.trials), "best": best}
            )
        else:
            say(f"{len(study.trials)} trials in the study {settings.study_name} of {settings.storage}")
            for trial in best:
                print(", ".join(f"{value:.6g}" for value in trial["values"]))
                print("\n".join(f"  {name}: {value}" for name, value in trial["hyperparameters"].items()))
        if not best:
            raise typer.Exit(INVALID)


def _settings(config: RunConfig) -> StudySettings:
    from skdecide_elm.tune import StudySettings

    stem = config.path.stem
    said: dict[str, Any] = config.sections.tune.model_dump()
    said |= {name: tuple(value) for name, value in said.items() if isinstance(value, list)}
    said |= {"storage": said["storage"] or f"{stem}-study.journal", "study_name": said["study_name"] or stem}
    return StudySettings(**said)
