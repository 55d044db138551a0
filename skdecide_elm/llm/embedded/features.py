"""The named quantities that a planner computes from an observation vector."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from skdecide_elm.llm.profile import DomainProfile, EntryProfile, SpaceProfile

__all__ = ["Feature", "computing", "entry_read", "features_of"]

_LARGEST_BOUND = 1e4
_ENTRY = re.compile(r"(?:int\()?observation\[(\d+)\]\)?")


@dataclass(frozen=True)
class Feature:
    """A quantity with a name.

    Attributes:
        name: identifier that a reader understands.
        expression: how it is computed from ``observation``.
        scale: its typical size.
        role: ``place`` (what a rate is the rate of, or of unknown meaning), ``rate``, ``angle`` or ``circle`` (a cosine
            or sine).
        rate: name of the feature that is this one's rate of change; empty where none is.
        response: of a rate, the sign of what a push adds to it; 0 where that is unclear.
    """

    name: str
    expression: str
    scale: float
    role: str
    rate: str = ""
    response: int = 0


def features_of(profile: DomainProfile) -> tuple[Feature, ...]:
    """The features of an observation vector, named by what random episodes tell of its entries."""
    entries = profile.entries or _unseen(profile.observation)
    rates = {entry.rate: index for index, entry in enumerate(entries) if entry.rate is not None}
    sines = {entry.sine for entry in entries if entry.sine is not None}
    kinds = [_kind(entry, index, rates, sines, entries) for index, entry in enumerate(entries)]
    names = _names(kinds, rates, entries)
    features = []
    read = "int(observation[{}])" if profile.observation.narrow else "observation[{}]"
    for index, entry in enumerate(entries):
        rate = "" if entry.rate is None else names[entry.rate]
        role = {"spin": "rate", "velocity": "rate", "cosine": "circle", "sine": "circle"}.get(kinds[index], "place")
        own_rate = "" if entry.sine is not None else rate
        features.append(Feature(names[index], read.format(index), entry.scale, role, own_rate, entry.response))
        if entry.sine is not None:
            angle = f"math.atan2(observation[{entry.sine}], observation[{index}])"
            features.append(Feature(names[index].replace("cosine", "angle"), angle, math.pi, "angle", rate))
    return tuple(features)


def computing(features: Sequence[Feature], used: Collection[str]) -> list[str]:
    """The assignments that compute the used ones of all features."""
    chosen = [feature for feature in features if feature.name in used]
    entries = [feature for feature in features if entry_read(feature.expression) is not None]
    if len(chosen) > 1 and chosen == entries:
        every = "map(int, observation)" if entries[0].expression.startswith("int(") else "observation"
        return [f"{', '.join(feature.name for feature in chosen)} = {every}"]
    return [f"{feature.name} = {feature.expression}" for feature in chosen]


def entry_read(expression: str) -> int | None:
    """The index of the entry that an expression reads; None where it computes something else."""
    read = _ENTRY.fullmatch(expression)
    return int(read[1]) if read else None


def _unseen(observation: SpaceProfile) -> tuple[EntryProfile, ...]:
    """The entries of vectors of which only the bounds are known."""
    bounds = zip(observation.low, observation.high, strict=True)
    largest = [max(abs(low), abs(high)) for low, high in bounds] or [1.0] * (observation.vector or 0)
    return tuple(EntryProfile(bound if 0 < bound < _LARGEST_BOUND else 1.0) for bound in largest)


def _kind(
    entry: EntryProfile, index: int, rates: dict[int, int], sines: set[int], entries: tuple[EntryProfile, ...]
) -> str:
    if entry.sine is not None:
        return "cosine"
    if index in sines:
        return "sine"
    if index in rates:
        return "spin" if entries[rates[index]].sine is not None else "velocity"
    return "value" if entry.rate is None else "position"


def _names(kinds: list[str], rates: dict[int, int], entries: tuple[EntryProfile, ...]) -> list[str]:
    """``position`` and ``velocity``, numbered alike where there are several pairs."""
    totals, counts = Counter(kinds), Counter[str]()
    numbers: list[int] = []
    for index, kind in enumerate(kinds):
        counts[kind] += 1
        owner = rates.get(index)
        numbers.append(numbers[owner] if owner is not None and owner < index else counts[kind])
    several = {kind for kind, total in totals.items() if total > 1}
    return [f"{kind}_{number}" if kind in several else kind for kind, number in zip(kinds, numbers, strict=True)]
