"""Search by OpenEvolve: its islands, prompts, models and diffs, driven by a loop of our own."""

from skdecide_elm.backends.openevolve.backend import BackendSettings, OpenEvolveBackend
from skdecide_elm.backends.openevolve.config import choose_llm, load_config
from skdecide_elm.backends.openevolve.evolution import Evolution
from skdecide_elm.backends.openevolve.randomness import kept_global_random
from skdecide_elm.backends.openevolve.statistics import RunStatistics

__all__ = [
    "BackendSettings",
    "Evolution",
    "OpenEvolveBackend",
    "RunStatistics",
    "choose_llm",
    "kept_global_random",
    "load_config",
]
