"""Idioms: whole Planners, written as a person would, that suit a domain's characteristics."""

from __future__ import annotations

from skdecide_elm.llm.embedded.idioms.agents import AGENT_IDIOMS
from skdecide_elm.llm.embedded.idioms.base import Draft, Idiom, Setting
from skdecide_elm.llm.embedded.idioms.control import CONTROL_IDIOMS
from skdecide_elm.llm.embedded.idioms.exploration import EXPLORATION_IDIOMS
from skdecide_elm.llm.embedded.idioms.lookahead import LOOKAHEAD_IDIOMS
from skdecide_elm.llm.embedded.idioms.memory import MEMORY_IDIOMS
from skdecide_elm.llm.embedded.idioms.priority import PRIORITY_IDIOMS
from skdecide_elm.llm.embedded.idioms.pushes import PUSH_IDIOMS
from skdecide_elm.llm.embedded.idioms.search import SEARCH_IDIOMS
from skdecide_elm.llm.embedded.idioms.tables import TABLE_IDIOMS
from skdecide_elm.llm.embedded.idioms.tabu import TABU_IDIOMS
from skdecide_elm.llm.embedded.idioms.trees import TREE_IDIOMS

__all__ = ["IDIOMS", "Draft", "Idiom", "Setting"]

IDIOMS: tuple[Idiom, ...] = (
    *SEARCH_IDIOMS,
    *EXPLORATION_IDIOMS,
    *MEMORY_IDIOMS,
    *TABU_IDIOMS,
    *LOOKAHEAD_IDIOMS,
    *CONTROL_IDIOMS,
    *PUSH_IDIOMS,
    *TABLE_IDIOMS,
    *TREE_IDIOMS,
    *PRIORITY_IDIOMS,
    *AGENT_IDIOMS,
)
"""Every idiom; a new one joins its family's tuple."""
