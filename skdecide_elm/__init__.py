"""Evolve readable planners for scikit-decide domains, with an LLM or without one."""

from skdecide_elm.domain_api import ApiExtractionParams
from skdecide_elm.solvers import IntegratedOpenEvolve, ProxyOpenEvolve

__all__ = ["ApiExtractionParams", "IntegratedOpenEvolve", "ProxyOpenEvolve"]
