"""Numbers that JSON does not have."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["from_json", "to_json"]

_NON_FINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def to_json(value: Any) -> Any:
    """Write numbers that JSON does not have as the strings that Python's and OpenEvolve's ``float()`` read."""
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def from_json(value: Any) -> Any:
    """The inverse of `to_json`, but for tuples, which come back as lists."""
    if isinstance(value, dict):
        return {key: from_json(item) for key, item in value.items()}
    return _NON_FINITE.get(value, value) if isinstance(value, str) else value
