"""Search by ELM: a map of different, good programs, or one of the baselines, on our own loop."""

from skdecide_elm.backends.elm.backend import ElmBackend
from skdecide_elm.backends.elm.config import ElmConfig, build_search, load_elm_config
from skdecide_elm.backends.elm.proposers import LLM_OPERATORS, ArmsProposer, OperatorProposer, weighted

__all__ = [
    "LLM_OPERATORS",
    "ArmsProposer",
    "ElmBackend",
    "ElmConfig",
    "OperatorProposer",
    "build_search",
    "load_elm_config",
    "weighted",
]
