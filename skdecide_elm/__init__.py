"""Evolve readable planners for scikit-decide domains, with an LLM or without one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skdecide_elm.domain_api import ApiExtractionParams
    from skdecide_elm.evaluation.isolated_planner import IsolatedPlanner, PlannerOptions, isolated_planner
    from skdecide_elm.solvers import IntegratedELM, IntegratedOpenEvolve, ProxyELM, ProxyOpenEvolve

__all__ = [
    "ApiExtractionParams",
    "IntegratedELM",
    "IntegratedOpenEvolve",
    "IsolatedPlanner",
    "PlannerOptions",
    "ProxyELM",
    "ProxyOpenEvolve",
    "isolated_planner",
]

_HOMES = {
    "ApiExtractionParams": "skdecide_elm.domain_api",
    "IntegratedELM": "skdecide_elm.solvers",
    "IntegratedOpenEvolve": "skdecide_elm.solvers",
    "IsolatedPlanner": "skdecide_elm.evaluation.isolated_planner",
    "PlannerOptions": "skdecide_elm.evaluation.isolated_planner",
    "ProxyELM": "skdecide_elm.solvers",
    "ProxyOpenEvolve": "skdecide_elm.solvers",
    "isolated_planner": "skdecide_elm.evaluation.isolated_planner",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: evaluation processes need no solver, and no OpenEvolve."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
