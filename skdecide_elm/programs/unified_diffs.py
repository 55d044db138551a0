"""Unified diffs as models write them: the lines are nearly right, their numbers are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from skdecide_elm.errors import ReplyError

__all__ = ["Hunk", "apply_unified_diff", "parse_hunks"]

_HEADER = re.compile(r"@@ *(?:-(\d+)(?:,\d+)? *)?(?:\+\d+(?:,\d+)? *)?@@")
_FUZZ = 2
"""Context lines that may be wrong at each end of a hunk, as in GNU patch."""


@dataclass(frozen=True)
class Hunk:
    """A change at one place.

    Attributes:
        start: number of its first line in the old text, as the diff has it; None where it has none.
        lines: each a mark, one of `` ``, ``-``, ``+``, and the text of the line.
    """

    start: int | None
    lines: tuple[tuple[str, str], ...]

    @property
    def old(self) -> tuple[str, ...]:
        """The lines to find: context and deletions."""
        return tuple(text for mark, text in self.lines if mark != "+")

    def trimmed(self, fuzz: int) -> Hunk:
        """The hunk without up to ``fuzz`` lines of context at each end."""
        head = min(fuzz, _context(self.lines))
        tail = min(fuzz, _context(self.lines[::-1]))
        start = None if self.start is None else self.start + head
        return Hunk(start, self.lines[head : len(self.lines) - tail])


def apply_unified_diff(text: str, diff: str) -> str:
    """The text after those hunks of a diff that fit somewhere.

    A hunk is applied where its context and deleted lines stand, nearest to the line that it names; if they stand
    nowhere, where they stand but for indentation (added lines are indented likewise); if not there either, without up
    to two lines of context at its ends. A hunk of added lines alone goes where it says.

    Raises:
        ReplyError: there is no hunk (``malformed_diff``), or none fits (``no_match``).
    """
    hunks = parse_hunks(diff)
    if not hunks:
        raise ReplyError("malformed_diff", "expected hunks of a unified diff, found none; begin each with '@@'")
    lines, shift, applied = text.split("\n"), 0, 0
    for hunk in hunks:
        changed = _applied(lines, hunk, shift)
        if changed is not None:
            shift += len(changed) - len(lines)
            lines, applied = changed, applied + 1
    if not applied:
        raise ReplyError(
            "no_match", f"expected context lines that occur in the program, found none of {len(hunks)} hunk(s) there"
        )
    return "\n".join(lines)


def parse_hunks(diff: str) -> list[Hunk]:
    """The hunks of a diff, up to the first line that can belong to none; empty ones are left out."""
    hunks: list[Hunk] = []
    start: int | None = None
    lines: list[tuple[str, str]] = []
    for line in diff.lstrip("\n ").split("\n"):
        header = _HEADER.match(line)
        if header:
            hunks.append(Hunk(start, tuple(lines)))
            start, lines = (int(header[1]) if header[1] else None), []
        elif line.startswith(("--- ", "+++ ")) and not lines:
            continue
        elif line[:1] in ("", " ", "+", "-"):
            lines.append((line[:1] or " ", line[1:]))
        elif not line.startswith("\\"):  # "\ No newline at end of file"
            break
    hunks.append(Hunk(start, tuple(_without_blank_end(lines))))
    return [hunk for hunk in hunks if any(mark != " " for mark, _ in hunk.lines)]


def _without_blank_end(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    while lines and lines[-1] == (" ", ""):
        lines = lines[:-1]
    return lines


def _context(lines: tuple[tuple[str, str], ...]) -> int:
    """The number of context lines at the beginning."""
    return next((number for number, (mark, _) in enumerate(lines) if mark != " "), len(lines))


def _applied(lines: list[str], hunk: Hunk, shift: int) -> list[str] | None:
    for variant in dict.fromkeys(hunk.trimmed(fuzz) for fuzz in range(_FUZZ + 1)):
        if not variant.old:
            if hunk.old or variant.start is None:
                continue  # nothing says where
            return _replaced(lines, variant, max(0, min(len(lines), variant.start + shift)))
        for same in (str.__eq__, _same_but_indentation):
            place = _place(lines, variant, shift, same)
            if place is not None:
                return _replaced(lines, variant, place)
    return None


def _same_but_indentation(one: str, other: str) -> bool:
    return one.strip() == other.strip()


def _place(lines: list[str], hunk: Hunk, shift: int, same: Callable[[str, str], bool]) -> int | None:
    """The index nearest to where the hunk says it belongs at which its old lines stand."""
    expected = 0 if hunk.start is None else hunk.start - 1 + shift
    places = [
        index
        for index in range(len(lines) - len(hunk.old) + 1)
        if all(map(same, lines[index : index + len(hunk.old)], hunk.old))
    ]
    return min(places, key=lambda index: abs(index - expected), default=None)


def _replaced(lines: list[str], hunk: Hunk, place: int) -> list[str]:
    return [*lines[:place], *_new_lines(lines, hunk, place), *lines[place + len(hunk.old) :]]


def _new_lines(lines: list[str], hunk: Hunk, place: int) -> Iterator[str]:
    """The hunk's new lines: context as the text has it, additions with the indentation that the text has there."""
    missing = _missing_indentation(lines[place:], hunk.old)
    for mark, text in hunk.lines:
        if mark == "+":
            yield text if not text.strip() else missing + text
        else:
            if mark == " ":
                yield lines[place]
            place += 1


def _missing_indentation(found: list[str], old: tuple[str, ...]) -> str:
    """What the text's lines begin with and the hunk's lack."""
    for line, wanted in zip(found, old, strict=False):
        if wanted.strip():
            return line.removesuffix(wanted) if line.endswith(wanted) else ""
    return ""
