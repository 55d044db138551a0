"""Templates of prompts: files of the package, each of which a file of the user's may replace."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from string import Template

from skdecide_elm.errors import ConfigError

__all__ = ["Templates"]


class Templates:
    """The templates by name, with ``$placeholders`` (`string.Template`).

    Args:
        folder: of the user's own templates; one of them, ``<name>.txt``, replaces the package's template of that name.

    Raises:
        ConfigError: the folder does not exist.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self._folder = None if folder is None else Path(folder)
        if self._folder is not None and not self._folder.is_dir():
            raise ConfigError(f"expected a folder of prompt templates at {self._folder}; there is none; check the path")

    def text(self, name: str) -> str:
        """The template itself, without the line feed at its end."""
        own = None if self._folder is None else self._folder / f"{name}.txt"
        if own is not None and own.is_file():
            return own.read_text(encoding="utf-8").removesuffix("\n")
        file = resources.files("skdecide_elm.prompts") / "templates" / f"{name}.txt"
        return file.read_text(encoding="utf-8").removesuffix("\n")

    def fill(self, name: str, **values: str) -> str:
        """The template with its placeholders replaced.

        A placeholder on a line of its own whose value is empty goes with its line and the blank line after it.

        Raises:
            ConfigError: the template has a placeholder that has no value, or is malformed.
        """
        text = self.text(name)
        for absent in (key for key, value in values.items() if not value):
            text = re.sub(rf"^\${absent}(\n\n?|\Z)", "", text, flags=re.MULTILINE)
        try:
            return Template(text).substitute(values)
        except (KeyError, ValueError) as error:
            known = ", ".join(f"${key}" for key in values)
            raise ConfigError(
                f"expected the template {name}.txt to use {known} only; found {error}; write $$ for a dollar sign"
            ) from error
