"""Isolation by the operating system: what a stranger's program may not do, whatever its text says.

Five layers, each optional and reported by name: ``rlimits``, ``no_new_privs``, ``capabilities`` (a root process gives
up what makes it root), ``landlock`` (files, TCP, signals) and ``seccomp`` (system calls). The warm parent calls
`prepare_isolation`, the forked child `apply_isolation` just before it executes the program, which costs it about two
milliseconds, mostly the first touch of memory that it shares with its parent. Nothing here needs root, user namespaces
or a system package.
"""

from skdecide_elm.evaluation.isolation.layers import (
    LAYERS,
    LayerStatus,
    apply_isolation,
    available_layers,
    prepare_isolation,
)
from skdecide_elm.evaluation.isolation.policy import IsolationLevel, IsolationPolicy
from skdecide_elm.evaluation.isolation.seccomp import close_files

__all__ = [
    "LAYERS",
    "IsolationLevel",
    "IsolationPolicy",
    "LayerStatus",
    "apply_isolation",
    "available_layers",
    "close_files",
    "prepare_isolation",
]
