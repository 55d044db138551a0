"""The text of a configuration: its values, and where each of them stands."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from skdecide_elm.errors import ConfigError

__all__ = ["Source"]

Key = str | int
_MERGE = "tag:yaml.org,2002:merge"


class Source:
    """A YAML file, and settings that replace some of its values.

    Args:
        path: the file.
        overrides: texts ``key=value``, such as ``database.num_islands=3``; the value is YAML.

    Attributes:
        data: the values by name.

    Raises:
        ConfigError: there is no such file, it is no YAML with settings by name, or a setting stands there twice; or an
            override is none.
    """

    def __init__(self, path: Path, overrides: Sequence[str] = ()) -> None:
        self.path = path
        self._root = _parsed(path)
        _refuse_duplicates(path, self._root)
        self.data = _constructed(path, self._root)
        self._overrides: dict[tuple[str, ...], str] = {}
        for text in overrides:
            self._override(text)

    def where(self, keys: Sequence[Key]) -> str:
        """Where a value stands: file and line, or the override that gave it."""
        for length in range(len(keys), 0, -1):
            if (text := self._overrides.get(tuple(map(str, keys[:length])))) is not None:
                return f"argument {text!r}"
        return f"{self.path}, line {self.line(keys)}"

    def line(self, keys: Sequence[Key]) -> int:
        """The line of a value, or of what holds it, if it is not there."""
        node: yaml.Node = self._root
        line = 1
        for key in keys:
            found = _child(node, key)
            if found is None:
                break
            named, node = found
            line = named.start_mark.line + 1
        return line

    def existing(self, keys: Sequence[Key]) -> tuple[Key, ...]:
        """The longest beginning of ``keys`` that leads to a value."""
        value: Any = self.data
        for length, key in enumerate(keys):
            if not _has(value, key):
                return tuple(keys[:length])
            value = value[key]
        return tuple(keys)

    def value(self, keys: Sequence[Key]) -> Any:
        """The value to which ``keys`` lead."""
        value: Any = self.data
        for key in keys:
            value = value[key]
        return value

    def _override(self, text: str) -> None:
        name, equals, value = text.partition("=")
        keys = tuple(name.split("."))
        if not equals or not all(keys):
            raise ConfigError(f"expected key=value, such as database.num_islands=3; found {text!r}")
        try:
            read = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"expected a YAML value in {text!r}; {_said(error)}; put it into quotes") from error
        section = self.data
        for depth, key in enumerate(keys[:-1], 1):
            section = section.setdefault(key, {})
            if not isinstance(section, dict):
                raise ConfigError(
                    f"expected {'.'.join(keys[:depth])} to hold settings by name in {text!r}; found {section!r}; "
                    "give it as a whole"
                )
        section[keys[-1]] = read
        self._overrides[keys] = text


def _parsed(path: Path) -> yaml.MappingNode:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"expected a YAML file at {path.resolve()}; {error}; check the path") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: expected YAML; {_said(error)}") from error
    if not isinstance(root, yaml.MappingNode):
        found = "nothing" if root is None else "something else"
        raise ConfigError(f"{path}: expected settings by name; found {found}")
    return root


def _constructed(path: Path, root: yaml.MappingNode) -> dict[str, Any]:
    try:
        data: dict[str, Any] = yaml.constructor.SafeConstructor().construct_document(root)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: expected plain YAML values; {_said(error)}") from error
    return data


def _said(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())


def _refuse_duplicates(path: Path, root: yaml.Node) -> None:
    """YAML would let the last one win without a word."""
    for mapping in _mappings(root):
        seen: dict[Hashable, int] = {}
        for key, _ in mapping.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigError(f"{path}, line {line}: expected the name of a setting; found a {key.id}")
            if key.tag != _MERGE and key.value in seen:
                raise ConfigError(
                    f"{path}, line {line}: expected each setting once; found {key.value!r} again, after line "
                    f"{seen[key.value]}; remove one of them"
                )
            seen[key.value] = line


def _mappings(root: yaml.Node) -> Iterator[yaml.MappingNode]:
    seen: set[int] = set()  # an alias leads to a node that was met before, or to one around it
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            waiting += [value for _, value in reversed(node.value)]
        else:
            waiting += reversed(node.value)


def _child(node: yaml.Node, key: Key) -> tuple[yaml.Node, yaml.Node] | None:
    """What names a value in a node, and the value."""
    if isinstance(node, yaml.MappingNode):
        return next(((name, value) for name, value in node.value if name.value == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None


def _has(value: Any, key: Key) -> bool:
    if isinstance(value, dict):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and key < len(value)
