"""The one line on isolation: what it says where everything holds, and how loud it is where not."""

from __future__ import annotations

import logging

import pytest

from skdecide_elm.evaluation.isolation import LAYERS, LayerStatus, available_layers
from skdecide_elm.evaluation.isolation.report import describe_isolation, layers_of_this_machine, log_isolation

LINUX = {
    **{name: LayerStatus(True) for name in LAYERS},
    "landlock": LayerStatus(True, "ABI 7"),
    "seccomp": LayerStatus(True, "x86_64"),
}
MAC = {
    name: LayerStatus(name == "rlimits", "" if name == "rlimits" else f"only Linux has {name}, not darwin")
    for name in LAYERS
}


def test_everything_holds():
    assert describe_isolation("auto", LINUX) == (
        "Programs run in processes of their own, isolated by: rlimits, no_new_privs, capabilities, landlock (ABI 7), "
        "seccomp (x86_64)."
    )


def test_a_mac_is_told_loudly():
    line = describe_isolation("auto", MAC)
    assert line.startswith(
        "Programs run in processes of their own, isolated by: rlimits. YOUR FILES AND THE NETWORK AND "
    )
    assert "ARE NOT PROTECTED" in line
    assert "landlock: only Linux has landlock, not darwin" in line


def test_a_kernel_without_landlock_leaves_files_open():
    line = describe_isolation("auto", {**LINUX, "landlock": LayerStatus(False, "the kernel has no Landlock")})
    assert " YOUR FILES ARE NOT PROTECTED" in line
    assert line.endswith("Missing here: landlock: the kernel has no Landlock.")


def test_who_asks_for_less_is_told_what_is_open():
    line = describe_isolation("process", LINUX)
    assert "rlimits, no_new_privs, capabilities. YOUR FILES AND THE NETWORK" in line
    assert "Missing" not in line


def test_what_is_said_of_this_machine_is_so():
    assert layers_of_this_machine() == available_layers()


@pytest.mark.parametrize("level", ["auto", "process"])
def test_the_loudness(level, caplog):
    caplog.set_level(logging.INFO)
    log_isolation(level)
    [record] = caplog.records
    complete = level == "auto" and all(available_layers().values())
    assert record.levelno == (logging.INFO if complete else logging.WARNING)
