"""From a domain to its public API as plain data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

from skdecide import Domain, EnumerableSpace, SamplableSpace, Space

from skdecide_elm.domain_api.annotations import classes_in, is_unspecified, short_name, type_text
from skdecide_elm.domain_api.api import (
    Api,
    ApiExtractionParams,
    AttributeApi,
    CapabilityApi,
    ClassApi,
    MethodApi,
    SpaceApi,
)
from skdecide_elm.domain_api.characteristics import characteristic_meaning, leading_characteristics
from skdecide_elm.domain_api.members import MemberReader
from skdecide_elm.domain_api.spaces import call_or_none, space_detail, spaces_by_agent

__all__ = [
    "Api",
    "ApiExtractionParams",
    "AttributeApi",
    "CapabilityApi",
    "ClassApi",
    "MethodApi",
    "SpaceApi",
    "extract_api",
]

_DOMAIN_TYPES = ("T_state", "T_observation", "T_event", "T_value", "T_predicate", "T_info")


def extract_api(domain: Domain, params: ApiExtractionParams | None = None) -> Api:
    """The public API of a domain, for a planner that gets an instance of it.

    Args:
        domain: an instance; its spaces are asked for unless ``params`` says otherwise, nothing is played.
        params: what to extract; the defaults of `ApiExtractionParams` when left out.
    """
    params = params or ApiExtractionParams()
    cls = type(domain)
    reader = MemberReader(cls, params.simplify_signature, _cleaner(params))
    types = _domain_types(cls, reader)
    modules = _wanted_modules(cls, reader.met, params)
    action_spaces = _spaces(domain.get_action_space, reader) if params.extract_action_space_cls else ()
    observation_spaces = _spaces(domain.get_observation_space, reader) if params.extract_observation_space_cls else ()
    return Api(
        name=short_name(cls),
        module=cls.__module__,
        doc=reader.own_doc(cls),
        capabilities=_capabilities(domain),
        types=types,
        action_spaces=action_spaces,
        observation_spaces=observation_spaces,
        attributes=reader.attributes(cls, getattr(domain, "__dict__", {})),
        methods=reader.methods(cls),
        classes=_classes(cls, modules, reader) if params.recursive else (),
    )


def _capabilities(domain: Domain) -> tuple[CapabilityApi, ...]:
    found = leading_characteristics(domain)
    return tuple(CapabilityApi(cls.__name__, characteristic_meaning(cls)) for cls in found)


def _domain_types(cls: type[Domain], reader: MemberReader) -> tuple[AttributeApi, ...]:
    types = []
    for name in _DOMAIN_TYPES:
        type_ = getattr(cls, name)
        reader.met.update(dict.fromkeys(classes_in(type_)))
        types.append(AttributeApi(name, "any" if is_unspecified(type_) else type_text(type_)))
    return tuple(types)


def _spaces(getter: Callable[[], Any], reader: MemberReader) -> tuple[SpaceApi, ...]:
    """The space, or one per agent; none where the domain leaves the method out or answers None."""
    by_agent = spaces_by_agent(call_or_none(getter))
    spaces = {agent: space for agent, space in by_agent.items() if space is not None}
    reader.met.update((type(space), None) for space in spaces.values())
    return tuple(_space(space, agent) for agent, space in spaces.items())


def _space(space: Space, agent: str | None) -> SpaceApi:
    abilities = {"can be sampled": SamplableSpace, "can be enumerated": EnumerableSpace}
    return SpaceApi(
        cls=short_name(type(space)),
        abilities=tuple(ability for ability, cls in abilities.items() if isinstance(space, cls)),
        detail=space_detail(space),
        agent=agent,
    )


def _classes(domain_cls: type[Domain], modules: Sequence[str], reader: MemberReader) -> tuple[ClassApi, ...]:
    """The classes of some modules among those that the reader has met, and meets while reading these."""
    # the members of a base class of the domain stand among those of the domain
    skipped = set(domain_cls.__mro__)
    done: dict[type, ClassApi] = {}
    while pending := [cls for cls in reader.met if cls not in done and _is_wanted(cls, modules, skipped)]:
        for cls in pending:
            done[cls] = reader.class_api(cls)
    return tuple(done.values())


def _is_wanted(cls: type, modules: Sequence[str], skipped: Container[type]) -> bool:
    return cls not in skipped and any(_is_inside(cls, module) for module in modules)


def _wanted_modules(cls: type[Domain], own_types: Iterable[type], params: ApiExtractionParams) -> list[str]:
    modules = [type_.__module__ for type_ in own_types if _is_inside(type_, "skdecide")]
    if params.include_hub_api:
        modules.append("skdecide.hub")
    if params.include_domain_cls_module:
        modules.append(cls.__module__)
    return modules + [module.__name__ for module in params.user_modules]


def _is_inside(cls: type, module: str) -> bool:
    return cls.__module__ == module or cls.__module__.startswith(module + ".")


def _cleaner(params: ApiExtractionParams) -> Callable[[str], str]:
    return _without_admonitions if params.strip_admonitions else inspect.cleandoc


def _without_admonitions(doc: str) -> str:
    """A docstring less its ``!!!`` lines, each with the indented block below it."""
    kept: list[str] = []
    margin: int | None = None
    for line in inspect.cleandoc(doc).splitlines():
        indent = len(line) - len(line.lstrip())
        if margin is not None and (not line.strip() or indent > margin):
            continue
        margin = indent if line.lstrip().startswith("!!! ") else None
        if margin is None:
            kept.append(line)
    return "\n".join(kept).strip()
