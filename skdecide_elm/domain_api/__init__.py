"""What a planner may know of a scikit-decide domain: its public API, a view of it, a first program."""

from skdecide_elm.domain_api.characteristics import (
    check_supported,
    has_goals,
    has_restricted_actions,
    is_multi_agent,
)
from skdecide_elm.domain_api.extract import Api, ApiExtractionParams, extract_api
from skdecide_elm.domain_api.initial_program import initial_program
from skdecide_elm.domain_api.proxy import public_proxy
from skdecide_elm.domain_api.render import render_api

__all__ = [
    "Api",
    "ApiExtractionParams",
    "check_supported",
    "extract_api",
    "has_goals",
    "has_restricted_actions",
    "initial_program",
    "is_multi_agent",
    "public_proxy",
    "render_api",
]
