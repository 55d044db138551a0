"""The projects that choose the final program, and those that it is tested on."""

from typing import Any

import numpy as np

from skdecide_elm.environments import draw_project

__all__ = ["test_projects", "validation_projects"]


def validation_projects() -> list[dict[str, Any]]:
    return _projects(range(100, 110))


def test_projects() -> list[dict[str, Any]]:
    return _projects(range(1000, 1030))


def _projects(seeds: range) -> list[dict[str, Any]]:
    return [{"project": draw_project(np.random.default_rng(seed), strength=0.2)} for seed in seeds]
