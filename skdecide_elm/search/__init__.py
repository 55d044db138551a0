"""Search: archives, selection, behaviour descriptors, and the loops that join them (see `skdecide_elm.search.loop`).

Archives take seconds to import (pyribs brings numba); so they are not imported here.
"""

from skdecide_elm.search.selection import rank_weights

__all__ = ["rank_weights"]
