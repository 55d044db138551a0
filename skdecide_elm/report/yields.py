"""What operators and models have brought, and what they have cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from skdecide_elm.llm.ledger import Entry, Spending
from skdecide_elm.report.model import RunView, ShownProgram

__all__ = ["Yield", "yields_of_models", "yields_of_operators"]

_BETWEEN = "@"  # of an operator and a model, in the name of who proposes
_INITIAL = "initial program"


@dataclass(frozen=True)
class Yield:
    """What one of them has brought.

    Attributes:
        name: of the operator, or of the model.
        programs: its programs that are known.
        valid: of these, how many did not fail.
        better: of these, how many are better than their first parent, as far as that is known.
        records: new best programs of the search, as far as these are known.
        inserted: programs that the archive took in; None where nobody counts them.
        spent: on requests.
        failed: requests that got no reply.
    """

    name: str
    programs: int
    valid: int
    better: int
    records: int
    inserted: int | None
    spent: Spending
    failed: int


def yields_of_operators(view: RunView, entries: Sequence[Entry]) -> list[Yield]:
    """One line for each operator, the one with the most programs first."""
    found = _yields(view, entries, _operator, lambda entry: entry.operator, view.inserted)
    return [own for own in found if own.name != _INITIAL]


def yields_of_models(view: RunView, entries: Sequence[Entry]) -> list[Yield]:
    """One line for each model that was asked; its programs are known where their operator's name says the model."""
    return [own for own in _yields(view, entries, _model, lambda entry: entry.model, {}) if own.name]


def _yields(
    view: RunView,
    entries: Sequence[Entry],
    name_of: Callable[[ShownProgram], str],
    payer_of: Callable[[Entry], str],
    inserted: Mapping[str, int],
) -> list[Yield]:
    shown = [own for own in view.programs.values() if not own.is_copy]
    known = [name for name in inserted if name != "initial"]
    names = dict.fromkeys([*map(name_of, shown), *map(payer_of, entries), *known])
    improvements = set(view.improvements)
    found = [
        _yield(
            name,
            [own for own in shown if name_of(own) == name],
            [entry for entry in entries if payer_of(entry) == name],
            view,
            improvements,
            inserted.get(name, 0) if inserted else None,
        )
        for name in names
    ]
    return sorted(found, key=lambda own: (-own.programs, own.name))


def _yield(
    name: str,
    programs: Sequence[ShownProgram],
    entries: Sequence[Entry],
    view: RunView,
    improvements: set[tuple[int, float]],
    inserted: int | None,
) -> Yield:
    return Yield(
        name=name,
        programs=len(programs),
        valid=sum(own.is_valid for own in programs),
        better=sum(_is_better(own, view) for own in programs),
        records=len({(own.step, own.score) for own in programs} & improvements),
        inserted=inserted,
        spent=sum((entry.spending for entry in entries), Spending()),
        failed=sum(bool(entry.error) for entry in entries),
    )


def _is_better(shown: ShownProgram, view: RunView) -> bool:
    parents = shown.program.parents
    parent = view.programs.get(parents[0]) if parents else None
    return parent is not None and shown.score > parent.score


def _operator(shown: ShownProgram) -> str:
    return shown.program.operator.partition(_BETWEEN)[0] or _INITIAL


def _model(shown: ShownProgram) -> str:
    return shown.program.operator.partition(_BETWEEN)[2]
