"""Programs and what is known of them, as Markdown for an LLM."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from skdecide_elm.core import COMBINED_SCORE, Program

__all__ = ["artifact_sections", "code_block", "example_sections", "metrics_line", "program_section", "repeats_note"]

_LONGEST_ARTIFACT = 4000
"""Characters; of a longer one the end is shown, where an error stands."""


def code_block(text: str, language: str = "python") -> str:
    """A fenced block, its fence longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def metrics_line(metrics: Mapping[str, float]) -> str:
    """``combined_score: −4.2 (higher is better), cost: 12``."""
    others = [f"{name}: {value:.6g}" for name, value in metrics.items() if name != COMBINED_SCORE]
    return ", ".join([f"{COMBINED_SCORE}: {metrics[COMBINED_SCORE]:.6g} (higher is better)", *others])


def program_section(program: Program) -> str:
    """The metrics of a program and its text."""
    return f"{metrics_line(program.evaluation.metrics)}\n\n{code_block(program.code)}"


def example_sections(programs: Sequence[Program], heading: str = "Other program") -> str:
    """Programs under numbered headings; empty for none."""
    return "\n\n".join(
        f"# {heading} {number}\n\n{program_section(program)}" for number, program in enumerate(programs, start=1)
    )


def artifact_sections(artifacts: Mapping[str, str]) -> str:
    """What an evaluation left behind, each text under its name."""
    return "\n\n".join(f"{name}:\n\n{code_block(_end_of(text), '')}" for name, text in artifacts.items() if text)


def repeats_note(duplicates: int) -> str:
    """That proposals were repeats of known programs; empty for none."""
    if not duplicates:
        return ""
    which = "The last proposal" if duplicates == 1 else f"The last {duplicates} proposals"
    return (
        f"{which} made from this program repeated a program that is known already, and counted for nothing: "
        "change more than layout, comments and names of no effect."
    )


def _end_of(text: str) -> str:
    return text if len(text) <= _LONGEST_ARTIFACT else f"…{text[-_LONGEST_ARTIFACT:]}"
