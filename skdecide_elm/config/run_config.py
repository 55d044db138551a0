"""A configuration as a whole: read, validated, and made into a solver."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import dacite
from openevolve.config import Config
from pydantic import ValidationError, create_model
from skdecide import Domain

from skdecide_elm.config.openevolve_settings import OPENEVOLVE_SETTINGS, openevolve_fields
from skdecide_elm.config.parameters import SOLVERS, foreign_settings, parameters_of
from skdecide_elm.config.problems import describe_problems
from skdecide_elm.config.search_path import add_to_path
from skdecide_elm.config.sections import DomainSection, OwnSections
from skdecide_elm.config.source import Source
from skdecide_elm.errors import ConfigError
from skdecide_elm.solvers.base import ProgramSolver

__all__ = ["RunConfig", "load_run_config"]

_SCHEMA = create_model("Settings", __base__=OwnSections, **openevolve_fields())


@dataclass(frozen=True)
class RunConfig:
    """What a file says.

    Attributes:
        path: the file.
        folder: the folder that paths in the file are relative to.
        data: its values by name, with overrides, as YAML has them.
        sections: those that are ours.
        openevolve: OpenEvolve's settings.
    """

    path: Path
    folder: Path
    data: dict[str, Any]
    sections: OwnSections
    openevolve: Config

    @property
    def domain(self) -> DomainSection:
        """The section ``domain``.

        Raises:
            ConfigError: the file has none.
        """
        if self.sections.domain is None:
            raise ConfigError(
                f"expected a section domain in {self.path}; found none; add, say, "
                "'domain: {factory: \"skdecide.hub.domain.maze:Maze\"}'"
            )
        return self.sections.domain

    @property
    def solver_class(self) -> type[ProgramSolver]:
        """The class of the solver that the file describes."""
        return SOLVERS[self.sections.solver.name]

    @property
    def domain_factory(self) -> Callable[[], Domain]:
        """Makes the domain: the first of the instances for training, if there are any."""
        train = self.domain.instances("train")
        return train[0] if train else partial(self.domain.factory, **self.domain.kwargs)

    def make_solver(self, **parameters: Any) -> ProgramSolver:
        """The solver that the file describes.

        Args:
            parameters: of the solver's constructor, in place of what the file says.

        Raises:
            ElmError: as of the solvers' constructors.
        """
        own = {**parameters_of(self.sections, self.folder), "config": self.openevolve, **parameters}
        make: Callable[..., ProgramSolver] = self.solver_class
        return make(self.domain_factory, **own)


def load_run_config(path: str | Path, overrides: Sequence[str] = (), folder: Path | None = None) -> RunConfig:
    """Read a YAML file, and import what it names.

    The file's folder, and those that ``domain.path`` lists, are put on ``sys.path`` and PYTHONPATH, so that
    evaluations, too, can import what lies there.

    Args:
        overrides: texts ``key=value`` that replace settings, such as ``database.num_islands=3``.
        folder: what paths in the file are relative to; None: the file's folder.

    Raises:
        ConfigError: a setting is unknown, of the wrong type, or names something that cannot be imported; one line for
            each, with the line in the file and the nearest name.
    """
    source = Source(Path(path), overrides)
    folder = Path(path).resolve().parent if folder is None else folder
    add_to_path([folder, *(folder / name for name in _named_folders(source.data))])
    try:
        settings = _SCHEMA.model_validate(source.data)
    except ValidationError as error:
        raise ConfigError(describe_problems(error, source, _SCHEMA)) from error
    foreign = foreign_settings(settings)
    if foreign:
        raise ConfigError("\n".join(f"{source.where(keys)}: {problem}" for keys, problem in foreign))
    return RunConfig(Path(path), folder, source.data, settings, _openevolve(settings, Path(path), folder))


def _named_folders(data: dict[str, Any]) -> list[str]:
    domain = data.get("domain")
    named = domain.get("path") if isinstance(domain, dict) else None
    return [name for name in named if isinstance(name, str)] if isinstance(named, list) else []


def _openevolve(settings: OwnSections, path: Path, folder: Path) -> Config:
    try:
        config = Config.from_dict(settings.model_dump(include=set(OPENEVOLVE_SETTINGS), exclude_defaults=True))
    except (dacite.DaciteError, ValueError, TypeError) as error:
        raise ConfigError(f"{path}: expected OpenEvolve's settings; {error}") from error
    if config.prompt.template_dir:
        config.prompt.template_dir = os.fspath(folder / config.prompt.template_dir)
    return cast(Config, config)
