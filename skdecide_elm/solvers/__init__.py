"""The solvers: one bridge × one backend, in scikit-decide's shape."""

from skdecide_elm.solvers.elm import IntegratedELM, ProxyELM
from skdecide_elm.solvers.openevolve import IntegratedOpenEvolve, ProxyOpenEvolve

__all__ = ["IntegratedELM", "IntegratedOpenEvolve", "ProxyELM", "ProxyOpenEvolve"]
