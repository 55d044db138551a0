"""One self-contained HTML file that tells a run."""

from __future__ import annotations

import base64
import hashlib
import math
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from skdecide_elm.report.charts import budget_chart, score_chart
from skdecide_elm.report.colours import VIRIDIS
from skdecide_elm.report.drawing import drawn_lineage, drawn_map, failure_bars
from skdecide_elm.report.embedding import embedded
from skdecide_elm.report.formatting import count, number, percent
from skdecide_elm.report.highlighting import highlighted
from skdecide_elm.report.lineage import final_program, lineage_of
from skdecide_elm.report.model import ShownProgram
from skdecide_elm.report.overview import budget_remark, facts, notices, subtitle, tiles
from skdecide_elm.report.reading import Run
from skdecide_elm.report.yields import yields_of_models, yields_of_operators

__all__ = ["render", "write_report"]


def write_report(run: Run, path: Path) -> None:
    """Write the page that tells a run; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render(run).encode("utf-8", "replace"))  # no file holds a lone surrogate, a program may


def render(run: Run) -> str:
    """The page that tells a run, which needs nothing else: neither a network nor another file.

    Programs are strangers' texts: all that comes from them is escaped, and no script but the page's own may run.
    """
    view = run.view
    final = final_program(view, run.final_code)
    lineage = None if final is None else lineage_of(view, final)
    ancestors = [] if lineage is None else [step.shown.id for step in lineage.steps]
    return _template().render(
        run=run,
        title_of=lambda program_id: _title(view.programs[program_id]),
        subtitle=subtitle(run),
        notices=notices(run, final),
        tiles=tiles(run, final),
        scores=score_chart(view),
        budget=budget_chart(run.entries),
        budget_remark=budget_remark(run),
        maps=[drawn_map(found, view, final) for found in view.maps],
        lineage=None if lineage is None else drawn_lineage(lineage),
        operators=yields_of_operators(view, run.entries),
        models=yields_of_models(view, run.entries),
        failures=failure_bars(view.failures),
        final_code=_final_code(run, final),
        facts=facts(run),
        data=embedded(view, None if final is None else final.id, ancestors),
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": number, "count_of": count, "percent": percent}
    environment.globals |= {
        "style": _part("report.css"),
        "script": _part("report.js"),
        "script_hash": _hash(_part("report.js")),
        "palette": ",".join(VIRIDIS),
        "inf": math.inf,
    }
    return environment.from_string(_part("report.html"))


def _part(name: str) -> Markup:
    """A file of the page, which is our own text and not to be escaped."""
    return Markup((files("skdecide_elm.report") / "page" / name).read_text(encoding="utf-8"))


def _hash(script: str) -> str:
    """By which the page's policy knows its own script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _title(shown: ShownProgram) -> str:
    return f"program {shown.label}: {number(shown.score)}"


def _final_code(run: Run, final: ShownProgram | None) -> Markup | None:
    code = run.final_code if run.final_code is not None or final is None else final.program.code
    return None if code is None else highlighted(code)
