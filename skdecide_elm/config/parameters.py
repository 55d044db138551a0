"""From the sections of a file to the parameters of a solver."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from skdecide_elm.config.sections import OwnSections
from skdecide_elm.solvers import IntegratedELM, IntegratedOpenEvolve, ProxyELM, ProxyOpenEvolve
from skdecide_elm.solvers.base import ProgramSolver

__all__ = ["SOLVERS", "foreign_settings", "parameters_of"]

SOLVERS: dict[str, type[ProgramSolver]] = {
    solver.__name__: solver for solver in (IntegratedOpenEvolve, ProxyOpenEvolve, IntegratedELM, ProxyELM)
}
"""The solvers that a file can name."""

_PATHS = {"evaluator_path", "initial_program_path", "llm_record", "llm_replay"}
_SECTIONS = ("solver", "planner", "evaluation")


def parameters_of(sections: OwnSections, folder: Path) -> dict[str, Any]:
    """What a file says, as arguments of its solver. Only what is said there: the rest is the solver's default.

    Args:
        folder: what paths in the file are relative to.
    """
    found = {name: value for section in _SECTIONS for name, value in _said(getattr(sections, section)).items()}
    found.pop("name", None)
    for name in _PATHS & found.keys():
        found[name] = None if found[name] is None else folder / found[name]
    if "evaluator_readable_paths" in found:
        found["evaluator_readable_paths"] = [folder / name for name in found["evaluator_readable_paths"]]
    if sections.domain is not None:
        found |= _instances(sections)
    if sections.solver.name.endswith("ELM"):
        found["elm"] = sections.elm
    return {**found, "llm_prices": sections.llm_prices}


def foreign_settings(sections: OwnSections) -> list[tuple[tuple[str, str], str]]:
    """Settings that the file's solver does not have: where they stand, and what to say of them."""
    name = sections.solver.name
    known = inspect.signature(SOLVERS[name]).parameters.keys() | {"name"}
    return [
        ((section, field), f"{section}.{field} is no setting of {name}; remove it, or choose another solver")
        for section in _SECTIONS
        for field, parameter in _names(getattr(sections, section)).items()
        if parameter not in known
    ]


def _instances(sections: OwnSections) -> dict[str, Any]:
    assert sections.domain is not None
    names = {
        "train": "evaluator_domain_factories",
        "validation": "validation_domain_factories",
        "test": "test_domain_factories",
    }
    return {name: found for split, name in names.items() if (found := sections.domain.instances(split))}  # type: ignore[arg-type]


def _said(section: BaseModel) -> dict[str, Any]:
    return {parameter: getattr(section, field) for field, parameter in _names(section).items()}


def _names(section: BaseModel) -> dict[str, str]:
    """The fields that the file sets, with the names of the parameters that they become."""
    fields = type(section).model_fields
    return {name: fields[name].serialization_alias or name for name in fields if name in section.model_fields_set}
