"""The public API of a domain as Markdown, for a language model or a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from skdecide_elm.domain_api.api import (
    Api,
    ApiExtractionParams,
    AttributeApi,
    ClassApi,
    MethodApi,
    SpaceApi,
)

__all__ = ["render_api"]


def render_api(api: Api, params: ApiExtractionParams | None = None) -> str:
    """The API reference of a domain as Markdown that starts with ``# API Reference``.

    Args:
        api: what `extract_api` found.
        params: only ``subtitle_level`` counts here.
    """
    level = (params or ApiExtractionParams()).subtitle_level
    blocks = [
        "# API Reference",
        f"Public API of the domain `{api.name}` of module `{api.module}`.",
        _doc(api.doc),
        *_section(level, "Capabilities", [_list(f"`{c.name}`: {c.meaning}" for c in api.capabilities)]),
        *_section(level, "Base types", [_list(_typed(type_) for type_ in api.types)]),
        *_section(level, "Action space", [_spaces(api.action_spaces)]),
        *_section(level, "Observation space", [_spaces(api.observation_spaces)]),
        *_section(level, "Attributes", [_list(_typed(attribute) for attribute in api.attributes)]),
        *_section(level, "Methods", _methods(level + 1, api.methods)),
        *_section(level, "Classes", [block for cls in api.classes for block in _class(level + 1, cls)]),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(level: int, title: str, blocks: Sequence[str]) -> list[str]:
    """A heading and its blocks; nothing where there are none."""
    return [_heading(level, title), *blocks] if any(blocks) else []


def _heading(level: int, title: str) -> str:
    return f"{'#' * level} {title}"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _typed(attribute: AttributeApi) -> str:
    doc = " ".join(attribute.doc.partition("\n\n")[0].split())
    return f"`{attribute.name}`: `{attribute.type}`" + (f". {doc}" if doc else "")


def _spaces(spaces: Sequence[SpaceApi]) -> str:
    return _list(_space(space) for space in spaces)


def _space(space: SpaceApi) -> str:
    agent = "" if space.agent is None else f"agent `{space.agent}`: "
    abilities = ", ".join(space.abilities) or "can only be asked whether it contains an element"
    detail = f": `{space.detail}`" if space.detail else ""
    return f"{agent}`{space.cls}`, {abilities}{detail}"


def _methods(level: int, methods: Iterable[MethodApi]) -> list[str]:
    return [block for method in methods for block in (_heading(level, _call(method)), _doc(method.doc)) if block]


def _call(method: MethodApi) -> str:
    return f"`{method.name}{method.signature}`"


def _class(level: int, cls: ClassApi) -> list[str]:
    is_enum = cls.kind == "enum"
    fields = (f"`{f.name}` = `{f.type}`" if is_enum else _typed(f) for f in cls.fields)
    return [
        _heading(level, f"`{cls.name}{cls.signature}`"),
        f"{cls.kind.capitalize()} of module `{cls.module}`.",
        _doc(cls.doc),
        *_labelled("Members" if is_enum else "Fields", _list(fields)),
        *_labelled("Attributes", _list(_typed(attribute) for attribute in cls.attributes)),
        *_methods(level + 1, cls.methods),
    ]


def _labelled(label: str, block: str) -> list[str]:
    return [f"{label}:", block] if block else []


def _doc(doc: str) -> str:
    """A docstring whose ``# Parameters`` lines do not act as headings of the reference."""
    lines = []
    in_code = False
    for line in doc.splitlines():
        in_code ^= line.lstrip().startswith("```")
        heading = line.startswith("#") and not in_code and line.lstrip("#").startswith(" ")
        lines.append(f"**{line.lstrip('# ')}**" if heading else line)
    return "\n".join(lines)
