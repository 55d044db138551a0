"""The folder of a run, which tells all of it.

config.yaml         the configuration as run, overrides included
run.json            versions, seeds, isolation, and the folder that paths in config.yaml are relative to (from here, if
                    it is above)
initial_program.py  the program that the search began with
run.log             what the package had to say
ledger.jsonl        what LLM requests have cost, request by request
checkpoints/        states of the search, the highest number being the latest
best/               the final program
result.json         how it ended
"""

from __future__ import annotations

import copy
import json
import logging
import os
import platform
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from skdecide_elm.cli.reporting import as_json_value
from skdecide_elm.config import RunConfig, load_run_config
from skdecide_elm.errors import CheckpointError, ConfigError
from skdecide_elm.evaluation.isolation.report import layers_of_this_machine
from skdecide_elm.solvers.base import ProgramSolver

__all__ = ["RunFolder", "versions"]

logger = logging.getLogger(__name__)

_PACKAGES = ("skdecide-elm", "scikit-decide", "openevolve", "gymnasium", "ribs", "optuna", "numpy", "pydantic")
_CHECKPOINT = re.compile(r"\.?checkpoint_(\d+)(\.previous)?")


@dataclass(frozen=True)
class RunFolder:
    """The folder ``path``."""

    path: Path

    @property
    def config_path(self) -> Path:
        """The configuration as run."""
        return self.path / "config.yaml"

    @property
    def record_path(self) -> Path:
        """Versions, seeds, isolation."""
        return self.path / "run.json"

    @property
    def result_path(self) -> Path:
        """How the run ended."""
        return self.path / "result.json"

    @property
    def ledger_path(self) -> Path:
        """What LLM requests have cost."""
        return self.path / "ledger.jsonl"

    @property
    def initial_program_path(self) -> Path:
        """The program that the search began with."""
        return self.path / "initial_program.py"

    @property
    def best_program_path(self) -> Path:
        """The final program."""
        return self.path / "best" / "best_program.py"

    @property
    def log_path(self) -> Path:
        """What the package had to say."""
        return self.path / "run.log"

    def check_new(self) -> None:
        """Refuse a folder in which a run lies.

        Raises:
            ConfigError: so it is.
        """
        if self.config_path.exists():
            raise ConfigError(
                f"expected a new folder for the run; {self.path} holds one; go on with it by "
                f"'skdecide-elm resume {self.path}', or give another --output"
            )

    def describe(self, config: RunConfig, solver: ProgramSolver) -> None:
        """Write down what the run is, before it begins."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.initial_program_path.write_text(solver.get_best_program_code(), encoding="utf-8")
        record = {
            "solver": type(solver).__name__,
            "config_folder": self._written(config.folder),
            "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "random_seed": config.openevolve.random_seed,
            "evaluator_seed": solver.evaluator_seed,
            "versions": versions(),
            "isolation": {name: status.available for name, status in layers_of_this_machine().items()},
        }
        self.record_path.write_text(json.dumps(record, indent=1), encoding="utf-8")
        text = yaml.safe_dump(_without_keys(config.data), sort_keys=False, allow_unicode=True)
        self.config_path.write_text(text, encoding="utf-8")  # the last: a folder with it is a run

    def check_run(self) -> None:
        """Refuse a folder in which no run lies.

        Raises:
            ConfigError: so it is.
        """
        if not self.config_path.is_file():
            raise ConfigError(f"expected the folder of a run at {self.path.resolve()}; found no config.yaml there")

    def load_config(self, overrides: list[str]) -> RunConfig:
        """The configuration as run, with other overrides on top.

        Raises:
            ConfigError: the folder holds no run, or a setting cannot work.
        """
        self.check_run()
        try:
            record = json.loads(self.record_path.read_text(encoding="utf-8"))
            folder = (self.path.resolve() / record["config_folder"]).resolve()
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ConfigError(f"expected what 'run' wrote at {self.record_path}; {error}") from error
        return load_run_config(self.config_path, overrides, folder)

    def _written(self, folder: Path) -> str:
        """A folder that this one lies in as the way to it, so that both may be moved together; else where it is."""
        here = self.path.resolve()
        return os.path.relpath(folder, here) if here.is_relative_to(folder.resolve()) else str(folder.resolve())

    def latest_checkpoint(self) -> tuple[int, Path] | None:
        """The number of iterations that the latest checkpoint knows of, and where it lies."""
        folder = self.path / "checkpoints"
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        numbers = [int(match[1]) for name in names if (match := _CHECKPOINT.fullmatch(name))]
        return (max(numbers), folder / f"checkpoint_{max(numbers)}") if numbers else None

    def checkpoint_path(self) -> Path:
        """Where the latest checkpoint lies.

        Raises:
            CheckpointError: there is none.
        """
        latest = self.latest_checkpoint()
        if latest is None:
            raise CheckpointError(f"expected a checkpoint in {self.path}; the run was stopped before its first one")
        return latest[1]

    def load_solver(self, config: RunConfig, **parameters: Any) -> ProgramSolver:
        """The solver at the latest checkpoint.

        Raises:
            CheckpointError: there is none, or it cannot be read.
        """
        latest = self.checkpoint_path()
        solver = config.make_solver(initial_program_path=self.initial_program_path, **parameters)
        solver.load(str(latest))
        return solver

    def write_result(self, record: dict[str, Any]) -> None:
        """Write down how the run ended."""
        text = json.dumps(as_json_value(record), allow_nan=False, indent=1)
        self.result_path.write_text(text, encoding="utf-8")


def versions() -> dict[str, str]:
    """Of Python, the system, and the packages that decide what a run does."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _without_keys(data: Any) -> Any:
    """Settings without keys that are written out: these must not be copied to another file."""
    if isinstance(data, dict):
        return {name: _hidden(value) if name == "api_key" else _without_keys(value) for name, value in data.items()}
    return [_without_keys(value) for value in data] if isinstance(data, list) else copy.copy(data)


def _hidden(key: Any) -> Any:
    is_written_out = isinstance(key, str) and not key.startswith("${")
    return "${OPENAI_API_KEY}" if is_written_out else key
