"""The two ends of the conversation: the program in a prompt, and the reply that turns it into another."""

from __future__ import annotations

import ast
import difflib
import re

from openevolve.utils.code_utils import apply_diff_blocks, extract_diffs

from skdecide_elm.errors import ReplyError

__all__ = ["current_program", "diff_reply", "full_reply", "other_programs", "wants_diff"]

_OPENING = re.compile(r"^# Current Program[ \t]*\n(`{3,})\w*[ \t]*\n", re.MULTILINE)
_FENCED = re.compile(r"^```python[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_SEARCH = "<<<<<<< SEARCH"
_MAX_HUNKS = 3


def current_program(prompt: str) -> str:
    """The program that a prompt asks to improve: the fenced code under its last ``# Current Program``.

    A program may hold fences of its own: the first closing fence that leaves valid Python with closed
    evolve-block markers counts, else the first one at all.

    Raises:
        ReplyError: the prompt shows no program.
    """
    opening = _opening(prompt)
    text = prompt[opening.end() :]
    closings = re.finditer(rf"^{opening[1]}[ \t]*$", text, re.MULTILINE)
    candidates = [text[: closing.start()].removesuffix("\n") for closing in closings]
    if not candidates:
        raise ReplyError(
            "no_program",
            "expected fenced code under a '# Current Program' heading, found an open fence; close it",
        )
    return next((code for code in candidates if _is_whole(code)), candidates[0])


def other_programs(prompt: str) -> list[str]:
    """The programs that a prompt shows before the one to improve, in their order."""
    before = prompt[: _opening(prompt).end()]
    return [text for text in _FENCED.findall(before) if "class Planner" in text]


def wants_diff(prompt: str, system: str = "") -> bool:
    """Whether the instructions after the current program (or the system message) show the diff format."""
    tail = prompt[_opening(prompt).end() + len(current_program(prompt)) :]
    return _SEARCH in tail or _SEARCH in system


def full_reply(summary: str, program: str) -> str:
    """A reply that gives the whole program."""
    return f"{summary}\n\n```python\n{program}\n```\n"


def diff_reply(summary: str, old: str, new: str) -> str | None:
    """A reply whose SEARCH/REPLACE blocks turn ``old`` into ``new``, a few small ones or a single one.

    None where the format cannot express the change: code that contains the format's own delimiters.
    """
    hunks = _hunks(old.split("\n"), new.split("\n"))
    blocks, current = [], old
    for start, end, lines in hunks:
        block, current = _unambiguous_block(current, start, end, lines)
        if block is None:
            return None
        blocks.append(block)
    return "\n\n".join([summary, *blocks]) + "\n"


def _opening(prompt: str) -> re.Match[str]:
    """The last heading, with the fence that opens the program under it."""
    openings = list(_OPENING.finditer(prompt))
    if not openings:
        raise ReplyError(
            "no_program",
            "expected fenced code under a '# Current Program' heading, found none; "
            "the embedded proposer needs a user template with OpenEvolve's heading",
        )
    return openings[-1]


def _is_whole(code: str) -> bool:
    if code.count("EVOLVE-BLOCK-START") != code.count("EVOLVE-BLOCK-END"):
        return False
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


def _hunks(old: list[str], new: list[str]) -> list[tuple[int, int, list[str]]]:
    """(start, end, replacement) per change, from the top; lines are those of the text changed so far."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    changes = [opcode for opcode in matcher.get_opcodes() if opcode[0] != "equal"]
    if len(changes) > _MAX_HUNKS:
        changes = [("replace", changes[0][1], changes[-1][2], changes[0][3], changes[-1][4])]
    hunks, shift = [], 0
    for _, old_start, old_end, new_start, new_end in changes:
        hunks.append((old_start + shift, old_end + shift, new[new_start:new_end]))
        shift += (new_end - new_start) - (old_end - old_start)
    return hunks


def _unambiguous_block(text: str, start: int, end: int, replacement: list[str]) -> tuple[str | None, str]:
    """The smallest block around lines ``start:end`` that is applied as meant, and the text after it."""
    lines = text.split("\n")
    wanted = "\n".join([*lines[:start], *replacement, *lines[end:]])
    for context in range(2 * len(lines) + 1):
        above, below = max(0, start - (context + 1) // 2), min(len(lines), end + context // 2)
        head, tail = lines[above:start], lines[end:below]
        block = "\n".join(
            [
                _SEARCH,
                *head,
                *lines[start:end],
                *tail,
                "=======",
                *head,
                *replacement,
                *tail,
                ">>>>>>> REPLACE",
            ]
        )
        if _applied(text, block) == wanted:
            return block, wanted
        if above == 0 and below == len(lines):
            break
    return None, wanted


def _applied(text: str, block: str) -> str | None:
    try:
        diffs = extract_diffs(block)
    except ValueError:
        return None
    return str(apply_diff_blocks(text, diffs)[0]) if len(diffs) == 1 and diffs[0][0] else None
