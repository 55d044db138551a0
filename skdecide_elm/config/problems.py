"""What is wrong with a configuration, told with the line and the name that was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from skdecide_elm.config.source import Key, Source

__all__ = ["describe_problems"]


def describe_problems(error: ValidationError, source: Source, schema: type[BaseModel]) -> str:
    """One line per problem, in the order of the file.

    Args:
        schema: what the file was validated against, whose names are suggested.
    """
    problems: dict[tuple[Key, ...], list[ErrorDetails]] = {}
    for found in error.errors():
        problems.setdefault(source.existing(found["loc"]), []).append(found)
    keys = sorted(problems, key=source.line)
    return "\n".join(f"{source.where(k)}: {_sentence(k, problems[k], source, schema)}" for k in keys)


def _sentence(keys: tuple[Key, ...], found: Sequence[ErrorDetails], source: Source, schema: type[BaseModel]) -> str:
    name = _dotted(keys)
    first = found[0]
    if first["type"] == "extra_forbidden":
        return _unknown(keys, schema)
    if first["type"] == "missing":
        return f"expected {_dotted(first['loc'])}; it is missing"
    value = source.value(keys)
    wrong = [problem for problem in found if problem["type"] == "value_error"]
    others = [_expected(problem) for problem in found if problem not in wrong]
    near = difflib.get_close_matches(str(value), _choices(found), n=1)
    if wrong and (":" in str(value) or not others):  # of a setting that may be a name, or something else
        return f"expected a class or function for {name}; found {value!r}; {wrong[0]['ctx']['error']}"
    if wrong:
        others.append("module:object")
    return f"expected {' or '.join(dict.fromkeys(others))} for {name}; found {value!r}" + (
        f"; did you mean {near[0]!r}?" if near else ""
    )


def _expected(problem: ErrorDetails) -> str:
    if problem["type"] in ("model_type", "dict_type"):
        return "settings by name"
    return problem["msg"].removeprefix("Input should be ")


def _choices(found: Sequence[ErrorDetails]) -> list[str]:
    """The values that a setting can have, where they can be listed."""
    listed = [problem["ctx"]["expected"] for problem in found if problem["type"] == "literal_error"]
    return [choice for text in listed for choice in re.findall(r"'([^']*)'", text)]


def _unknown(keys: tuple[Key, ...], schema: type[BaseModel]) -> str:
    *section, name = keys
    known = _names_in(schema, section)
    place = f"the section {_dotted(section)}" if section else "the file"
    near = difflib.get_close_matches(str(name), known, n=1)
    if near:
        return f"expected a setting of {place}; found {name!r}; did you mean {near[0]!r}?"
    elsewhere = {dotted.rpartition(".")[2]: dotted for dotted in _all_names(schema)}
    near = difflib.get_close_matches(str(name), elsewhere, n=1, cutoff=0.8)
    hint = f"did you mean {elsewhere[near[0]]!r}?" if near else f"it has {', '.join(sorted(known))}"
    return f"expected a setting of {place}; found {name!r}; {hint}"


def _names_in(schema: type[BaseModel], keys: Sequence[Key]) -> list[str]:
    for key in keys:
        if not isinstance(key, int):
            inner = _inner(schema.model_fields[key].annotation) if key in schema.model_fields else None
            if inner is None:
                return []
            schema = inner
    return list(schema.model_fields)


def _all_names(schema: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in schema.model_fields.items():
        inner = _inner(field.annotation)
        if inner is None:
            yield prefix + name
        else:
            yield from _all_names(inner, f"{prefix}{name}.")


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation: itself, or within a list or a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for part in get_args(annotation) if (inner := _inner(part))), None)


def _dotted(keys: Iterable[Key]) -> str:
    return ".".join(map(str, keys))
