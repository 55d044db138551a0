"""Isolation by the operating system: what a stranger's program may not do, whatever its text says.

Five layers, each optional and reported by name: ``rlimits``, ``no_new_privs``, ``capabilities`` (a root process gives
up what makes it root), ``landlock`` (files, TCP, signals) and ``seccomp`` (system calls). The warm parent calls
`prepare_isolation` and `confine_parent` once and makes a `BegunIsolation` for each program; the forked child finishes
that just before it executes the program. As much as can be is done in the parent, since a child copies each page of
memory that it touches first. Nothing here needs root, user namespaces or a system package.
"""

from skdecide_elm.evaluation.isolation.layers import (
    LAYERS,
    BegunIsolation,
    LayerStatus,
    apply_isolation,
    available_layers,
    confine_parent,
    prepare_isolation,
)
from skdecide_elm.evaluation.isolation.policy import IsolationLevel, IsolationPolicy
from skdecide_elm.evaluation.isolation.seccomp import close_files

__all__ = [
    "LAYERS",
    "BegunIsolation",
    "IsolationLevel",
    "IsolationPolicy",
    "LayerStatus",
    "apply_isolation",
    "available_layers",
    "close_files",
    "confine_parent",
    "prepare_isolation",
]
