"""The solvers: one bridge × one backend, in scikit-decide's shape."""

from skdecide_elm.solvers.integrated_openevolve import IntegratedOpenEvolve
from skdecide_elm.solvers.proxy_openevolve import ProxyOpenEvolve

__all__ = ["IntegratedOpenEvolve", "ProxyOpenEvolve"]
