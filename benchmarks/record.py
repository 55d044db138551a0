"""The runs behind the proposer's table, in a file that grows run by run, and the table that they make."""

from __future__ import annotations

import csv
import statistics
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from rows import Row
from scipy.stats import false_discovery_control, mannwhitneyu

__all__ = ["ARMS", "Record", "Run", "table"]

ARMS = {"proposer": "found", "random": "random proposals", "constants": "constants alone"}
"""What spends the evaluations, with its column's title."""

_FALSE_DISCOVERY_RATE = 0.05

_FIELDS = ("row", "arm", "seed", "value", "seconds", "revision")


class Run(NamedTuple):
    """What is run: a row's budget, spent in one way from one seed."""

    row: str
    arm: str
    seed: int


class Record:
    """What final programs reached on the test, by run.

    Args:
        path: a CSV file to go on with, made by the first run; without it nothing is kept. Each line says with which
            revision of this repository it was run, for a later one may find something else.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._values: dict[Run, float] = {}
        if path is not None and path.exists():
            with path.open(newline="", encoding="utf-8") as lines:
                for line in csv.DictReader(lines):
                    self._values[Run(line["row"], line["arm"], int(line["seed"]))] = float(line["value"])

    def __contains__(self, run: Run) -> bool:
        return run in self._values

    def add(self, run: Run, value: float, seconds: float) -> None:
        """Keep what a run reached, in the file at once."""
        self._values[run] = value
        if self._path is None:
            return
        with self._path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            if not file.tell():
                writer.writerow(_FIELDS)
            writer.writerow((*run, f"{value:.6g}", f"{seconds:.0f}", _revision()))

    def values(self, row: str, arm: str) -> list[float]:
        """What all runs of a row and arm reached."""
        return [value for run, value in self._values.items() if (run.row, run.arm) == (row, arm)]


def _revision() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=7", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def table(rows: Collection[Row], record: Record) -> str:
    """A table in Markdown, of the rows that the record knows: medians (ranges; numbers of runs) by arm.

    A null arm's cell has a star where its runs differ from those found, by the two-sided test of Mann and Whitney, at a
    false discovery rate of 5 % over all comparisons of the table (Benjamini & Hochberg 1995).
    """
    header = ["task", "evaluations", "aim", *ARMS.values(), "others"]
    lines = [header, ["---"] * len(header)]
    different = _different(rows, record)
    for row in rows:
        values = {arm: record.values(row.name, arm) for arm in ARMS}
        if any(values.values()):
            stars = {arm: " *" if (row.name, arm) in different else "" for arm in ARMS}
            cells = [_cell(values[arm], row.decimals) + stars[arm] for arm in ARMS]
            aim = _aim(row, values["proposer"])
            lines.append([f"{row.title}, {row.unit}", str(row.budget), aim, *cells, row.references])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _different(rows: Collection[Row], record: Record) -> set[tuple[str, str]]:
    """The (row, null arm)s whose runs differ from those found."""
    chances = {}
    for row in rows:
        found, *others = (record.values(row.name, arm) for arm in ARMS)
        for arm, values in zip(list(ARMS)[1:], others, strict=True):
            if found and values:
                chances[row.name, arm] = mannwhitneyu(found, values).pvalue
    adjusted = false_discovery_control(list(chances.values()))
    return {cell for cell, chance in zip(chances, adjusted, strict=True) if chance <= _FALSE_DISCOVERY_RATE}


def _aim(row: Row, found: Sequence[float]) -> str:
    aim = f"{'≥' if row.higher_is_better else '≤'} {_number(row.target, 'g')}"
    if not found:
        return aim
    return f"{aim}: {'reached' if row.reached(statistics.median(found)) else 'missed'}"


def _cell(values: Sequence[float], decimals: int) -> str:
    if not values:
        return ""
    form = f".{decimals}f"
    median, low, high = (_number(of(values), form) for of in (statistics.median, min, max))
    return f"{median} ({len(values)})" if low == high else f"{median} ({low} to {high}; {len(values)})"


def _number(value: float, form: str) -> str:
    return format(value, form).replace("-", "−")
