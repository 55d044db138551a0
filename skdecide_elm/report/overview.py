"""What a page says of a run in words and key numbers."""

from __future__ import annotations

from dataclasses import dataclass

from skdecide_elm.report.formatting import count, number, percent, plural
from skdecide_elm.report.model import ShownProgram
from skdecide_elm.report.reading import Run

__all__ = ["Tile", "budget_remark", "facts", "notices", "subtitle", "tiles"]


@dataclass(frozen=True)
class Tile:
    """A key number."""

    what: str
    value: str
    remark: str


def subtitle(run: Run) -> str:
    """Which solver, when, how far."""
    solver, started = run.record.get("solver"), run.record.get("started")
    parts = [*([str(solver)] if solver else []), *([f"started {started}"] if started else [])]
    return " · ".join([*parts, f"{count(run.view.steps)} steps"])


def notices(run: Run, final: ShownProgram | None) -> list[str]:
    """What the reader must know before all else."""
    view, found = run.view, []
    if run.result is None:
        found.append("The run has not ended, or was killed: this is its latest checkpoint.")
    elif run.result.get("iteration") != view.steps:
        found.append(f"The run went on after it had ended once: this is its latest checkpoint, of step {view.steps}.")
    elif run.result.get("interrupted"):
        found.append("The run was interrupted by Ctrl-C.")
    if view.best is None:
        found.append("No valid program was found: the final program is the initial one.")
    elif final is None:
        found.append("The final program is not among the programs that are still known, so its descent is not shown.")
    elif final.id != view.best:
        best = view.programs[view.best]
        found.append(
            f"The final program, {final.label}, was chosen on the validation instances; the best one of the search is "
            f"{best.label} with {number(best.score)}."
        )
    return found


def tiles(run: Run, final: ShownProgram | None) -> list[Tile]:
    """The key numbers of a run."""
    view = run.view
    first = view.improvements[0][1] if view.improvements else None
    score = None if final is None else final.score
    records = plural(max(0, len(view.improvements) - 1), "record", "records")
    tiles = [
        Tile("score", number(score), "of the final program, on train"),
        Tile("at the start", number(first), f"{records} since"),
        Tile("evaluations", count(view.evaluations), f"{plural(view.invalid, 'program', 'programs')} failed"),
    ]
    if view.coverage is not None:
        spots = len(view.maps[0].spots) if view.maps else 0
        tiles.append(Tile("coverage", percent(view.coverage), f"{plural(spots, 'place', 'places')} shown here"))
    calls, cost = sum(entry.calls for entry in run.entries), sum(entry.cost for entry in run.entries)
    tokens = sum(entry.spending.tokens for entry in run.entries)
    tiles.append(
        Tile("LLM calls", count(calls), f"{count(tokens)} tokens, cost {cost:.4g}" if calls else "no LLM was asked")
    )
    return tiles


def budget_remark(run: Run) -> str:
    """What the curve of the budget shows."""
    failed = sum(bool(entry.error) for entry in run.entries)
    estimated = sum(entry.estimated for entry in run.entries)
    parts = [f"What LLM requests have cost, one after the other; {count(failed)} of them failed."]
    if estimated:
        parts.append(f"The tokens of {count(estimated)} requests are estimates.")
    return " ".join(parts)


def facts(run: Run) -> list[tuple[str, str]]:
    """Seeds and versions."""
    names = ("random_seed", "evaluator_seed")
    seeds = [(name.replace("_", " "), str(run.record[name])) for name in names if name in run.record]
    return [*seeds, *((str(name), str(value)) for name, value in run.record.get("versions", {}).items())]
