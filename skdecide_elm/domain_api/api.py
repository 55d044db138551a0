"""The public API of a domain as plain data: what is extracted, and what is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

__all__ = [
    "Api",
    "ApiExtractionParams",
    "AttributeApi",
    "CapabilityApi",
    "ClassApi",
    "MethodApi",
    "SpaceApi",
]


@dataclass(frozen=True)
class ApiExtractionParams:
    """What the API reference of a domain contains.

    Attributes:
        recursive: also the classes found in the types of methods and attributes. Those of the domain's own
            types (``T_state``, ...) are always among them where scikit-decide defines them, with the classes
            of the same modules; three more fields say which others are.
        strip_admonitions: leave out the ``!!! tip`` and ``!!! warning`` blocks of docstrings.
        extract_observation_space_cls: call ``get_observation_space()`` to find its class (can be costly).
        extract_action_space_cls: call ``get_action_space()`` to find its class (can be costly).
        simplify_signature: write the types that the domain really has for ``D.T_agent[...]``,
            ``D.T_memory[...]``, ``D.T_state``, ...; else the annotations as they stand in scikit-decide.
        include_hub_api: among the recursive classes, those of ``skdecide.hub``.
        include_domain_cls_module: among the recursive classes, those of the module of the domain class.
        user_modules: among the recursive classes, those of these modules and their submodules.
        subtitle_level: heading level of the sections in Markdown; the title has level 1.
    """

    recursive: bool = True
    strip_admonitions: bool = False
    extract_observation_space_cls: bool = True
    extract_action_space_cls: bool = True
    simplify_signature: bool = True
    include_hub_api: bool = True
    include_domain_cls_module: bool = True
    user_modules: Sequence[ModuleType] = ()
    subtitle_level: int = 2


@dataclass(frozen=True)
class CapabilityApi:
    """A characteristic of the domain and what it means to a planner."""

    name: str
    meaning: str


@dataclass(frozen=True)
class AttributeApi:
    """A public attribute, property, field or domain type: its name and its type as a text."""

    name: str
    type: str
    doc: str = ""


@dataclass(frozen=True)
class MethodApi:
    """A public method; ``signature`` is ``(parameters) -> result`` without ``self``."""

    name: str
    signature: str
    doc: str = ""


@dataclass(frozen=True)
class SpaceApi:
    """An action or observation space.

    Attributes:
        cls: the name of its class.
        abilities: ``can be sampled``, ``can be enumerated``, or neither.
        detail: its first elements, or the gymnasium space behind it, such as ``Discrete(4)``; else empty.
        agent: the agent that it belongs to, in a multi-agent domain.
    """

    cls: str
    abilities: tuple[str, ...] = ()
    detail: str = ""
    agent: str | None = None


@dataclass(frozen=True)
class ClassApi:
    """A class that a planner meets.

    Attributes:
        name: its name inside its module.
        module: the module to import it from.
        kind: ``class``, ``enum``, ``named tuple`` or ``dataclass``.
        signature: the arguments of the constructor, for kind ``class``; else empty.
        fields: name and type of a tuple's or dataclass's fields; name and value of an enum's members.
    """

    name: str
    module: str
    kind: str
    doc: str = ""
    signature: str = ""
    fields: tuple[AttributeApi, ...] = ()
    attributes: tuple[AttributeApi, ...] = ()
    methods: tuple[MethodApi, ...] = ()


@dataclass(frozen=True)
class Api:
    """The public API of a domain.

    ``action_spaces`` and ``observation_spaces`` have one element, one per agent in a multi-agent domain, or
    none where the domain does not say or was not asked.
    """

    name: str
    module: str
    doc: str
    capabilities: tuple[CapabilityApi, ...]
    types: tuple[AttributeApi, ...]
    action_spaces: tuple[SpaceApi, ...]
    observation_spaces: tuple[SpaceApi, ...]
    attributes: tuple[AttributeApi, ...]
    methods: tuple[MethodApi, ...]
    classes: tuple[ClassApi, ...]
