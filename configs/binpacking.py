"""What stands between online bin packing and its programs."""

from typing import Any

from numpy.typing import NDArray

from skdecide_elm.environments import BinPackingObservation, OnlineBinPacking
from skdecide_elm.environments.online_bin_packing import FittingBins

__all__ = ["to_bins", "to_capacity", "to_pair"]


def to_capacity(domain: OnlineBinPacking) -> dict[str, Any]:
    return {"capacity": domain.capacity}


def to_pair(observation: BinPackingObservation) -> tuple[int, NDArray[Any]]:
    return observation.item, observation.residual


def to_bins(space: FittingBins) -> NDArray[Any]:
    return space.get_elements()
