"""The state of a search as plain data: what JSON and npz files can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdecide_elm.core import Evaluation, Program
from skdecide_elm.search.plain import to_json
from skdecide_elm.search.replication import num_replicates

__all__ = ["Snapshot", "program_from_json", "program_key", "program_to_json"]


@dataclass
class Snapshot:
    """State that refers to programs by keys.

    Attributes:
        state: what JSON can hold.
        programs: by `program_key`, all that the state refers to.
        arrays: numbers that are better kept apart.
    """

    state: dict[str, Any] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    arrays: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def keep(self, program: Program) -> str:
        """Take a program in; its key, for the state."""
        key = program_key(program)
        self.programs[key] = program
        return key

    def include(self, name: str, part: Snapshot) -> None:
        """Take in the snapshot of a part, under a name."""
        self.state[name] = part.state
        self.programs.update(part.programs)
        self.arrays.update({f"{name}.{array}": values for array, values in part.arrays.items()})

    def part(self, name: str) -> Snapshot:
        """What `include` took in under that name."""
        arrays = {array.removeprefix(f"{name}."): v for array, v in self.arrays.items() if array.startswith(f"{name}.")}
        return Snapshot(self.state[name], self.programs, arrays)


def program_key(program: Program) -> str:
    """The id, and how often the program was evaluated: what is under way may still know it with fewer replicates."""
    count = num_replicates(program.evaluation)
    return program.id if count == 1 else f"{program.id}@{count}"


def program_to_json(program: Program) -> dict[str, Any]:
    """A program as JSON can hold it, where −inf and NaN become texts."""
    evaluation = program.evaluation
    return {
        "id": program.id,
        "parents": list(program.parents),
        "operator": program.operator,
        "metrics": to_json(dict(evaluation.metrics)),
        "scores": to_json(evaluation.scores),
        "artifacts": {name: _printable(text) for name, text in evaluation.artifacts.items()},
        "code": program.code,
    }


def program_from_json(record: Mapping[str, Any]) -> Program:
    """The inverse of `program_to_json`.

    Raises:
        LookupError, TypeError, ValueError: the record is not one of its results.
    """
    metrics = {str(name): float(value) for name, value in record["metrics"].items()}
    artifacts = {str(name): str(text) for name, text in record["artifacts"].items()}
    return Program(
        id=str(record["id"]),
        code=str(record["code"]),
        evaluation=Evaluation(metrics, artifacts, tuple(map(float, record["scores"]))),
        parents=tuple(map(str, record["parents"])),
        operator=str(record["operator"]),
    )


def _printable(text: str) -> str:
    """A lone surrogate, which a program may well print or raise, fits into no file."""
    return text.encode("utf-8", "replace").decode()
