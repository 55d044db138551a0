"""Controllers for observation vectors: a small typed grammar, written as programs and read back from them.

``model`` says what a controller is, ``writer`` and ``reader`` translate, ``drafts`` draws new ones and ``variation``
changes them.
"""

from __future__ import annotations

from skdecide_elm.llm.embedded.controllers.drafts import draft
from skdecide_elm.llm.embedded.controllers.reader import read
from skdecide_elm.llm.embedded.controllers.variation import varied
from skdecide_elm.llm.embedded.controllers.writer import suits, written

__all__ = ["draft", "read", "suits", "varied", "written"]
