"""Environments of ours, as scikit-decide domains."""

from skdecide_elm.environments.bin_packing_instances import (
    DISTRIBUTIONS,
    BinPackingInstance,
    draw_items,
    excess,
    l1_bound,
    read_or_library,
    read_weibull_json,
)
from skdecide_elm.environments.gymnasium_domain import GymnasiumDomain
from skdecide_elm.environments.online_bin_packing import (
    BinPackingObservation,
    BinPackingState,
    OnlineBinPacking,
)

__all__ = [
    "DISTRIBUTIONS",
    "BinPackingInstance",
    "BinPackingObservation",
    "BinPackingState",
    "GymnasiumDomain",
    "OnlineBinPacking",
    "draw_items",
    "excess",
    "l1_bound",
    "read_or_library",
    "read_weibull_json",
]
