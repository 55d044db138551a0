"""Evolve-block markers: which part of a program may change, and how to keep the rest.

A marker is a comment line of its own, at any indentation::

    # EVOLVE-BLOCK-START
    ...
    # EVOLVE-BLOCK-END
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from itertools import zip_longest

from skdecide_elm.errors import MarkerError

__all__ = [
    "END",
    "START",
    "Blocks",
    "evolve_blocks",
    "has_markers",
    "lines_inside",
    "outside_diff",
    "outside_evolve_blocks",
    "restore_outside",
    "split_blocks",
]

START = "# EVOLVE-BLOCK-START"
END = "# EVOLVE-BLOCK-END"

_MARKER = re.compile(r"[ \t]*#[ \t]*EVOLVE-BLOCK-(START|END)\b")
_REMEDY = f"enclose the code that may change between the lines '{START}' and '{END}'"


@dataclass(frozen=True)
class Blocks:
    """A program cut at its evolve-block markers.

    Attributes:
        outside: the texts around the blocks, marker lines included; always one more than ``inside``.
        inside: the contents of the blocks, without the marker lines.
    """

    outside: tuple[str, ...]
    inside: tuple[str, ...]

    def join(self) -> str:
        """The whole program again, character by character."""
        pairs = zip_longest(self.outside, self.inside, fillvalue="")
        return "".join(outside + inside for outside, inside in pairs)


def split_blocks(code: str) -> Blocks:
    """Cut a program at its markers.

    Raises:
        MarkerError: there is no block, or a marker is nested or unmatched; the message names the line.
    """
    segments, opened_at = [""], 0
    for number, line in enumerate(_lines(code), start=1):
        marker = _marker(line)
        if marker == "START":
            _check_closed(number, opened_at)
            segments[-1] += line
            segments.append("")
            opened_at = number
        elif marker == "END":
            _check_opened(number, opened_at)
            segments.append(line)
            opened_at = 0
        else:
            segments[-1] += line
    if opened_at:
        raise MarkerError(f"line {opened_at}: '{START}' is never closed; add a line '{END}'")
    if len(segments) == 1:
        raise MarkerError(f"expected an evolve block, found no marker line; {_REMEDY}")
    return Blocks(outside=tuple(segments[::2]), inside=tuple(segments[1::2]))


def evolve_blocks(code: str) -> list[str]:
    """The contents of the evolve blocks, without the marker lines.

    Raises:
        MarkerError: as :func:`split_blocks`.
    """
    return list(split_blocks(code).inside)


def outside_evolve_blocks(code: str) -> str:
    """What lies outside the evolve blocks, marker lines included.

    Raises:
        MarkerError: as :func:`split_blocks`.
    """
    return "".join(split_blocks(code).outside)


def outside_diff(original: str, other: str) -> str:
    """The unified diff of what lies outside the blocks of two programs; ``""`` when that is the same.

    Line endings and blank lines at the end of the file do not count as differences.

    Raises:
        MarkerError: as :func:`split_blocks`, for either program.
    """
    diff = difflib.unified_diff(
        _outside_lines(original), _outside_lines(other), fromfile="original", tofile="other", lineterm=""
    )
    return "\n".join(diff)


def restore_outside(original: str, child: str) -> tuple[str, bool]:
    """Put the contents of the child's blocks back into the surroundings of the original.

    Returns:
        The restored program, and whether the child differed outside the blocks (as :func:`outside_diff`
        sees it).

    Raises:
        MarkerError: the blocks of the child do not map to those of the original.
    """
    wanted, found = split_blocks(original), split_blocks(child)
    if len(wanted.inside) != len(found.inside):
        raise MarkerError(
            f"expected {len(wanted.inside)} evolve block(s) as in the original, found {len(found.inside)}; "
            "keep the marker lines as they are"
        )
    return Blocks(wanted.outside, found.inside).join(), bool(outside_diff(original, child))


def has_markers(code: str) -> bool:
    """Whether any line of the text is an evolve-block marker."""
    return any(_marker(line) for line in _lines(code))


def lines_inside(code: str) -> frozenset[int]:
    """Numbers, from 1, of the lines inside evolve blocks; of all lines where the program has no block."""
    try:
        blocks = split_blocks(code)
    except MarkerError:
        return frozenset(range(1, len(re.findall(r"\r\n|\r|\n", code)) + 2))
    lines: set[int] = set()
    at = 1
    for outside, inside in zip_longest(blocks.outside, blocks.inside, fillvalue=""):
        at += outside.count("\n")
        lines |= set(range(at, at + inside.count("\n")))
        at += inside.count("\n")
    return frozenset(lines)


def _outside_lines(code: str) -> list[str]:
    return outside_evolve_blocks(code).replace("\r\n", "\n").rstrip("\n").split("\n")


def _check_closed(number: int, opened_at: int) -> None:
    if opened_at:
        raise MarkerError(
            f"line {number}: '{START}' inside the block opened on line {opened_at}; blocks do not nest, "
            f"close the first one with '{END}'"
        )


def _check_opened(number: int, opened_at: int) -> None:
    if not opened_at:
        raise MarkerError(f"line {number}: '{END}' without a '{START}' before it; {_REMEDY}")


def _marker(line: str) -> str | None:
    """``"START"``, ``"END"``, or None for an ordinary line."""
    match = _MARKER.match(line)
    return match.group(1) if match else None


def _lines(code: str) -> list[str]:
    # Not str.splitlines: it also cuts at form feeds and Unicode separators, where Python does not end a line.
    return re.findall(r"[^\n]*\n|[^\n]+", code)
