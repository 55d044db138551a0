"""Search by OpenEvolve: its islands, prompts, models and diffs, driven by a loop of our own."""

from skdecide_elm.backends.openevolve.arms import Arms, Operators, ProposalOptions
from skdecide_elm.backends.openevolve.backend import OpenEvolveBackend
from skdecide_elm.backends.openevolve.build import Built, build_arms, build_evolution
from skdecide_elm.backends.openevolve.config import load_config, read_prices
from skdecide_elm.backends.openevolve.evolution import Evolution
from skdecide_elm.backends.openevolve.randomness import kept_global_random
from skdecide_elm.backends.openevolve.statistics import RunStatistics

__all__ = [
    "Arms",
    "Built",
    "Evolution",
    "OpenEvolveBackend",
    "Operators",
    "ProposalOptions",
    "RunStatistics",
    "build_arms",
    "build_evolution",
    "kept_global_random",
    "load_config",
    "read_prices",
]
