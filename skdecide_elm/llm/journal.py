"""A file that grows by a line of JSON at a time and outlives a killed process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from skdecide_elm.errors import CheckpointError

__all__ = ["Journal"]


class Journal:
    """An append-only file of JSON lines.

    What was appended is there when the process is killed. A last line that a kill has cut is removed when the file is
    read again, so that what is appended next begins a line of its own.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[dict[str, Any]]:
        """All records; none where there is no file.

        Raises:
            CheckpointError: a line before the last is damaged.
        """
        if not self.path.exists():
            return []
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            with self.path.open("r+b") as stream:
                stream.truncate(whole)
        return [self._record(number, line) for number, line in enumerate(data[:whole].splitlines(), start=1)]

    def append(self, record: dict[str, Any]) -> None:
        """Write one record, which may hold no NaN."""
        line = json.dumps(record, allow_nan=False, ensure_ascii=True) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab", buffering=0) as stream:
            stream.write(line.encode())

    def _record(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            return dict(json.loads(line))
        except (ValueError, TypeError) as error:
            raise CheckpointError(
                f"expected JSON on line {number} of {self.path}; {error}; remove that line, or name another file"
            ) from error
