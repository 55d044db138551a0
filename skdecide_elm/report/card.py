"""What a solver looks like in a notebook: a small card."""

from __future__ import annotations

from markupsafe import Markup
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer

from skdecide_elm.report.formatting import count, number, percent
from skdecide_elm.report.model import RunView

__all__ = ["card"]

_BOX = Markup(
    '<div style="border:1px solid #d5d9e0;border-radius:8px;padding:12px 16px;background:#fff;color:#1b1f27;'
    'max-width:860px;font:14px/1.5 system-ui,sans-serif">'
    "<div><b>{name}</b> · {facts}</div>"
    '<details style="margin-top:6px"><summary style="cursor:pointer">best program</summary>'
    '<div style="overflow:auto;max-height:480px">{code}</div></details></div>'
)


def card(name: str, view: RunView, best_score: float | None, code: str) -> str:
    """HTML with inline styles, for notebooks take no stylesheet: score, steps, coverage, the program in colours.

    Args:
        name: of the solver.
        code: text of the best program, in which everything is escaped.
    """
    facts = [
        "not solved yet" if best_score is None else f"best score {number(best_score)}",
        f"{count(view.steps)} steps",
        f"{count(view.evaluations)} evaluations",
        *([] if view.coverage is None else [f"coverage {percent(view.coverage)}"]),
    ]
    coloured = highlight(code, PythonLexer(), HtmlFormatter(noclasses=True))
    return str(_BOX.format(name=name, facts=", ".join(facts), code=Markup(coloured)))
