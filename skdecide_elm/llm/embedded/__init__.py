"""The embedded proposer: new programs from typed edits and idioms, with no model behind them.

``client`` speaks to OpenEvolve, ``reply`` reads prompts and writes replies, ``proposals`` draws what to do,
``edits`` and ``idioms`` do it on the text that ``source`` parsed; ``features`` names what is observed.
"""

from __future__ import annotations

from skdecide_elm.llm.embedded.client import EmbeddedProposer

__all__ = ["EmbeddedProposer"]
