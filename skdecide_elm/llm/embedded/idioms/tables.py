"""Idioms that look the action up in a table, for integers that are observed."""

from __future__ import annotations

import math
import random
import textwrap
from collections.abc import Sequence

from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting, planner_text
from skdecide_elm.llm.embedded.idioms.quantities import MAX_ENTRIES, Quantity, computed, quantities_of

__all__ = ["TABLE_IDIOMS"]

_TABLE = "Take the action that a table gives for the observation."
_GRID = "Take the action that a table gives for the observed numbers."
_RANGES = "Take the action that a table gives for the range in which the observation lies."

_RANGE_COUNTS = (4, 8, 12, 16)
_LINE = 100


def _fits_table(setting: Setting) -> bool:
    observation = setting.profile.observation
    known = setting.profile.single and observation.kind == "discrete" and observation.start == 0
    return known and 1 < (observation.size or 0) <= MAX_ENTRIES and setting.choices > 1


def _write_table(setting: Setting, rng: random.Random) -> Draft:
    last = setting.choices - 1
    choices = ", ".join(str(rng.randint(0, last)) for _ in range(setting.profile.observation.size or 0))
    table = ["CHOICES = (", *(f"    {line}" for line in textwrap.wrap(f"{choices},", 100)), ")"]
    return _draft(setting, _TABLE, table, [], "observation")


def _fits_grid(setting: Setting) -> bool:
    observation = setting.profile.observation
    known = setting.profile.single and observation.kind == "multi_discrete" and not any(observation.low)
    return known and setting.choices > 1 and 1 < _places(_counted(setting)) <= MAX_ENTRIES


def _counted(setting: Setting) -> tuple[Quantity, ...]:
    """The numbers that have a part in the place in the table; none where one of them has no known bounds."""
    if not setting.profile.observation.low:
        return ()
    return tuple(q for q in quantities_of(setting.profile, random.Random(0)) if q.varies)


def _places(quantities: Sequence[Quantity]) -> int:
    return math.prod(_size(quantity) for quantity in quantities)


def _size(quantity: Quantity) -> int:
    return int(quantity.high) + 1


def _write_grid(setting: Setting, rng: random.Random) -> Draft:
    """A row for each case of all numbers but the last, a place in it for each value of the last."""
    *before, last = _counted(setting)
    rows = [_random_row(setting, _size(last), rng) for _ in range(_places(before))]
    place = f"{_row(before)}][{last.name}" if before else last.name
    table = _nested(rows) if before else _flat("CHOICES = ", rows[0])
    observed = computed(quantities_of(setting.profile, rng), {quantity.name for quantity in (*before, last)})
    return _draft(setting, _GRID, table, observed, place)


def _random_row(setting: Setting, length: int, rng: random.Random) -> tuple[int, ...]:
    return tuple(rng.randrange(setting.choices) for _ in range(length))


def _row(quantities: Sequence[Quantity]) -> str:
    """The number of a case among all: each number is a digit, its count of values the base."""
    text = quantities[0].name
    for index, quantity in enumerate(quantities[1:], 1):
        text = f"({text})" if index > 1 else text
        text = f"{text} * {_size(quantity)} + {quantity.name}"
    return text


def _fits_ranges(setting: Setting) -> bool:
    observation = setting.profile.observation
    large = observation.kind == "discrete" and (observation.size or 0) > MAX_ENTRIES
    return setting.profile.single and large and setting.choices > 1


def _write_ranges(setting: Setting, rng: random.Random) -> Draft:
    observation = setting.profile.observation
    row = _random_row(setting, rng.choice(_RANGE_COUNTS), rng)
    number = f"(observation - {observation.start})" if observation.start else "observation"
    place = f"{number} * len(self.CHOICES) // {observation.size}"
    return _draft(setting, _RANGES, _flat("CHOICES = ", row), [], place)


def _draft(setting: Setting, headline: str, table: Sequence[str], observed: Sequence[str], place: str) -> Draft:
    """A Planner whose tunable ``CHOICES`` are indices of actions."""
    body = [*observed, f"return self.actions[self.CHOICES[{place}]]"]
    sample = [f"def sample_action({setting.sample_arguments}):", *(f"    {line}" for line in body)]
    constants = [f'TUNABLES = {{"CHOICES": (0, {setting.choices - 1}, "choice")}}', *table]
    return Draft((), planner_text(setting, headline, "\n".join(sample), constants=constants))


def _nested(rows: Sequence[tuple[int, ...]]) -> list[str]:
    return ["CHOICES = (", *(f"    {line}" for row in rows for line in _flat("", row, ",")), ")"]


def _flat(before: str, row: tuple[int, ...], after: str = "") -> list[str]:
    """A tuple on one line, or each of its numbers on a line of its own."""
    line = f"{before}{row!r}{after}"
    return [line] if len(line) <= _LINE else [f"{before}(", *(f"    {number}," for number in row), f"){after}"]


TABLE_IDIOMS = (
    # any policy for so few observations is such a table, as far as it needs no memory
    Idiom(_TABLE, _fits_table, _write_table, weight=10.0),
    Idiom(_GRID, _fits_grid, _write_grid, weight=3.0),
    Idiom(_RANGES, _fits_ranges, _write_ranges, weight=2.0),
)
