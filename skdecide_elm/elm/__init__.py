"""ELM as OpenELM's users know it: environments, maps and MAP-Elites under OpenELM's names, on any genotype.

The names and what they mean follow OpenELM (github.com/CarperAI/OpenELM); the code is ours. To evolve planners, use
the solvers `ProxyELM` and `IntegratedELM` instead: they isolate programs, overlap requests and evaluations, and save.

    >>> from skdecide_elm.elm import FunctionOptim, MAPElites
    >>> algorithm = MAPElites(FunctionOptim(ndim=2, seed=0), n_bins=12)
    >>> best = algorithm.search(init_steps=100, total_steps=2000)
    >>> algorithm.niches_filled() > 100
    True
"""

from skdecide_elm.elm.elm import ELM, CVTMAPElitesConfig, ELMConfig, MAPElitesConfig
from skdecide_elm.elm.environments import ENVIRONMENTS, FunctionOptim, ImageOptim, MatchString
from skdecide_elm.elm.map_elites import CVTMAPElites, MAPElites
from skdecide_elm.elm.maps import Map
from skdecide_elm.elm.protocols import Environment, Genotype

__all__ = [
    "ELM",
    "ENVIRONMENTS",
    "CVTMAPElites",
    "CVTMAPElitesConfig",
    "ELMConfig",
    "Environment",
    "FunctionOptim",
    "Genotype",
    "ImageOptim",
    "MAPElites",
    "MAPElitesConfig",
    "Map",
    "MatchString",
]
