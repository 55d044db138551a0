"""Search by ELM: a map of different, good programs, or one of the baselines, on our own loop."""

from skdecide_elm.backends.elm.backend import ElmBackend
from skdecide_elm.backends.elm.config import ElmConfig, build_search, load_elm_config
from skdecide_elm.backends.elm.proposers import LLM_OPERATORS, ArmsProposers, check_for_elm

__all__ = [
    "LLM_OPERATORS",
    "ArmsProposers",
    "ElmBackend",
    "ElmConfig",
    "build_search",
    "check_for_elm",
    "load_elm_config",
]
