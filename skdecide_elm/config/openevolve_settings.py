"""OpenEvolve's settings as a schema, made from its dataclasses: known names, and their types."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from openevolve.config import Config
from pydantic import BaseModel, ConfigDict, Field, create_model

__all__ = ["OPENEVOLVE_SETTINGS", "openevolve_fields"]

_NOT_IN_A_FILE = {"init_client", "novelty_llm"}
"""Python objects."""

OPENEVOLVE_SETTINGS = frozenset(field.name for field in dataclasses.fields(Config))
"""The names that OpenEvolve has at the top level of a file."""


def openevolve_fields() -> dict[str, Any]:
    """The fields of OpenEvolve's `Config`, as `pydantic.create_model` takes them."""
    return _fields(Config)


@cache
def _schema(dataclass: type) -> type[BaseModel]:
    config = ConfigDict(extra="forbid", strict=True)
    return create_model(dataclass.__name__, __config__=config, **_fields(dataclass))


def _fields(dataclass: Any) -> dict[str, Any]:
    hints = get_type_hints(dataclass, localns={"LLMInterface": Any})
    return {
        field.name: (_type(hints[field.name], field), _default(field))
        for field in dataclasses.fields(dataclass)
        if field.name not in _NOT_IN_A_FILE and not field.name.startswith("_")
    }


def _type(hint: Any, field: dataclasses.Field[Any]) -> Any:
    if dataclasses.is_dataclass(hint):
        return _schema(hint)  # type: ignore[arg-type]
    if get_origin(hint) is list and dataclasses.is_dataclass(get_args(hint)[0]):
        return list[_schema(get_args(hint)[0])]  # type: ignore[misc]
    return hint | None if field.default is None else hint  # some have the default None and a type that forbids it


def _default(field: dataclasses.Field[Any]) -> Any:
    factory = field.default_factory
    if factory is dataclasses.MISSING:
        return field.default
    return Field(default_factory=_schema(factory) if dataclasses.is_dataclass(factory) else factory)
