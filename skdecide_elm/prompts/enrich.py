"""What we add to the system message of a prompt: instructions, the domain's public API, its source."""

from __future__ import annotations

__all__ = ["BLOCK_INSTRUCTION", "PUBLIC_API_INSTRUCTION", "join_sections", "module_section"]

BLOCK_INSTRUCTION = """\
Change only what stands between `# EVOLVE-BLOCK-START` and `# EVOLVE-BLOCK-END`, and keep both marker lines \
where they are. Edits outside the block are undone. Imports that your code needs go inside the block. Numbers \
that want tuning may be constants of the class `Planner`, declared with bounds, as in `TUNABLES = {"GAIN": \
(0.0, 2.0), "DEPTH": (1, 4, "int"), "ACTION": (0, 3, "choice")}` (choices: whole numbers without an order): they are \
tuned for you."""

PUBLIC_API_INSTRUCTION = """\
Use only the public members of the domain: names that start with an underscore are not allowed."""


def join_sections(*sections: str) -> str:
    """Put the sections that are not empty below one another, a blank line between them."""
    return "\n\n".join(section.strip() for section in sections if section.strip())


def module_section(name: str, source: str) -> str:
    """The source of the domain's module as a Markdown section."""
    return f"# Source of the domain's module `{name}`\n\n```python\n{source.strip()}\n```"
