"""What holds on this machine, said once per solver.

``python -m skdecide_elm.evaluation.isolation.report`` finds it out: a process of its own, with a scrubbed environment,
puts the layers on for real. The solver's process, which may hold keys and threads, is not forked.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import asdict
from functools import cache

from skdecide_elm.evaluation.containment import scrubbed_environment
from skdecide_elm.evaluation.isolation.layers import LAYERS, LayerStatus, available_layers
from skdecide_elm.evaluation.isolation.policy import IsolationLevel

__all__ = ["describe_isolation", "layers_of_this_machine", "log_isolation"]

logger = logging.getLogger(__name__)

_TIMEOUT = 30
_FILE_LAYER, _CALL_LAYER = "landlock", "seccomp"


def log_isolation(level: IsolationLevel) -> None:
    """Say which layers hold programs; a warning where files or the network are not protected."""
    layers = layers_of_this_machine()
    is_whole = bool(layers[_FILE_LAYER] and layers[_CALL_LAYER]) and level != "process"
    logger.log(logging.INFO if is_whole else logging.WARNING, describe_isolation(level, layers))


def describe_isolation(level: IsolationLevel, layers: dict[str, LayerStatus]) -> str:
    """One line for the log.

    Args:
        layers: as `layers_of_this_machine` gives them.
    """
    wanted = [name for name in LAYERS if level != "process" or name not in (_FILE_LAYER, _CALL_LAYER)]
    names = [f"{name} ({layers[name].detail})" if layers[name].detail else name for name in wanted if layers[name]]
    line = f"Programs run in processes of their own, isolated by: {', '.join(names) or 'nothing more'}."
    files = _FILE_LAYER in wanted and layers[_FILE_LAYER]
    calls = _CALL_LAYER in wanted and layers[_CALL_LAYER]
    open_things = [*([] if files else ["YOUR FILES"]), *([] if calls else ["THE NETWORK AND OTHER PROCESSES"])]
    if open_things:
        line += (
            f" {' AND '.join(open_things)} ARE NOT PROTECTED from them (scores are): run only programs that you would "
            "run yourself, or use a container."
        )
    missing = [f"{name}: {layers[name].detail}" for name in wanted if not layers[name]]
    return line + (f" Missing here: {'; '.join(missing)}." if missing else "")


@cache
def layers_of_this_machine() -> dict[str, LayerStatus]:
    """Which layers can be put on here, found out once, in a process of its own.

    Returns:
        A status for each of `LAYERS`.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "skdecide_elm.evaluation.isolation.report"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=scrubbed_environment(),
            timeout=_TIMEOUT,
            check=True,
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return {name: LayerStatus(False, f"no process could find it out: {error}") for name in LAYERS}
    return {name: LayerStatus(**found[name]) for name in LAYERS}


if __name__ == "__main__":
    print(json.dumps({name: asdict(status) for name, status in available_layers().items()}))
