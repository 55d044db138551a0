"""Prompts: the texts that surround a program on its way to an LLM."""

from skdecide_elm.prompts.enrich import (
    BLOCK_INSTRUCTION,
    PUBLIC_API_INSTRUCTION,
    join_sections,
    module_section,
)
from skdecide_elm.prompts.templates import Templates

__all__ = ["BLOCK_INSTRUCTION", "PUBLIC_API_INSTRUCTION", "Templates", "join_sections", "module_section"]
