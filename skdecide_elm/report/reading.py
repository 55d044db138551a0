"""Reads the folder of a run. Nothing of it is executed: neither its domain nor any program is imported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml
from openevolve.config import DatabaseConfig

from skdecide_elm.backends.elm.checkpoint import damaged, load_checkpoint
from skdecide_elm.backends.elm.config import build_search, load_elm_config
from skdecide_elm.backends.openevolve.database import Database
from skdecide_elm.backends.openevolve.randomness import GlobalRandom
from skdecide_elm.backends.openevolve.statistics import RunStatistics
from skdecide_elm.checkpoints import find_directory
from skdecide_elm.errors import CheckpointError, ConfigError
from skdecide_elm.llm.ledger import Entry
from skdecide_elm.report.comparisons import Comparisons, read_comparisons
from skdecide_elm.report.model import RunView
from skdecide_elm.report.of_elm import view_of_search
from skdecide_elm.report.of_openevolve import view_of_database

__all__ = ["Run", "RunFiles", "read_run"]

_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True)
class RunFiles:
    """Where the parts of a run lie.

    Attributes:
        name: of the run.
        config: the configuration as run, a YAML file.
        record: versions and seeds, a JSON file.
        checkpoint: the directory of the checkpoint to be shown.
        result: how the run ended, a JSON file; it need not be there, nor need the others below.
        ledger: what LLM requests have cost, lines of JSON.
        best_program: the final program.
    """

    name: str
    config: Path
    record: Path
    checkpoint: Path
    result: Path
    ledger: Path
    best_program: Path


@dataclass(frozen=True)
class Run:
    """What a report tells.

    Attributes:
        name: of the run.
        view: what the search has found.
        config: text of the configuration.
        record: solver, seeds, versions.
        result: how the run ended; None while it runs, or where it was killed.
        comparisons: of the final program with the initial one; None where there is none.
        entries: LLM requests, the first one first.
        final_code: text of the final program; None before there is one.
    """

    name: str
    view: RunView
    config: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None
    comparisons: Comparisons | None = None
    entries: tuple[Entry, ...] = ()
    final_code: str | None = None


def read_run(files: RunFiles) -> Run:
    """Read a run.

    Raises:
        ConfigError: a file that tells about the run cannot be read.
        CheckpointError: the checkpoint is damaged or of another format, or the ledger is.
    """
    config = _text(files.config)
    record = _json(files.record)
    result = _json(files.result) if files.result.is_file() else None
    return Run(
        name=files.name,
        view=_view(files, config, record),
        config=config,
        record=record,
        result=result,
        comparisons=_comparisons(files.result, result),
        entries=_entries(files.ledger),
        final_code=_text(files.best_program) if files.best_program.is_file() else None,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"expected what 'skdecide-elm run' wrote at {path}; {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(_text(path)))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"expected what 'skdecide-elm run' wrote at {path}; {error}") from error


def _comparisons(path: Path, result: Mapping[str, Any] | None) -> Comparisons | None:
    if result is None or result.get("result") is None:
        return None
    try:
        return read_comparisons(result["result"])
    except _DAMAGE as error:
        raise ConfigError(
            f"expected what 'skdecide-elm run' wrote at {path}; {type(error).__name__}: {error}"
        ) from error


def _entries(path: Path) -> tuple[Entry, ...]:
    """The whole lines of a ledger. It is only read: a run in progress may be writing to it."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    try:
        return tuple(Entry(**json.loads(line)) for line in lines)
    except (ValueError, TypeError) as error:
        raise CheckpointError(
            f"expected lines of JSON, one per LLM request, in {path}; {error}; remove the file, or that line"
        ) from error


def _view(files: RunFiles, text: str, record: Mapping[str, Any]) -> RunView:
    try:
        config = dict(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise ConfigError(f"expected what 'skdecide-elm run' wrote at {files.config}; {error}") from error
    if str(record.get("solver", "")).endswith("ELM"):
        return _view_of_elm(files.checkpoint, config)
    return _view_of_openevolve(files.checkpoint, config)


def _view_of_elm(path: Path, config: Mapping[str, Any]) -> RunView:
    checkpoint = load_checkpoint(path, identity={})
    search = build_search(load_elm_config(config.get("elm")), [""], lambda settings: settings)
    try:
        search.restore(checkpoint.snapshot)
        return view_of_search(search, checkpoint.extra["bandit"])
    except _DAMAGE as error:
        raise damaged(path, error) from error


def _view_of_openevolve(path: Path, config: Mapping[str, Any]) -> RunView:
    folder = find_directory(path)
    given = config.get("database") or {}
    names = {own.name for own in fields(DatabaseConfig)} - {"db_path", "random_seed", "in_memory"}
    try:
        state = json.loads((folder / "skdecide_elm.json").read_text(encoding="utf-8"))
        database = Database(DatabaseConfig(**{n: v for n, v in given.items() if n in names}), GlobalRandom(0))
        database.load(str(folder))
        return view_of_database(database, RunStatistics.from_json(state["statistics"]), state["bandit"])
    except _DAMAGE as error:
        raise damaged(path, error) from error
