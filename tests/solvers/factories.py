"""Domains of the package's own environments; a light module, since the processes of an evaluation import it."""

from __future__ import annotations

from typing import Any

from skdecide_elm.environments import GymnasiumDomain, OnlineBinPacking

__all__ = ["bin_packing", "cart_pole", "specification"]


def cart_pole() -> GymnasiumDomain:
    """With its usual limit of steps."""
    return GymnasiumDomain("CartPole-v1")


def bin_packing() -> OnlineBinPacking:
    """Six items."""
    return OnlineBinPacking(100, [50, 60, 50, 40, 30, 70])


def specification(domain: OnlineBinPacking) -> Any:
    """What the planner of a hiding domain may know."""
    return domain.specification()
