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
from skdecide_elm.environments.mazes import draw_maze, shortest_path
from skdecide_elm.environments.online_bin_packing import (
    BinPackingObservation,
    BinPackingState,
    OnlineBinPacking,
)
from skdecide_elm.environments.project import Project
from skdecide_elm.environments.project_instances import draw_project, read_best_known, read_psplib
from skdecide_elm.environments.project_scheduling import ProjectScheduling, ProjectState

__all__ = [
    "DISTRIBUTIONS",
    "BinPackingInstance",
    "BinPackingObservation",
    "BinPackingState",
    "GymnasiumDomain",
    "OnlineBinPacking",
    "Project",
    "ProjectScheduling",
    "ProjectState",
    "draw_items",
    "draw_maze",
    "draw_project",
    "excess",
    "l1_bound",
    "read_best_known",
    "read_or_library",
    "read_psplib",
    "read_weibull_json",
    "shortest_path",
]
