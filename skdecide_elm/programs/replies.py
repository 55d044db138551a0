"""From the reply of an LLM to a child program.

A reply may hold SEARCH/REPLACE blocks, or a fenced code block with a whole program, with the evolve block
alone, or with little more than a ``class Planner``. Whatever was asked for, all of these are understood.
"""

from __future__ import annotations

import ast
import contextlib
import re
from dataclasses import dataclass, replace

from openevolve.utils.code_utils import apply_diff_blocks, extract_diffs, format_diff_summary

from skdecide_elm.errors import MarkerError, ProgramError, ReplyError
from skdecide_elm.programs.markers import (
    Blocks,
    has_markers,
    outside_evolve_blocks,
    restore_outside,
    split_blocks,
)
from skdecide_elm.programs.normal_form import parse

__all__ = ["REPLY_KINDS", "Child", "child_from_reply"]

REPLY_KINDS = (
    "empty",
    "no_code",
    "truncated",
    "malformed_diff",
    "no_match",
    "unchanged",
    "markers",
    "too_long",
    "syntax",
    "no_planner",
)
"""Why a reply gives no child program: what ``kind`` may be in a `ReplyError` of :func:`child_from_reply`."""

_FENCE = re.compile(r" {0,3}(`{3,})[ \t]*([\w+-]*)[^`]*$")
_DELIMITER = re.compile(r"^[ \t]*(<{7} SEARCH|={7}|>{7} REPLACE)[ \t]*$", re.MULTILINE)
_PLANNER = re.compile(r"^class Planner\b", re.MULTILINE)
_PYTHON = {"", "python", "py", "python3"}
_MARKER_REMEDY = "keep the marker lines as they are and edit between them"
_DIFF_REMEDY = "write the lines '<<<<<<< SEARCH', '=======', '>>>>>>> REPLACE' in this order around the two texts"


@dataclass(frozen=True)
class Child:
    """A program made from a reply.

    Attributes:
        code: the program; outside the evolve blocks it is the parent, character by character.
        changes: what was done to the parent, in words, for the history in later prompts.
        repaired: whether the reply also edited the program outside the blocks, which was undone.
    """

    code: str
    changes: str
    repaired: bool


def child_from_reply(
    parent: str, reply: str | None, *, diff_based: bool, diff_pattern: str, max_code_length: int
) -> Child:
    """The child program that a reply proposes.

    Where a reply has several SEARCH/REPLACE blocks, those that match are applied if at least one does; a
    SEARCH is looked for inside the evolve blocks first. Of several code blocks the last whole program counts.
    A program without a fence is found by its markers.

    Args:
        parent: the program that the LLM was shown, with well-formed evolve blocks.
        reply: the text of the LLM, None where it sent none.
        diff_based: whether SEARCH/REPLACE blocks were asked for; it decides what the error messages ask for.
        diff_pattern: regular expression of a SEARCH/REPLACE block, its two groups the texts to find and to
            put (OpenEvolve's ``Config.diff_pattern``).
        max_code_length: longest child allowed, in characters.

    Raises:
        ReplyError: there is no such program; ``kind`` is one of :data:`REPLY_KINDS`.
        MarkerError: the blocks of the parent itself are not well formed.
    """
    split_blocks(parent)
    text, base = _answer(reply), _unix(parent)
    edits = _edits(text, diff_pattern)
    try:
        child = _edited(base, edits) if edits else _rewritten(base, _program_text(text, diff_based))
        _check(base, child, max_code_length)
    except MarkerError as error:
        raise ReplyError("markers", f"{error}; {_MARKER_REMEDY}") from error
    except ProgramError as error:
        raise ReplyError("syntax", str(error)) from error
    return replace(child, code=_with_line_endings_of(parent, child.code))


def _answer(reply: str | None) -> str:
    """The reply after its thoughts, its lines ending in a line feed."""
    text = _unix(reply or "").replace("\r", "\n").rpartition("</think>")[2]
    if not text.strip():
        raise ReplyError("empty", "expected a program or edits of it, found an empty reply; ask again")
    if text.lstrip().startswith("<think>"):
        raise _truncated("<think>")
    return text


def _edits(text: str, diff_pattern: str) -> list[tuple[str, str]]:
    """The SEARCH/REPLACE blocks of a reply; none where it has no delimiters of them."""
    text = _DELIMITER.sub(r"\1", text)
    with contextlib.suppress(ValueError):  # a delimiter too many or too few: told apart below
        edits: list[tuple[str, str]] = extract_diffs(text, diff_pattern)
        if edits:
            return edits
    delimiters = [line for line in _DELIMITER.findall(text) if line != "======="]
    if not delimiters:
        return []
    if delimiters[-1].endswith("SEARCH"):
        raise _truncated("a SEARCH/REPLACE block")
    raise ReplyError("malformed_diff", f"expected whole SEARCH/REPLACE blocks, found others; {_DIFF_REMEDY}")


def _edited(base: str, edits: list[tuple[str, str]]) -> Child:
    """The child that the edits make, each edit outside the blocks undone at once."""
    code, matches, effective, repaired = base, 0, [], False
    for edit in edits:
        edited = _apply(code, edit)
        if edited is None:
            continue
        restored, undone = restore_outside(base, edited)
        if restored != code:
            effective.append(edit)
        code, matches, repaired = restored, matches + 1, repaired or undone
    if not matches:
        raise ReplyError(
            "no_match",
            f"expected SEARCH texts that occur in the program, found none of {len(edits)}; copy whole lines",
        )
    return Child(code, format_diff_summary(effective), repaired)


def _apply(code: str, edit: tuple[str, str]) -> str | None:
    """The program after one edit, inside a block if it matches there; None where it matches nowhere."""
    if not edit[0].strip():  # apply_diff_blocks would find it at the first blank line
        return None
    blocks = split_blocks(code)
    for index, content in enumerate(blocks.inside):
        edited, count = apply_diff_blocks(content, [edit])
        if count:
            inside = (*blocks.inside[:index], edited, *blocks.inside[index + 1 :])
            return Blocks(blocks.outside, inside).join()
    edited, count = apply_diff_blocks(code, [edit])
    return edited if count else None


def _program_text(text: str, diff_based: bool) -> str:
    """The last code block of the reply that holds a program."""
    fences, unfinished = _fences(text)
    found = [content for language, content in fences if language in _PYTHON]
    programs = [code for code in found if has_markers(code)] or [code for code in found if _PLANNER.search(code)]
    if programs:
        return programs[-1]
    if has_markers(text) and not fences and not unfinished:
        return text
    if unfinished:
        raise _truncated("a code block")
    if any(language == "diff" for language, _ in fences):
        raise ReplyError("malformed_diff", f"expected SEARCH/REPLACE blocks, found another diff; {_DIFF_REMEDY}")
    wanted = "SEARCH/REPLACE blocks" if diff_based else "the whole program in a ```python block"
    if found:
        raise ReplyError("no_planner", f"expected {wanted}, found code without a class Planner; send all of it")
    raise ReplyError("no_code", f"expected {wanted}, found prose; send code")


def _fences(text: str) -> tuple[list[tuple[str, str]], bool]:
    """Language and content of the fenced code blocks, and whether one more is left open at the end."""
    found: list[tuple[str, str]] = []
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if opened is None:
            opened, lines = fence, []
        elif fence and not fence[2] and len(fence[1]) >= len(opened[1]):
            found.append((opened[2].lower(), "\n".join([*lines, ""])))
            opened = None
        else:
            lines.append(line)
    return found, opened is not None


def _rewritten(base: str, text: str) -> Child:
    """The child with the blocks of a whole program, with a block sent alone, or with a bare class Planner."""
    if not has_markers(text):
        text = _as_block(base, text)
    code, repaired = restore_outside(base, text)
    bare = all(has_markers(line) or not line.strip() for line in outside_evolve_blocks(text).split("\n"))
    return Child(code, "Full rewrite", repaired and not bare)


def _as_block(base: str, text: str) -> str:
    """The program with the text, which has no markers, as the new content of its one block."""
    blocks = split_blocks(base)
    if len(blocks.inside) != 1 or not _PLANNER.search(blocks.inside[0]):
        raise MarkerError(f"expected markers around {len(blocks.inside)} evolve block(s) as in the program, found none")
    return Blocks(blocks.outside, (_without_repeats(text, "".join(blocks.outside)),)).join()


def _without_repeats(text: str, outside: str) -> str:
    """The text without the top-level statements that the program already has outside its block."""
    try:
        known = {ast.dump(statement) for statement in parse(outside).body}
    except ProgramError:  # the block is part of a statement, so nothing outside is one
        known = set()
    repeated: set[int] = set()
    own: set[int] = set()
    for statement in parse(text).body:
        (repeated if ast.dump(statement) in known else own).update(_line_numbers(statement))
    lines = text.split("\n")
    kept = [line for number, line in enumerate(lines, start=1) if number not in repeated - own]
    return "\n".join(kept).strip("\n") + "\n"


def _line_numbers(statement: ast.stmt) -> range:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return range(first, (statement.end_lineno or first) + 1)


def _check(base: str, child: Child, max_code_length: int) -> None:
    if child.code == base:
        undone = "edits outside the evolve blocks only" if child.repaired else "the program as it was"
        raise ReplyError("unchanged", f"expected a change inside the evolve blocks, found {undone}; edit a block")
    if len(child.code) > max_code_length:
        raise ReplyError(
            "too_long",
            f"expected at most {max_code_length} characters, found {len(child.code)}; "
            "write a shorter program or raise max_code_length",
        )
    if not any(isinstance(node, ast.ClassDef) and node.name == "Planner" for node in parse(child.code).body):
        raise ReplyError("no_planner", "expected a class Planner, found none in the child; keep that class")


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")


def _with_line_endings_of(parent: str, code: str) -> str:
    newline = "\r\n" if "\r\n" in parent else "\n"
    return restore_outside(parent, code.replace("\n", newline))[0]


def _truncated(what: str) -> ReplyError:
    return ReplyError("truncated", f"expected a finished reply, found its end inside {what}; allow more tokens")
