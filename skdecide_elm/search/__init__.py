"""Search: how parents are selected (the loops of the ELM backend come here too)."""

from skdecide_elm.search.selection import rank_weights

__all__ = ["rank_weights"]
