"""Runs that nobody has run: for what a report must cope with."""

import math

from skdecide_elm.core import Evaluation, Program
from skdecide_elm.report import Run, RunView
from skdecide_elm.report.model import ArchiveMap, Dimension, ShownProgram, Spot

__all__ = ["HOSTILE", "crowd", "known", "long_program", "shown", "view_of"]

HOSTILE = (
    '"""</script><script>document.title = "taken"</script>"""\n'
    "# <!-- <img src=x onerror=\"document.title = 'taken'\"> ]]> {{ 7 * 7 }} {% raw %} &lt; \u2028 \ud800 \x00\n"
    "class Planner:\n"
    '    MARKUP = \'<b onclick="alert(1)">\' + "</code></pre></style>"\n'
)
"""A program that tries to get out of wherever it is put."""


def shown(name, code="", score=0.0, parents=(), operator="diff", **more):
    """A program of the step that its name begins with."""
    metrics = {"combined_score": score}
    artifacts = {} if math.isfinite(score) else {"error": "ValueError: <script>document.title = 'taken'</script>"}
    program = Program(name, code or f"# {name}\n", Evaluation(metrics, artifacts), tuple(parents), operator)
    return ShownProgram(program, int(name.partition(".")[0]), name, **more)


def known(*programs):
    """Programs by id."""
    return {own.id: own for own in programs}


def view_of(*programs, maps=(), **more):
    """A view of these programs, the best of which is the best."""
    valid = [own for own in programs if own.is_valid]
    best = max(valid, key=lambda own: own.score, default=None)
    records = []
    for own in valid:
        if not records or own.score > records[-1][1]:
            records.append((own.step, own.score))
    given = {
        "steps": max(own.step for own in programs),
        "evaluations": len(programs),
        "invalid": len(programs) - len(valid),
        "coverage": None,
        "failures": (),
        **more,
    }
    return RunView(
        programs=known(*programs),
        best=None if best is None else best.id,
        improvements=tuple(records),
        maps=tuple(maps),
        **given,
    )


def long_program(number, lines):
    """A program none of whose lines is in another one."""
    body = "\n".join(
        f"        x{row} = self.gain_{number} * {number * 1000 + row} + abs(observation[{row % 4}])  # of {number}"
        for row in range(lines)
    )
    return f"class Planner:\n    def sample_action(self, observation):\n{body}\n        return x0 > {number}\n"


def crowd(count, lines=60):
    """A run with so many programs, each in a cell of its own."""
    programs = [
        shown(str(n), long_program(n, lines), score=float(-abs(n - 0.7 * count)), parents=[str(n // 2)] if n else [])
        for n in range(count)
    ]
    columns = math.ceil(math.sqrt(count))
    edges = tuple(float(edge) for edge in range(columns + 1))
    spots = tuple(Spot(n % columns, n // columns, (str(n),)) for n in range(count))
    drawn = ArchiveMap("Archive", (Dimension("first", edges), Dimension("second", edges)), (columns, columns), spots)
    return Run("crowd", view_of(*programs, maps=[drawn], coverage=count / columns**2))
