"""Priority rules for listed actions: a small typed grammar, written as programs and read back from them.

``model`` says what a rule is, ``writer`` and ``reader`` translate, ``drafts`` draws new ones and ``variation``
changes them.
"""

from __future__ import annotations

from skdecide_elm.llm.embedded.priorities.drafts import draft, simple_rules
from skdecide_elm.llm.embedded.priorities.reader import read
from skdecide_elm.llm.embedded.priorities.variation import varied, weighing_all
from skdecide_elm.llm.embedded.priorities.writer import suits, written

__all__ = ["draft", "read", "simple_rules", "suits", "varied", "weighing_all", "written"]
