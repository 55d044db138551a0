"""Checkpoints: OpenEvolve's directory format, and beside it what we need to go on.

metadata.json  programs/*.json  best_program.py  best_program_info.json     as OpenEvolve writes them
skdecide_elm.json                                                           ours: version, domain, random state, ...
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openevolve.database import Program

from skdecide_elm.backends.openevolve.evolution import Evolution
from skdecide_elm.backends.openevolve.jobs import jobs_from_json, jobs_to_json
from skdecide_elm.backends.openevolve.randomness import GlobalRandom
from skdecide_elm.backends.openevolve.statistics import RunStatistics
from skdecide_elm.checkpoints import find_directory, write_directory
from skdecide_elm.errors import CheckpointError
from skdecide_elm.programs.normal_form import Known
from skdecide_elm.search.plain import to_json

__all__ = ["FORMAT_VERSION", "load_checkpoint", "save_checkpoint"]

FORMAT_VERSION = 2
_STATE_FILE = "skdecide_elm.json"


def save_checkpoint(evolution: Evolution, path: Path, identity: dict[str, str], evaluation: dict[str, Any]) -> None:
    """Write the whole state of a search to the directory ``path``, all of it or nothing.

    Args:
        identity: what the search is about (solver, domain); `load_checkpoint` compares it.
        evaluation: what is to be kept of the evaluation, as JSON can hold it.
    """

    def fill(folder: Path) -> None:
        evolution.database.save(str(folder), evolution.last_iteration)
        if evolution.best is not None:
            _write_best(evolution.best, folder, evolution.last_iteration)
        state = {
            "format_version": FORMAT_VERSION,
            "identity": identity,
            "initial_program": evolution.initial_program,
            "iteration": evolution.last_iteration,
            "programs": list(evolution.database.programs),
            "diversity_references": evolution.database.diversity_reference_set,
            "seed": evolution.seed,
            "random_state": evolution.rng.to_json(),
            "known": evolution.known.to_json(),
            "repeats": dict(evolution.repeats),
            "under_way": jobs_to_json(evolution.under_way.values()),
            "bandit": evolution.arms.to_json(),
            "tuning": evolution.tuner.to_json(),
            "ledger": evolution.arms.ledger.to_json(),
            "statistics": evolution.statistics.to_json(),
            "evaluation": evaluation,
        }
        (folder / _STATE_FILE).write_text(json.dumps(state, allow_nan=False, indent=1), encoding="utf-8")

    write_directory(path, fill)


def _write_best(best: Program, folder: Path, iteration: int) -> None:
    (folder / "best_program.py").write_text(best.code, encoding="utf-8")
    info = {
        "id": best.id,
        "generation": best.generation,
        "iteration": best.iteration_found,
        "current_iteration": iteration,
        "metrics": to_json(best.metrics),
        "language": best.language,
        "timestamp": best.timestamp,
        "saved_at": time.time(),
    }
    (folder / "best_program_info.json").write_text(json.dumps(info, allow_nan=False, indent=2), encoding="utf-8")


def load_checkpoint(
    evolution: Evolution, path: Path, identity: dict[str, str], restore: Callable[[dict[str, Any]], None]
) -> None:
    """Put a search into the state that `save_checkpoint` wrote. On an error the search is left as it was.

    Args:
        restore: takes over what was kept of the evaluation; nothing is in a checkpoint of before.

    Raises:
        CheckpointError: there is none, it is damaged, of a newer format, or of another solver or domain.
    """
    state = _read_state(find_directory(path))
    _check(state, identity, path)
    database = evolution.database.fresh()
    try:
        database.load(str(path))
        programs = {pid: database.programs[pid] for pid in state["programs"]}
        statistics = RunStatistics.from_json(state["statistics"])
        database.diversity_reference_set = list(state["diversity_references"])
        initial_program = str(state["initial_program"])
        known, repeats, seed = Known(state["known"]), Counter(state["repeats"]), int(state["seed"])
        under_way = {j.iteration: j for j in jobs_from_json(state["under_way"]) if evolution.arms.can_do(j)}
        GlobalRandom(seed).restore(state["random_state"])  # a damaged one shows here
        restore(state.get("evaluation", {}))
        evolution.arms.restore(state["bandit"])
        evolution.tuner.restore(state["tuning"])
        evolution.arms.ledger.restore(state["ledger"])
        evolution.rng.restore(state["random_state"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _damaged(path, error) from error
    database.programs = programs
    evolution.database = database
    evolution.statistics = statistics
    evolution.known, evolution.repeats, evolution.under_way = known, repeats, under_way
    evolution.seed = seed
    evolution.initial_program = initial_program


def _read_state(path: Path) -> dict[str, Any]:
    file = path / _STATE_FILE
    if not file.is_file():
        raise CheckpointError(
            f"expected a checkpoint of skdecide_elm at {path}; found no {_STATE_FILE} there; "
            "give the directory that save() wrote, or one below checkpoints/ of a run's output_dir"
        )
    try:
        state: dict[str, Any] = dict(json.loads(file.read_text(encoding="utf-8")))
        return state
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(path, error) from error


def _check(state: dict[str, Any], identity: dict[str, str], path: Path) -> None:
    version = state.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"expected a checkpoint of format {FORMAT_VERSION} at {path}; found format {version}; "
            "load it with the version of skdecide_elm that wrote it"
        )
    for what, expected in identity.items():
        found = state.get("identity", {}).get(what)
        if found != expected:
            raise CheckpointError(
                f"expected a checkpoint whose {what} is {expected} at {path}; found {found}; "
                "load it into a solver for what it was saved from"
            )


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"expected a whole checkpoint at {path}; it is damaged ({type(error).__name__}: {error}); load another one"
    )
